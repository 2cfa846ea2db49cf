import type { Session, TokenKeep } from "./client/types.js";
export declare function useSession(keep: TokenKeep): Session;
export declare function useSession<T>(keep: TokenKeep, select: (session: Session) => T): T;
