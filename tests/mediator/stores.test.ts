// `checkSessionStore`: ours pass, and each planted fault is found.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  checkSessionStore,
  memorySessions,
  type SessionRecord,
  type SessionStore,
} from "tokenkeep/mediator";

const failed = async (make: () => SessionStore): Promise<string[]> =>
  (await checkSessionStore(make)).filter(({ ok }) => !ok).map(({ name }) => name);

test("mediator_S5_finds_each_fault_of_a_store_and_none_in_that_of_memory", async () => {
  const shared = memorySessions();
  assert.deepEqual(await failed(() => shared), []);

  const faults: Record<string, [make: () => SessionStore, found: RegExp]> = {
    "a memory of each process": [() => memorySessions(), /wherever it was written/],
    upsert: [
      () => ({
        ...shared,
        async replace(key, version, record) {
          const current = await shared.read(key);
          if (current !== null) return shared.replace(key, version, record);
          await shared.create(key, record);
          return true;
        },
      }),
      /revives nothing/,
    ],
    "a read, a pause, a write": [
      () => ({
        ...shared,
        async replace(key, version, record) {
          const current = await shared.read(key);
          if (current?.version !== version) return false;
          await new Promise((resolve) => setTimeout(resolve, 5));
          return shared.replace(key, (await shared.read(key))?.version ?? 0, record);
        },
      }),
      /one of many/,
    ],
    "the last writer": [
      () => ({
        ...shared,
        async replace(key, _version, record) {
          return shared.replace(key, (await shared.read(key))?.version ?? 0, record);
        },
      }),
      /of the version/,
    ],
    "names without moments": [
      () => ({ ...shared, deleteNamed: (name) => shared.deleteNamed(name) }),
      /by name/,
    ],
    "an end that no change moves": [
      () => ({
        ...shared,
        async replace(key, version, record) {
          const { expiresAt = record.expiresAt } = (await shared.read(key)) ?? {};
          return shared.replace(key, version, { ...record, expiresAt });
        },
      }),
      /until its end/,
    ],
    "no end": [
      () => ({
        ...shared,
        create: (key, record) => shared.create(key, { ...record, expiresAt: Date.now() + 1e9 }),
      }),
      /until its end/,
    ],
    "what is short": [
      () => ({
        ...shared,
        async read(key) {
          const record: SessionRecord | null = await shared.read(key);
          return record && { ...record, sealed: record.sealed.slice(0, 10_000) };
        },
      }),
      /wherever it was written/,
    ],
    "what throws": [
      () => ({ ...shared, delete: () => Promise.reject(new Error("away")) }),
      /revives nothing/,
    ],
  };
  await Promise.all(
    Object.entries(faults).map(async ([what, [make, found]]) => {
      const names = await failed(make);
      assert.ok(
        names.some((name) => found.test(name)),
        `${what}: ${names.join("; ")}`,
      );
    }),
  );
});

test("mediator_S5_gives_a_slow_store_more_time", async () => {
  const shared = memorySessions();
  const slow: SessionStore = {
    ...shared,
    async create(key, record) {
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      return shared.create(key, record);
    },
  };
  assert.deepEqual(await failed(() => slow), []);
});
