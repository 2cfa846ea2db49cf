export interface SessionRecord {
    version: number;
    sealed: string;
    lease: number | null;
    retryAt: number | null;
    names: readonly string[];
    startedAt: number;
    expiresAt: number;
}
export interface SessionStore {
    create(key: string, record: SessionRecord): Promise<void>;
    read(key: string): Promise<SessionRecord | null>;
    replace(key: string, version: number, record: SessionRecord): Promise<boolean>;
    delete(key: string): Promise<void>;
    deleteNamed(name: string, startedUpTo?: number): Promise<number>;
}
