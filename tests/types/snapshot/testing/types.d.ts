import type { TokenKeepError, TokenKeepErrorCode } from "../client/error.js";
import type { Session, SignedOutReason, TokenKeep, TokenKeepEvents } from "../client/types.js";
export interface FakeKeepOptions {
    claims?: Readonly<Record<string, unknown>>;
    session?: Partial<Session>;
    routes?: FakeRoutes;
    origins?: readonly string[];
    unauthorized?: readonly number[];
}
export type FakeRoutes = Readonly<Record<string, FakeRoute>>;
export type FakeRoute = FakeAnswer | ((request: Request) => FakeAnswer | Promise<FakeAnswer>);
export type FakeAnswer = Response | number | string | null | object;
export type FakeFailure = "start" | "refresh" | "logout" | "signIn" | "adopt" | "withToken";
export interface FakeKeep extends TokenKeep {
    readonly requests: readonly Request[];
    signInAs(claims: Readonly<Record<string, unknown>> | null, members?: Partial<Session>): void;
    signInElsewhere(claims: Readonly<Record<string, unknown>> | null): void;
    signOut(reason?: SignedOutReason): void;
    setSession(members: Partial<Session>): void;
    emit<K extends keyof TokenKeepEvents>(type: K, event: TokenKeepEvents[K]): void;
    failNext(method: FakeFailure, error: TokenKeepErrorCode | TokenKeepError): void;
    reset(options?: FakeKeepOptions): void;
    route(address: string, answer: FakeRoute): void;
}
