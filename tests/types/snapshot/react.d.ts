import type { Session, TokenKeep } from "./client/types.js";
export type SessionSource = Pick<TokenKeep, "session" | "subscribe">;
export declare function useSession(keep: SessionSource): Session;
export declare function useSession<T>(keep: SessionSource, select: (session: Session) => T): T;
