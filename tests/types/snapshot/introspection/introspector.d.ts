import type { Introspector } from "../edge/options/types.js";
import type { IntrospectionOptions } from "./types.js";
export declare function introspection(options: IntrospectionOptions): Introspector;
