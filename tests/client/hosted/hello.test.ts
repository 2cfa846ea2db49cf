// How a page and its worker find each other, and what the worker refuses.

import assert from "node:assert/strict";
import * as Kind from "../../../js/hosted/protocol.ts";
import { type Scene, scenes } from "../harness.ts";
import { liveIn } from "./hosted.ts";

const behaviour = scenes();

/** Runs in the page: says hellos of its own, as a script that holds a worker can. */
const speaking = `globalThis.speak = {
  Kind: ${JSON.stringify(Kind)},
  worker: () => (globalThis.bare ??= new Worker("/worker.js", { type: "module" })),
  hello(options, versions = [speak.Kind.VERSION]) {
    const { port1, port2 } = new MessageChannel();
    const heard = [];
    port1.onmessage = ({ data }) => heard.push(data);
    const settings = typeof options === "string" ? options : JSON.stringify(options);
    speak.worker().postMessage({ tokenkeep: versions, settings, base: location.href, port: port2 }, [port2]);
    return { port: port1, heard, say: (message) => port1.postMessage(message) };
  },
  async answer({ heard }, kinds) {
    await stage.until(() => heard.some(([kind]) => kinds.includes(kind)));
    return heard.find(([kind]) => kinds.includes(kind));
  },
}`;

interface Line {
  readonly heard: (readonly unknown[])[];
  say(message: unknown): void;
}
declare const speak: {
  Kind: typeof Kind;
  worker(): Worker;
  hello(options: unknown, versions?: readonly number[]): Line;
  answer(line: Line, kinds: readonly number[]): Promise<readonly unknown[]>;
};

const SENT = { method: "GET", mode: "cors", credentials: "same-origin" };

const optionsOf = ({ at }: Scene) => ({
  refresh: `${at.authority}/session/refresh`,
  logout: `${at.authority}/session/logout`,
  origins: [at.api],
});

behaviour("client_W4_a_hello_with_other_settings_is_refused_and_sends_nothing", async (scene) => {
  const { page, at } = scene;
  await page.evaluate(speaking);
  const told = await page.evaluate(
    async ([options, foreign]) => {
      const { WELCOME, REFUSED, VERSION } = speak.Kind;
      const first = speak.hello(options);
      const welcome = await speak.answer(first, [WELCOME, REFUSED]);
      const others = [
        { ...options, origins: [...options.origins, foreign] },
        { ...options, refresh: `${foreign}/session/refresh` },
        { ...options, timeout: 5 },
        { ...options, nonsense: 1 },
        "no JSON",
      ];
      const refused = [];
      for (const other of others)
        refused.push(await speak.answer(speak.hello(other), [WELCOME, REFUSED]));
      // A hello on the private port is not heard.
      first.say({ tokenkeep: [VERSION], settings: JSON.stringify(others[0]), base: location.href });
      return [welcome, ...refused];
    },
    [optionsOf(scene), at.foreign] as const,
  );
  assert.deepEqual(
    told.map(([kind, failure]) => (kind === Kind.REFUSED ? (failure as string[])[0] : kind)),
    [Kind.WELCOME, ...Array(5).fill("config_invalid")],
  );
  assert.equal(scene.authority.calls.length + scene.foreign.calls.length, 0);
});

behaviour(
  "client_W4_what_comes_before_the_hello_and_for_an_unlisted_origin_is_not_sent",
  async (scene) => {
    const { page, at } = scene;
    await page.evaluate(speaking);
    const failure = await page.evaluate(
      async ([options, sent, foreign, api]) => {
        const { SETTLE, FETCH, WELCOME, BROKEN } = speak.Kind;
        for (const message of [
          [SETTLE, 1, "start"],
          [FETCH, 1, `${api}/x`, sent, [], null, true],
          "text",
          null,
          5,
        ])
          speak.worker().postMessage(message);
        const line = speak.hello(options);
        await speak.answer(line, [WELCOME]);
        line.say([FETCH, 1, `${foreign}/x`, sent, [], null, true]);
        return (await speak.answer(line, [BROKEN]))[2];
      },
      [optionsOf(scene), SENT, at.foreign, at.api] as const,
    );
    assert.deepEqual(failure, ["", { message: "Failed to fetch" }]);
    assert.equal(
      scene.authority.calls.length + scene.foreign.calls.length + scene.api.calls.length,
      0,
    );
  },
);

behaviour("client_W5_after_seal_only_a_page_with_the_same_options_is_served", async (scene) => {
  const { page, app, at } = scene;
  const sealed = optionsOf(scene);
  app.on("/sealed.js", () => ({
    headers: { "Content-Type": "text/javascript" },
    body: `import { seal } from "/worker.js"; seal(${JSON.stringify(sealed)});
      try { seal({ refresh: "/other" }) } catch (error) { self.again = error.code }`,
  }));
  const outcomes = await page.evaluate(
    async ([sealed, foreign]) => {
      const host = () => new Worker("/sealed.js", { type: "module" });
      const other = stage.createTokenKeep({ ...sealed, origins: [foreign], host });
      const same = stage.createTokenKeep({ ...sealed, host });
      return [await stage.outcome(other.start()), (await same.start()).status] as const;
    },
    [sealed, at.foreign] as const,
  );
  assert.equal(outcomes[0].error?.code, "config_invalid");
  assert.equal(outcomes[1], "authenticated");
  assert.equal(scene.refreshes(), 1);
});

behaviour("client_W5_seal_refuses_what_it_can_not_keep", async (scene) => {
  const { page, app } = scene;
  const script = (body: string) => ({ headers: { "Content-Type": "text/javascript" }, body });
  app.on("/seals.js", () =>
    script(`import { seal } from "/worker.js";
      const codes = [{ refresh: 5 }, { refresh: "/r", host: "page" }, { refresh: "/r", transport() {} }, undefined]
        .map((options) => { try { seal(options); return "sealed" } catch (error) { return error.code } });
      self.postMessage(codes);`),
  );
  const codes = await page.evaluate(
    () =>
      new Promise((resolve) => {
        new Worker("/seals.js", { type: "module" }).onmessage = ({ data }) => resolve(data);
      }),
  );
  assert.deepEqual(codes, Array(4).fill("config_invalid"));
});

for (const [how, answer] of Object.entries({
  is_missing: { status: 404 },
  throws: { headers: { "Content-Type": "text/javascript" }, body: "throw new Error('no')" },
  has_a_wrong_type: { headers: { "Content-Type": "text/plain" }, body: "" },
  never_answers: { headers: { "Content-Type": "text/javascript" }, body: "" },
})) {
  behaviour(
    `client_W6_a_script_that_${how}_is_told_and_the_next_call_makes_another`,
    async (scene) => {
      const { page, app } = scene;
      app.on("/wrong.js", () => answer);
      const told = await page.evaluate(async (options) => {
        let made = 0;
        const host = () =>
          new Worker(made++ === 0 ? "/wrong.js" : "/worker.js", { type: "module" });
        globalThis.keep = stage.make({ ...options, host });
        const first = await stage.outcome(keep.start());
        const unknown = keep.session.status;
        const second = await keep.start();
        return { first, unknown, second: second.status, made };
      }, optionsOf(scene));
      assert.equal(told.first.error?.code, "worker_unavailable");
      assert.equal(told.first.error?.retryable, true);
      assert.match(told.first.error?.message ?? "", /address.*worker-src.*import/);
      assert.deepEqual([told.unknown, told.second, told.made], ["unknown", "authenticated", 2]);
    },
  );
}

behaviour("client_W6_a_function_that_throws_is_told_too", async (scene) => {
  const { error } = await scene.page.evaluate((options) => {
    const host = () => {
      throw new Error("no workers here");
    };
    return stage.outcome(stage.createTokenKeep({ ...options, host }).start());
  }, optionsOf(scene));
  assert.equal(error?.code, "worker_unavailable");
});

behaviour("client_W341_a_host_that_makes_no_worker_is_told_and_asked_again", async (scene) => {
  const { errors, status } = await scene.page.evaluate(async (options) => {
    const made = [undefined, {}, new Worker("/worker.js", { type: "module" })];
    const host = () => made.shift() as Worker;
    const keep = stage.createTokenKeep({ ...options, host });
    const errors = [await stage.outcome(keep.start()), await stage.outcome(keep.start())];
    return { errors: errors.map(({ error }) => error?.code), status: (await keep.start()).status };
  }, optionsOf(scene));
  assert.deepEqual(errors, ["worker_unavailable", "worker_unavailable"]);
  assert.equal(status, "authenticated");
});

behaviour(
  "client_W7_malformed_messages_neither_stop_the_worker_nor_send_a_request",
  async (scene) => {
    const { page, at } = scene;
    await page.evaluate(speaking);
    const status = await page.evaluate(
      async ([options, sent, api]) => {
        const { FETCH, BYE, CLOSE, WELCOME, HEAD } = speak.Kind;
        const line = speak.hello(options);
        await speak.answer(line, [WELCOME]);
        const url = `${api}/x`;
        const parts: unknown[] = [
          undefined,
          null,
          true,
          -1,
          0,
          1.5,
          1e300,
          Number.NaN,
          "",
          "start",
          "logout ",
          url,
          "http://",
          [],
          {},
          [1],
          { length: 3 },
          sent,
          { ...sent, method: "G T" },
          { ...sent, mode: "navigate" },
          { ...sent, credentials: "all" },
          [["x", "y\n"]],
          [["a b", "c"]],
          [["x"]],
          new ArrayBuffer(3),
        ];
        let seed = 7;
        const one = () => {
          seed = (seed * 1103515245 + 12345) % 2147483648;
          return parts[seed % parts.length];
        };
        for (let n = 0; n < 3000; n++) {
          // Ids stay small: those of well-formed messages have to be above them.
          const kind = n % 45;
          if (kind === BYE || kind === CLOSE) continue;
          const id = one();
          const rest = Array.from({ length: n % 8 }, one);
          line.say([kind, typeof id === "number" && id > 1 ? 0 : id, ...rest]);
        }
        for (const message of [null, 5, "2", {}, [], [[]], [undefined], new Map()])
          line.say(message);
        line.say([FETCH, 1000, url, sent, [], null, true]);
        await stage.until(() => line.heard.some(([kind, id]) => kind === HEAD && id === 1000));
        return line.heard.find(([kind, id]) => kind === HEAD && id === 1000)?.[2];
      },
      [optionsOf(scene), SENT, at.api] as const,
    );
    assert.equal(status, 200);
    assert.equal(scene.api.calls.length, 1);
    assert.equal(scene.foreign.calls.length, 0);
  },
);

behaviour("client_W8_the_addresses_of_the_authority_are_not_proxied", async (scene) => {
  const { page, at, api, authority } = scene;
  await page.evaluate(speaking);
  const options = { ...optionsOf(scene), origins: [at.api, at.authority] };
  api.on("/sly", () => ({
    status: 307,
    headers: { Location: `${at.authority}/session/refresh?sly` },
  }));
  const failures = await page.evaluate(
    async ([options, sent, at]) => {
      const { FETCH, SIGN_IN, WELCOME, HEAD, BROKEN } = speak.Kind;
      const line = speak.hello(options);
      await speak.answer(line, [WELCOME]);
      const post = { ...sent, method: "POST", credentials: "include" };
      const refresh = `${at.authority}/session/refresh`;
      const tries: unknown[][] = [
        [FETCH, 1, refresh, post, [], null, true],
        [FETCH, 2, `${refresh}?x#y`, post, [], null, true],
        [SIGN_IN, 3, refresh, post, [], null, true],
        [FETCH, 4, `${at.authority}/session/logout`, post, [], null, true],
        [FETCH, 5, `${at.api}/sly`, post, [], null, true],
      ];
      for (const message of tries) line.say(message);
      const answers = () => line.heard.filter(([kind]) => kind === BROKEN || kind === HEAD);
      await stage.until(() => answers().length === 5);
      return answers().map(([kind, , failure]) =>
        kind === BROKEN ? (failure as string[])[0] : kind,
      );
    },
    [options, SENT, at] as const,
  );
  assert.deepEqual(failures, Array(5).fill("not_in_page"));
  // The start of the keep itself, and what the API's redirect led to.
  assert.ok(
    authority.calls.every(
      ({ path, search }) => path === "/session/refresh" && (search === "" || search === "?sly"),
    ),
  );
});

behaviour("client_W9_a_sign_in_goes_to_allowed_origins_only", async (scene) => {
  const { page, at, foreign } = scene;
  await liveIn("dedicated", page);
  await scene.keep();
  foreign.on("/sign-in", () => scene.grant());
  const refused = await page.evaluate(
    ({ foreign }) => stage.outcome(keep.signIn(`${foreign}/sign-in`, { method: "POST" })),
    at,
  );
  assert.equal(refused.error?.name, "TypeError");
  assert.equal(foreign.calls.length, 0);
  await scene.keep({ signInOrigins: [at.foreign] } as object);
  const allowed = await page.evaluate(
    ({ foreign }) => stage.outcome(keep.signIn(`${foreign}/sign-in`, { method: "POST" })),
    at,
  );
  assert.equal(allowed.value, 200);
  assert.equal((await scene.session()).status, "authenticated");
});

behaviour(
  "client_W10_what_needs_the_token_in_the_page_is_refused_without_a_message",
  async (scene) => {
    const { page } = scene;
    const outcomes = await page.evaluate(async (options) => {
      let made = 0;
      const host = () => {
        made += 1;
        return new Worker("/worker.js", { type: "module" });
      };
      const keep = stage.createTokenKeep({ ...options, host });
      const codes = [];
      for (const call of [
        keep.withToken((token) => token),
        keep.adopt({ access_token: "t" }),
        keep.attempt(
          `${options.origins[0]}/x`,
          (token) => token,
          () => false,
        ),
      ])
        codes.push((await stage.outcome(call)).error?.code);
      try {
        stage.createTokenKeep({ ...options, host, transport: fetch });
      } catch (error) {
        codes.push((error as { code: string }).code, String(error).includes("transport"));
      }
      return [...codes, made];
    }, optionsOf(scene));
    assert.deepEqual(outcomes, [...Array(3).fill("not_in_page"), "config_invalid", true, 0]);
  },
);

behaviour("client_W11_the_worker_is_made_at_the_first_use", async (scene) => {
  const { page } = scene;
  const made = await page.evaluate(async (options) => {
    const { createTokenKeep } = (await import("/hosted.js" as string)) as typeof stage;
    let made = 0;
    const host = () => {
      made += 1;
      return new Worker("/worker.js", { type: "module" });
    };
    const keep = createTokenKeep({ ...options, host });
    const before = [made, keep.session.status, keep.explain().length];
    await Promise.all([keep.start(), keep.fetch(`${options.origins[0]}/x`)]);
    return [...before, made, keep.session.status];
  }, optionsOf(scene));
  assert.deepEqual(made, [0, "unknown", 0, 1, "authenticated"]);
});

behaviour("client_W11_the_hosted_entry_checks_where_things_are_at_once", async (scene) => {
  const codes = await scene.page.evaluate(async (options) => {
    const { createTokenKeep } = (await import("/hosted.js" as string)) as typeof stage;
    const host = () => new Worker("/worker.js", { type: "module" });
    const told = [];
    for (const faulty of [
      {},
      { host: "page" },
      { host: 5 },
      { host, refresh: "http://" },
      { host, refresh: "ftp://api.example.com" },
      { host, logout: { url: "http://" } },
      { host, origins: ["https://api.example.com/path"] },
      { host, origins: ["https://*.example.com"] },
      { host, origins: ["ftp://api.example.com"] },
      { host, origins: "https://api.example.com" },
      { host, transport: fetch },
    ])
      try {
        createTokenKeep({ ...options, ...faulty } as Parameters<typeof createTokenKeep>[0]);
        told.push("made");
      } catch (error) {
        told.push((error as { code: string }).code);
      }
    // The rest is for the worker to refuse, also numbers that JSON has no form for.
    for (const faulty of [
      { leeway: -1 },
      { leeway: Number.NaN },
      { timeout: Number.POSITIVE_INFINITY },
      { backoff: { max: Number.NaN } },
      { refresh: { url: options.refresh, urll: "/refresh" } },
      { origins: 5 as never },
    ]) {
      const late = createTokenKeep({ ...options, host, ...faulty });
      told.push((await stage.outcome(late.start())).error?.code);
    }
    return told;
  }, optionsOf(scene));
  assert.deepEqual(codes, Array(17).fill("config_invalid"));
});
