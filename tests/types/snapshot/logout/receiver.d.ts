import type { ExecutionContextLike } from "../edge/result/verified.js";
import { type LogoutOptions } from "./verify.js";
export declare function logoutReceiver(options: LogoutOptions): (request: Request, ctx?: ExecutionContextLike) => Promise<Response>;
