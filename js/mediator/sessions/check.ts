// Whether a store keeps what `SessionStore` promises. A store that doesn't lets a refresh token be
// used twice, or brings a session back that was logged out.

import { randomText } from "../../shared/sealing.js";
import type { SessionRecord, SessionStore } from "../store-types.js";

/** What one check found. */
export interface StoreFinding {
  readonly name: string;
  readonly ok: boolean;
  /** What came instead. */
  readonly detail?: string;
}

/** Changes that are made at once. */
const AT_ONCE = 20;
/** Milliseconds that a record is made for, and after which it has to be gone. */
const SHORT = 2_000;
/** The same for a store that is slow, or a busy machine. */
const LONGEST = 32_000;
const LONG = 3_600_000;
/** When sessions began, where that is no matter. */
const BEGUN = 1_700_000_000_000;

/** Throws what is wrong. */
type Check = (one: SessionStore, other: SessionStore) => Promise<void>;

const CHECKS: Readonly<Record<string, Check>> = {
  async "reads what was written, wherever it was written"(one, other) {
    const key = randomText();
    const record = make({ sealed: "x".repeat(50_000), lease: Date.now() });
    await one.create(key, record);
    same(await one.read(key), record);
    same(await other.read(key), record);
    same(await other.read(randomText()), null);
  },
  async "replaces a record of the version, and no other"(one, other) {
    const key = randomText();
    const [first, second] = [make({}), make({ version: 2, retryAt: Date.now() })];
    await one.create(key, first);
    same(await other.replace(key, 1, second), true);
    same(await one.read(key), second);
    same(await one.replace(key, 1, make({ version: 2, sealed: "late" })), false);
    same(await other.read(key), second);
  },
  async "lets one of many changes win"(one, other) {
    const key = randomText();
    await one.create(key, make({}));
    const records = Array.from({ length: AT_ONCE }, (_, place) =>
      make({ version: 2, sealed: String(place) }),
    );
    const won = await Promise.all(
      records.map((record, place) => (place % 2 ? one : other).replace(key, 1, record)),
    );
    same(won.filter((was) => was).length, 1);
    same(await one.read(key), records[won.indexOf(true)]);
  },
  async "revives nothing"(one, other) {
    const key = randomText();
    same(await one.replace(key, 1, make({ version: 2 })), false);
    same(await one.read(key), null);
    await one.create(key, make({}));
    await other.delete(key);
    same(await one.replace(key, 1, make({ version: 2 })), false);
    same(await one.read(key), null);
    await one.delete(key);
  },
  async "deletes by name, up to a moment"(one, other) {
    const [name, another, stranger] = [randomText(), randomText(), randomText()];
    const names = [name, another];
    const startedAt = Date.now();
    const keys = [randomText(), randomText(), randomText()] as const;
    await one.create(keys[0], make({ names, startedAt }));
    await other.create(keys[1], make({ names, startedAt: startedAt + 1 }));
    await one.create(keys[2], make({ names: [stranger], startedAt }));
    same(await other.deleteNamed(name, startedAt), 1);
    same(await one.read(keys[0]), null);
    same((await one.read(keys[1])) === null, false);
    same(await one.deleteNamed(another), 1);
    same(await one.read(keys[1]), null);
    same(await one.deleteNamed(another), 0);
    same((await other.read(keys[2])) === null, false);
  },
  async "keeps a record until its end, which a change moves"(one, other) {
    for (let life = SHORT; ; life *= 2) {
      const [short, long, name] = [randomText(), randomText(), randomText()];
      const expiresAt = Date.now() + life;
      await one.create(short, make({ expiresAt }));
      await one.create(long, make({ expiresAt, names: [name] }));
      const found = await other.read(short);
      const replaced = await other.replace(long, 1, make({ version: 2, names: [name] }));
      // Too late to tell: once more, with more time.
      if (Date.now() >= expiresAt && life < LONGEST) continue;
      same(found === null, false);
      same(replaced, true);
      await new Promise((resolve) => setTimeout(resolve, life + 1_000));
      same((await one.read(long)) === null, false);
      same(await one.read(short), null);
      same(await one.deleteNamed(name), 1);
      return;
    }
  },
};

/**
 * Tries a store of your own, in a test: each finding says what was tried, and whether it held.
 * Ours pass.
 *
 * ```ts
 * const findings = await checkSessionStore(() => mySessions(database));
 * assert.deepEqual(findings.filter(({ ok }) => !ok), []);
 * ```
 *
 * @param make makes the store anew, as another process would; called twice
 */
export async function checkSessionStore(
  make: () => SessionStore,
): Promise<readonly StoreFinding[]> {
  const [one, other] = [make(), make()];
  return Promise.all(
    Object.entries(CHECKS).map(async ([name, check]): Promise<StoreFinding> => {
      try {
        await check(one, other);
        return { name, ok: true };
      } catch (error) {
        return { name, ok: false, detail: error instanceof Error ? error.message : String(error) };
      }
    }),
  );
}

function make(more: Partial<SessionRecord>): SessionRecord {
  const now = Date.now();
  return {
    version: 1,
    sealed: "sealed",
    lease: null,
    retryAt: null,
    names: [],
    startedAt: BEGUN,
    expiresAt: now + LONG,
    ...more,
  };
}

function same(found: unknown, wanted: unknown): void {
  const [one, other] = [found, wanted].map((value) => JSON.stringify(value, sorted));
  if (one !== other)
    throw new Error(`${String(one).slice(0, 200)} in place of ${String(other).slice(0, 200)}`);
}

/** Members may come in any order. */
function sorted(_name: string, value: unknown): unknown {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
    : value;
}
