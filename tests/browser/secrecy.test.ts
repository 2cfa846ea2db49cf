// Where the access token must not be found: storage, cookies, URLs, channels, the console, events,
// errors, JSON. Every search is for the very tokens that the authority gave, and each first shows
// that it finds a planted one.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import type { Session } from "tokenkeep";
import { EVENT_TYPES } from "../client/event-types.ts";
import { addresses, type Demo, startDemo, type Visitor } from "./harness.ts";

let demo: Demo;
before(async () => {
  demo = await startDemo();
});
after(() => demo.close());
afterEach(() => demo.peace());

test("after a full life on the page the token is in no storage, URL, document, channel or console line", async () => {
  const visitor = await demo.visit();
  await visitor.context.addInitScript(recordChannels);
  await visitor.page.reload();
  await visitor.signIn();
  await visitor.press("This one");
  await visitor.page.getByRole("status").filter({ hasText: "refuses the present token" }).waitFor();
  await visitor.press("50 at once");
  await visitor.page.getByRole("status").filter({ hasText: "50 of 50" }).waitFor();
  await visitor.press("Who am I");
  await visitor.page.getByRole("status").filter({ hasText: "200 GET /api/me" }).waitFor();
  await visitor.press("Break it");
  await visitor.expectSession({ degraded: true });

  const tokens = visitor.tokens;
  assert.equal(tokens.length, 2);
  assertAbsent(tokens, await traces(visitor));
  await visitor.press("Log out");
  await visitor.expectSession({ status: "anonymous" });
  assertAbsent(tokens, await traces(visitor));
  await visitor.leave();
});

test("the search finds a token wherever a careless program would leave it", async () => {
  const visitor = await demo.visit();
  await visitor.context.addInitScript(recordChannels);
  await visitor.page.reload();
  await visitor.signIn();
  const [token] = visitor.tokens;
  assert.ok(token);
  const places = [
    "localStorage",
    "sessionStorage",
    "indexedDB",
    "caches",
    "cookie",
    "url",
    "document",
    "channel",
    "console",
  ];
  await visitor.page.evaluate(plantEverywhere, token);
  const found = findings([token], await traces(visitor));
  assert.deepEqual(
    [...new Set(found.map((finding) => finding.split(":")[0]))].sort(),
    [...places].sort(),
  );
  await visitor.leave();
});

test("no event, error, snapshot, transition or serialisation of a keep holds the token", async () => {
  const visitor = await demo.visit();
  await visitor.context.addInitScript(recordChannels);
  await visitor.page.goto(`${demo.app}/config.json`);
  await demo.settings({ accessTokenSeconds: 900 });

  const seen = await visitor.page.evaluate(
    async ({ authority, api, kinds }) => {
      const module = "/tokenkeep.js";
      const { createTokenKeep } = (await import(module)) as typeof import("tokenkeep");
      const texts: Record<string, string[]> = {};
      const note = (kind: string, value: unknown) => (texts[kind] ??= []).push(everythingIn(value));
      const noteError = (error: unknown) => note("errors", error);

      /**
       * All that a log, a crash reporter or a curious script can read of a value: own members,
       * getters, text forms.
       */
      function everythingIn(value: unknown, visited = new Set<unknown>()): string {
        if (typeof value === "function") return String(value) + membersOf(value, visited);
        if (typeof value !== "object" || value === null) return String(value);
        if (visited.has(value)) return "";
        visited.add(value);
        let json = "";
        try {
          json = JSON.stringify(value) ?? "";
        } catch {
          // A value that can't be serialised leaks nothing this way.
        }
        return `${json} ${String(value)} ${membersOf(value, visited)}`;
      }
      function membersOf(value: object, visited: Set<unknown>): string {
        const names = [
          ...Reflect.ownKeys(value),
          ...Reflect.ownKeys(Object.getPrototypeOf(value) ?? {}),
        ];
        return names
          .map((name) => {
            try {
              const member: unknown = Reflect.get(value, name);
              return typeof member === "object" ? everythingIn(member, visited) : String(member);
            } catch {
              return "";
            }
          })
          .join(" ");
      }

      const keep = createTokenKeep({
        refresh: `${authority}/session/refresh`,
        logout: `${authority}/session/logout`,
        origins: [api],
      });
      for (const kind of kinds) keep.on(kind, (event: unknown) => note(kind, event));
      const sessions: Session[] = [];
      keep.subscribe(() => sessions.push(keep.session));

      const settings = (wanted: object) =>
        fetch(`${authority}/demo/settings`, {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify(wanted),
        });
      const reply = await keep.signIn(`${authority}/session/sign-in`, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-Requested-With": "XMLHttpRequest" },
        body: JSON.stringify({ username: "alice", password: "correct horse battery" }),
      });
      note("sign-in reply", await reply.clone().text());
      note("sign-in reply", Object.fromEntries(reply.headers));
      note("sign-in reply", reply);

      // What the keep lends is the real thing: without this, searching for it would prove nothing.
      const lent = await keep.withToken((token) => token);
      const failed = await keep
        .withToken((): string => {
          throw new Error("the application's own");
        })
        .catch((error: unknown) => error);
      noteError(failed);

      await keep.fetch(`${api}/demo/refuse`, { method: "POST" });
      await (await keep.fetch(`${api}/api/me`)).text();
      await fetch(`${api}/demo/refuse-all`, { method: "POST" });
      await keep.fetch(`${api}/api/time`);
      await fetch(`${api}/demo/accept-all`, { method: "POST" });
      await settings({ refreshOutageSeconds: 60 });
      await keep.refresh().catch(noteError);
      await settings({ refreshOutageSeconds: 0 });
      await keep.fetch("http://[").catch(noteError);
      await keep.adopt({}).catch(noteError);
      await keep.adopt({ access_token: `${lent}\n` }).catch(noteError);

      note("keep", keep);
      note("keep", Object.getOwnPropertyDescriptors(keep));
      note("explain", keep.explain());
      for (const session of sessions) note("session", session);
      let cloned = "not cloneable";
      try {
        cloned = JSON.stringify(structuredClone(keep));
      } catch (error) {
        noteError(error);
      }
      note("keep", cloned);
      await keep.logout();
      note("explain", keep.explain());
      await keep.withToken((token) => token).catch(noteError);
      keep.close();
      await keep.fetch(`${api}/api/time`).catch(noteError);
      note("keep", keep);
      return { texts, lent };
    },
    { ...addresses(demo), kinds: EVENT_TYPES },
  );

  const tokens = visitor.tokens;
  assert.ok(tokens.includes(seen.lent));
  for (const kind of [
    "change",
    "signed-in",
    "signed-out",
    "refreshed",
    "refresh-failed",
    "rejected-fresh-token",
  ]) {
    assert.ok(
      (seen.texts[kind] ?? []).length > 0,
      `no ${kind} was seen, so nothing is shown about it`,
    );
  }
  assert.ok((seen.texts["errors"] ?? []).length >= 5, "too few errors were seen");
  assertAbsent(tokens, { ...seen.texts, ...(await traces(visitor)) });
  await visitor.leave();
});

/** Runs in the page before all else: keeps what goes over any BroadcastChannel. */
const recordChannels = `{
  globalThis.broadcast = [];
  const post = BroadcastChannel.prototype.postMessage;
  BroadcastChannel.prototype.postMessage = function (message) {
    globalThis.broadcast.push(JSON.stringify(message));
    return post.call(this, message);
  };
}`;

/**
 * All that the page leaves behind where another script, an extension or a passer-by could find it,
 * by place.
 */
async function traces({
  page,
  console,
  requests,
}: Visitor): Promise<Record<string, readonly string[]>> {
  const places: Record<string, string[]> = await page.evaluate(async () => {
    const records: string[] = [];
    for (const { name } of await indexedDB.databases()) {
      if (name === undefined) continue;
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const opening = indexedDB.open(name);
        opening.onsuccess = () => resolve(opening.result);
        opening.onerror = () => reject(opening.error);
      });
      for (const store of database.objectStoreNames) {
        records.push(
          await new Promise<string>((resolve, reject) => {
            const reading = database.transaction(store).objectStore(store).getAll();
            reading.onsuccess = () => resolve(JSON.stringify(reading.result));
            reading.onerror = () => reject(reading.error);
          }),
        );
      }
      database.close();
    }
    const cached: string[] = [];
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const request of await cache.keys()) {
        cached.push(
          request.url,
          JSON.stringify([...request.headers]),
          (await (await cache.match(request))?.text()) ?? "",
        );
      }
    }
    return {
      localStorage: Object.entries(localStorage).flat(),
      sessionStorage: Object.entries(sessionStorage).flat(),
      indexedDB: records,
      caches: cached,
      cookie: [document.cookie],
      url: [location.href, document.referrer, JSON.stringify(history.state), window.name],
      document: [
        document.documentElement.outerHTML,
        ...[...document.querySelectorAll("input")].map(({ value }) => value),
      ],
      channel: (globalThis as unknown as { broadcast: string[] }).broadcast,
    };
  });
  return {
    ...places,
    console,
    requests: requests.map((request) => request.url() + (request.postData() ?? "")),
  };
}

async function plantEverywhere(token: string): Promise<void> {
  localStorage.setItem("planted", token);
  sessionStorage.setItem(token, "planted");
  const database = await new Promise<IDBDatabase>((resolve) => {
    const opening = indexedDB.open("planted");
    opening.onupgradeneeded = () =>
      opening.result.createObjectStore("tokens", { autoIncrement: true });
    opening.onsuccess = () => resolve(opening.result);
  });
  await new Promise<void>((resolve) => {
    const writing = database.transaction("tokens", "readwrite");
    writing.objectStore("tokens").add({ token });
    writing.oncomplete = () => resolve();
  });
  database.close();
  await (await caches.open("planted")).put("/planted", new Response(token));
  document.cookie = `planted=${token}`;
  history.replaceState(null, "", `#${token}`);
  document.body.dataset.planted = token;
  new BroadcastChannel("planted").postMessage({ token });
  console.log(token);
}

/** The whole token, its payload, and its signature: none of the three may appear. */
function findings(tokens: readonly string[], places: Record<string, readonly string[]>): string[] {
  const secrets = tokens.flatMap((token) => [token, ...token.split(".").slice(1)]);
  return Object.entries(places).flatMap(([place, texts]) =>
    texts
      .filter((text) => secrets.some((secret) => text.includes(secret)))
      .map((text) => `${place}: ${text.slice(0, 200)}`),
  );
}

function assertAbsent(tokens: readonly string[], places: Record<string, readonly string[]>): void {
  assert.ok(tokens.length > 0, "there is no token to look for");
  assert.deepEqual(findings(tokens, places), []);
}
