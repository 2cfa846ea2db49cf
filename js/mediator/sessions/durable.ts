// Sessions in Durable Objects: one for each session, and one for each name, which lists the
// sessions of a user. An object handles one change after the other, so that a comparison and what
// is written by it are one step.

import type { SessionRecord, SessionStore } from "../store-types.js";

/** What is used of Cloudflare's `DurableObjectNamespace`. */
export interface SessionNamespace {
  /** The id of the object of this name. */
  idFromName(name: string): unknown;
  /** The object of this id. */
  get(id: never): {
    /** Asks the object. */
    fetch(url: string, init: RequestInit): Promise<Response>;
  };
}

/** What is used of Cloudflare's `DurableObjectState`. */
export interface SessionObjectState {
  readonly storage: {
    /** The value of a key, or undefined. */
    get(key: string): Promise<unknown>;
    /** Keeps a value. */
    put(key: string, value: unknown): Promise<void>;
    /** Deletes a key. */
    delete(key: string): Promise<unknown>;
    /** The keys that begin with a text, and their values. */
    list(options: { prefix: string }): Promise<Map<string, unknown>>;
    /** Deletes all keys. */
    deleteAll(): Promise<void>;
    /** Has `alarm` called then; milliseconds since the epoch. */
    setAlarm(at: number): Promise<void>;
    /** When `alarm` is called, or null. */
    getAlarm(): Promise<number | null>;
    /** Has `alarm` not called. */
    deleteAlarm(): Promise<void>;
  };
}

/** What an object is told to do. */
type Order =
  | { readonly do: "create"; readonly record: SessionRecord }
  | { readonly do: "read" }
  | { readonly do: "replace"; readonly version: number; readonly record: SessionRecord }
  | { readonly do: "delete" }
  /** Of a name: a session of it, and when it began and ends. */
  | { readonly do: "note"; readonly key: string; readonly began: number; readonly ends: number }
  | { readonly do: "list"; readonly upTo: number };

interface Noted {
  readonly began: number;
  readonly ends: number;
}

const RECORD = "record";
const NOTE = "session:";

/**
 * The class of the Durable Objects of `durableSessions`. Export it from the Worker, and name it in
 * the binding and in a migration. An object whose session has ended holds nothing.
 */
export class SessionObject {
  readonly #storage: SessionObjectState["storage"];

  /** Called by the runtime. */
  constructor(state: SessionObjectState) {
    this.#storage = state.storage;
  }

  /** Carries out what `durableSessions` asks. Nothing else reaches a Durable Object. */
  async fetch(request: Request): Promise<Response> {
    return Response.json(await this.#carryOut((await request.json()) as Order));
  }

  /** Forgets what is past its end. */
  async alarm(): Promise<void> {
    const now = Date.now();
    const notes = await this.#notes();
    const living = notes.filter(([, { ends }]) => ends > now);
    if (living.length === 0 && (await this.#living()) === null) return this.#clear();
    for (const [key, { ends }] of notes) if (ends <= now) await this.#storage.delete(NOTE + key);
    const ends = living.map(([, noted]) => noted.ends);
    if (ends.length > 0) await this.#storage.setAlarm(Math.min(...ends));
  }

  async #carryOut(order: Order): Promise<unknown> {
    switch (order.do) {
      case "create":
        return this.#write(order.record);
      case "read":
        return this.#living();
      case "replace": {
        if ((await this.#living())?.version !== order.version) return false;
        await this.#write(order.record);
        return true;
      }
      case "delete": {
        const was = await this.#living();
        await this.#clear();
        return was !== null;
      }
      case "note": {
        const { key, began, ends } = order;
        await this.#storage.put(NOTE + key, { began, ends });
        const alarm = await this.#storage.getAlarm();
        if (alarm === null || alarm > ends) await this.#storage.setAlarm(ends);
        return true;
      }
      case "list":
        return (await this.#notes()).flatMap(([key, { began }]) =>
          began <= order.upTo ? [key] : [],
        );
    }
  }

  async #write(record: SessionRecord): Promise<true> {
    await this.#storage.put(RECORD, record);
    await this.#storage.setAlarm(record.expiresAt);
    return true;
  }

  async #living(): Promise<SessionRecord | null> {
    const record = (await this.#storage.get(RECORD)) as SessionRecord | undefined;
    return record !== undefined && record.expiresAt > Date.now() ? record : null;
  }

  async #notes(): Promise<(readonly [key: string, noted: Noted])[]> {
    const notes = await this.#storage.list({ prefix: NOTE });
    return [...notes].map(([key, noted]) => [key.slice(NOTE.length), noted as Noted] as const);
  }

  async #clear(): Promise<void> {
    await this.#storage.deleteAlarm();
    await this.#storage.deleteAll();
  }
}

/** Sessions in Durable Objects, of the class `SessionObject`. */
export function durableSessions(namespace: SessionNamespace): SessionStore {
  const tell = async <T>(name: string, order: Order): Promise<T> => {
    const object = namespace.get(namespace.idFromName(name) as never);
    const init = { method: "POST", body: JSON.stringify(order) };
    const answer = await object.fetch("https://session.invalid/", init);
    if (!answer.ok) throw new Error(`The object of a session answered ${answer.status}.`);
    return (await answer.json()) as T;
  };
  const session = <T>(key: string, order: Order) => tell<T>(`session ${key}`, order);
  const note = (key: string, { names, startedAt: began, expiresAt: ends }: SessionRecord) =>
    Promise.all(names.map((name) => tell(`name ${name}`, { do: "note", key, began, ends })));
  return {
    async create(key, record) {
      await note(key, record);
      await session(key, { do: "create", record });
    },
    read: (key) => session<SessionRecord | null>(key, { do: "read" }),
    async replace(key, version, record) {
      // What only takes a lease, or gives one back, moves no end.
      if (record.lease === null && record.retryAt === null) await note(key, record);
      return session<boolean>(key, { do: "replace", version, record });
    },
    async delete(key) {
      await session(key, { do: "delete" });
    },
    async deleteNamed(name, upTo = Number.MAX_SAFE_INTEGER) {
      // A note stays until it ends: of a session that is gone already, it finds nothing.
      const keys = await tell<string[]>(`name ${name}`, { do: "list", upTo });
      const ended = await Promise.all(keys.map((key) => session<boolean>(key, { do: "delete" })));
      return ended.filter((was) => was).length;
    },
  };
}
