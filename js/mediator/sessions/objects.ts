// Sessions in Durable Objects: one for each session, and one for each name, which lists the
// sessions of a user. An object handles one change after the other, so that a comparison and what
// is written by it are one step.

import type { SessionRecord, SessionStore } from "../store-types.js";
import type { SessionNamespace, SessionObjectState } from "./durable.js";

/** What an object is told to do. */
type Order =
  | { readonly do: "create"; readonly record: SessionRecord }
  | { readonly do: "read" }
  | { readonly do: "replace"; readonly version: number; readonly record: SessionRecord }
  | { readonly do: "delete" }
  /** Of a name: a session of it, and when it began and ends. */
  | { readonly do: "note"; readonly key: string; readonly began: number; readonly ends: number }
  | { readonly do: "list"; readonly upTo: number };

type Storage = SessionObjectState["storage"];

/** The key of a session's record. */
const RECORD = "record";
/** What the keys of a name's sessions begin with. */
const NOTE = "session:";

/** What an object holds: a record, or a note. */
type Kept = Partial<SessionRecord & { readonly began: number; readonly ends: number }>;

/** Carries out an order in the object of this storage. */
export async function carryOut(order: Order, storage: Storage): Promise<unknown> {
  const record = (await storage.get(RECORD)) as SessionRecord | undefined;
  const living = record !== undefined && record.expiresAt > Date.now() ? record : null;
  switch (order.do) {
    case "read":
      return living;
    case "create":
    case "replace":
      if (order.do === "replace" && order.version !== living?.version) return false;
      await storage.put(RECORD, order.record);
      await storage.setAlarm(order.record.expiresAt);
      return true;
    case "delete":
      await clear(storage);
      return living !== null;
    case "note": {
      const { key, began, ends } = order;
      const alarm = await storage.getAlarm();
      await storage.put(NOTE + key, { began, ends });
      await storage.setAlarm(Math.min(alarm ?? ends, ends));
      return true;
    }
    case "list":
      return [...(await keptIn(storage, NOTE))].flatMap(([key, { began = 0 }]) =>
        began <= order.upTo ? [key.slice(NOTE.length)] : [],
      );
  }
}

/** Deletes what is past its end, and has the object called again for what is left. */
export async function forget(storage: Storage): Promise<void> {
  let next: number | null = null;
  for (const [key, { ends, expiresAt = 0 }] of await keptIn(storage, "")) {
    const end = ends ?? expiresAt;
    if (end <= Date.now()) await storage.delete(key);
    else next = Math.min(next ?? end, end);
  }
  if (next === null) await clear(storage);
  else await storage.setAlarm(next);
}

function keptIn(storage: Storage, prefix: string) {
  return storage.list({ prefix }) as Promise<Map<string, Kept>>;
}

async function clear(storage: Storage): Promise<void> {
  await storage.deleteAlarm();
  await storage.deleteAll();
}

/** The store in the objects of this namespace. */
export function storeIn(namespace: SessionNamespace): SessionStore {
  const tell = async <T>(name: string, order: Order): Promise<T> => {
    const object = namespace.get(namespace.idFromName(name) as never);
    const init = { method: "POST", body: JSON.stringify(order) };
    const answer = await object.fetch("https://session.invalid/", init);
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
      // What takes a lease moves no end.
      if (record.lease === null) await note(key, record);
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
