import type { ServiceOptions, ServiceTokens } from "./types.js";
export declare function createServiceTokens(options: ServiceOptions): ServiceTokens;
