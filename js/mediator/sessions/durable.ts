// Sessions in Durable Objects, as an application has them: the class of the objects, and the store
// that asks them.

import type { SessionStore } from "../store-types.js";
import { carryOut, forget, storeIn } from "./objects.js";

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
    return Response.json(await carryOut(await request.json(), this.#storage));
  }

  /** Forgets what is past its end. */
  async alarm(): Promise<void> {
    await forget(this.#storage);
  }
}

/** Sessions in Durable Objects, of the class `SessionObject`. */
export function durableSessions(namespace: SessionNamespace): SessionStore {
  return storeIn(namespace);
}
