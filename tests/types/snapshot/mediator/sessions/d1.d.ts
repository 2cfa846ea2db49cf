import type { SessionStore } from "../store-types.js";
export interface SessionDatabase {
    prepare(sql: string): SessionStatement;
    batch(statements: never[]): Promise<unknown>;
}
export interface SessionStatement {
    bind(...values: unknown[]): SessionStatement;
    first(): Promise<Record<string, unknown> | null>;
    all(): Promise<{
        results: unknown[];
    }>;
}
export interface D1Sessions {
    (database: SessionDatabase): SessionStore;
    readonly schema: string;
}
export declare const d1Sessions: D1Sessions;
