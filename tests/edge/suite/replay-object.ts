// Group Q: the class `ReplayObject`, over a storage in memory, where time can pass.

import assert from "node:assert/strict";
import { ReplayObject, type ReplayObjectState } from "tokenkeep/replay-object";
import { edge } from "./kit.ts";

/** A storage, and the moment for which an alarm is set. */
class Storage {
  readonly entries = new Map<string, unknown>();
  alarm: number | null = null;
  async list(): Promise<Map<string, unknown>> {
    return new Map(this.entries);
  }
  async put(key: string, value: unknown): Promise<void> {
    this.entries.set(key, value);
  }
  async delete(keys: string[]): Promise<void> {
    assert.ok(keys.length <= 128, "what one call may delete");
    for (const key of keys) this.entries.delete(key);
  }
  async setAlarm(at: number): Promise<void> {
    this.alarm = at;
  }
  async getAlarm(): Promise<number | null> {
    return this.alarm;
  }
}

/** An object over a storage, as it begins. */
async function objectOver(storage: Storage) {
  let loaded: Promise<unknown> = Promise.resolve();
  const state: ReplayObjectState = {
    storage,
    blockConcurrencyWhile: <T>(load: () => Promise<T>) => {
      const loading = load();
      loaded = loading;
      return loading;
    },
  };
  const object = new ReplayObject(state);
  await loaded;
  const ask = async (name: string, until: number) => {
    const body = JSON.stringify({ name, until });
    const answer = await object.fetch(new Request("https://x.invalid/", { method: "POST", body }));
    return (await answer.json()) as boolean;
  };
  return { object, ask };
}

edge("edge_Q305_an_object_of_proofs_forgets_what_has_expired", async () => {
  const storage = new Storage();
  const now = Date.now() / 1000;
  // Enough that they are deleted in several calls.
  for (let place = 0; place < 300; place += 1) storage.entries.set(`old${place}`, now - 1);
  storage.entries.set("living", now + 500);
  storage.alarm = 1;
  const { object, ask } = await objectOver(storage);
  assert.equal(await ask("living", now + 500), false);
  assert.equal(await ask("old1", now + 600), true, "its time was over");
  assert.equal(storage.alarm, 1, "one alarm at a time");
  storage.alarm = null;
  await object.alarm();
  assert.deepEqual([...storage.entries.keys()].sort(), ["living", "old1"]);
  assert.ok(storage.alarm !== null, "some are left");
  for (const name of storage.entries.keys()) storage.entries.set(name, now - 1);
  storage.alarm = null;
  await object.alarm();
  assert.deepEqual([storage.entries.size, storage.alarm], [0, null]);
  assert.equal(await ask("new", now + 600), true);
  assert.equal(storage.alarm, (now + 600) * 1000);
  assert.equal(await ask("new", now + 600), false);
});
