// Tokens that are bound to the keep's key: the proofs, the nonces, the clock, and what a fault of a
// proof causes. jose checks the proofs (dpop-authority.ts).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { Binding } from "./dpop-authority.ts";
import { Gate, json, type Options, type Scene, scenes } from "./harness.ts";

const behaviour = scenes();
const REFRESH = "/session/refresh";

/** What of a request can be sent to the page. */
type Init = { method?: string; body?: string; headers?: Record<string, string> };

/** A keep with proofs that has its first token. */
async function bound(scene: Scene, options: Options = {}, page = scene.page): Promise<Binding> {
  const binding = new Binding(scene);
  await scene.started({ dpop: true, ...options }, page);
  return binding;
}

const order = (scene: Scene, page = scene.page, init: Init = {}) =>
  page.evaluate(([{ api }, init]) => stage.outcome(keep.fetch(`${api}/orders?page=2#top`, init)), [
    scene.at,
    init,
  ] as const);
const orders = ({ api }: Scene) => api.to("/orders").filter(({ method }) => method !== "OPTIONS");
const types = async (scene: Scene, page?: Page) =>
  (await scene.events(page)).map(({ type }) => type);

behaviour(
  "client_P1_each_proof_has_exactly_its_members_and_its_key_is_the_tokens",
  async (scene) => {
    const binding = await bound(scene);
    assert.equal((await order(scene)).value, 200);
    const [refresh, call] = binding.proofs;
    assert.deepEqual(Object.keys(refresh!.header).sort(), ["alg", "jwk", "typ"]);
    assert.deepEqual(Object.keys(refresh!.header.jwk).sort(), ["crv", "kty", "x", "y"]);
    assert.deepEqual(Object.keys(refresh!.claims).sort(), ["htm", "htu", "iat", "jti"]);
    assert.deepEqual(Object.keys(call!.claims).sort(), ["ath", "htm", "htu", "iat", "jti"]);
    assert.equal(refresh!.thumbprint, call!.thumbprint);
    assert.deepEqual((await scene.session()).claims?.["cnf"], { jkt: call!.thumbprint });
  },
);

behaviour("client_P2_the_private_key_is_nowhere", async (scene) => {
  const { page } = scene;
  await page.evaluate(() => {
    const made: CryptoKeyPair[] = [];
    const { generateKey } = SubtleCrypto.prototype;
    SubtleCrypto.prototype.generateKey = async function (this: SubtleCrypto, ...given: never) {
      const pair = await generateKey.apply(this, given);
      made.push(pair as CryptoKeyPair);
      return pair;
    } as never;
    Object.assign(globalThis, { made });
  });
  await bound(scene);
  await order(scene);
  const seen = await page.evaluate(async () => {
    const [pair] = (globalThis as unknown as { made: CryptoKeyPair[] }).made;
    const exported = await stage.outcome(crypto.subtle.exportKey("jwk", pair!.privateKey));
    return {
      exported: exported.error?.name,
      extractable: pair!.privateKey.extractable,
      usages: pair!.privateKey.usages,
      databases: (await indexedDB.databases()).length,
      stored: localStorage.length + sessionStorage.length,
      shown: JSON.stringify([keep.explain(), stage.events, keep]),
    };
  });
  assert.deepEqual(
    { ...seen, shown: /"d"|dpop\+jwt/.test(seen.shown) },
    {
      exported: "InvalidAccessError",
      extractable: false,
      usages: ["sign"],
      databases: 0,
      stored: 0,
      shown: false,
    },
  );
});

behaviour("client_P3_each_tab_has_a_key_of_its_own_and_a_reload_a_new_one", async (scene) => {
  const binding = await bound(scene);
  const second = await scene.open();
  await scene.started({ dpop: true }, second);
  await scene.page.evaluate(() => keep.refresh());
  assert.deepEqual([(await order(scene)).value, (await order(scene, second)).value], [200, 200]);
  await scene.page.reload();
  await scene.page.waitForFunction(() => "stage" in globalThis);
  await scene.started({ dpop: true });
  const keys = binding.to(REFRESH).map(({ thumbprint }) => thumbprint);
  assert.equal(keys[0], keys[2]);
  assert.equal(new Set(keys).size, 3);
});

behaviour("client_P4_no_proof_is_sent_twice", async (scene) => {
  const binding = await bound(scene);
  await scene.page.evaluate(
    ({ api }) => Promise.all(Array.from({ length: 300 }, () => keep.fetch(`${api}/orders`))),
    scene.at,
  );
  // The server refuses a `jti` that it knows.
  assert.equal(binding.to("/orders").length, 300);
  scene.valid.clear();
  assert.equal((await order(scene)).value, 200);
  const sent = orders(scene).map(({ headers }) => headers["dpop"]);
  assert.equal(new Set(sent).size, 302);
});

behaviour("client_P5_a_proof_names_the_method_and_the_address_as_they_are_sent", async (scene) => {
  const { page, at, api } = scene;
  const binding = await bound(scene);
  const sent = async (address: string, method: string) => {
    await page.evaluate(([address, method]) => stage.outcome(keep.fetch(address, { method })), [
      address,
      method,
    ] as const);
    const [call] = api.calls.filter(({ method }) => method !== "OPTIONS").slice(-1);
    const text = String(call?.headers["dpop"]).split(".")[1];
    const { htm, htu } = JSON.parse(Buffer.from(text ?? "", "base64url").toString());
    assert.equal(htm, call?.method);
    return [htm, htu];
  };
  for (const [address, method, htu, htm = method] of [
    ["/orders?a=1#b", "get", "/orders", "GET"],
    ["/a/../b/./c%2fd%7e/", "POST", "/b/c%2fd%7e/"],
    ["/ö/日?ö", "PUT", "/%C3%B6/%E6%97%A5"],
    ["", "DELETE", "/"],
    ["?only=query", "PATCH", "/"],
    ["/%F0%9F/~a!$&'()*+,;=:@", "POST", "/%F0%9F/~a!$&'()*+,;=:@"],
    ["/tail//", "PURGE", "/tail//"],
  ] as const) {
    assert.deepEqual(await sent(`${at.api}${address}`, method), [htm, `${at.api}${htu}`], address);
  }
  const upper = at.api.replace("http://localhost", "HTTP://user@LOCALHOST").replace("user@", "");
  assert.deepEqual(await sent(`${upper}/orders`, "POST"), ["POST", `${at.api}/orders`]);
  assert.ok(binding.to("/orders").length > 0);
});

behaviour("client_P6_the_hash_is_that_of_the_token_beside_it", async (scene) => {
  const binding = await bound(scene);
  await order(scene);
  await scene.page.evaluate(() => keep.refresh());
  assert.equal((await order(scene)).value, 200);
  const hashes = binding.to("/orders").map(({ claims }) => claims["ath"]);
  assert.equal(new Set(hashes).size, 2);
  for (const { claims } of binding.to(REFRESH)) assert.equal("ath" in claims, false);
});

behaviour("client_P7_a_nonce_that_an_api_wants_costs_one_repeat_and_no_refresh", async (scene) => {
  const binding = await bound(scene);
  binding.nonces.api = "first";
  const events = await types(scene);
  const outcome = await order(scene, scene.page, { method: "POST", body: "whole" });
  assert.deepEqual([outcome.value, JSON.parse(outcome.text!).body], [200, "whole"]);
  assert.deepEqual([orders(scene).length, scene.refreshes()], [2, 1]);
  assert.deepEqual(await types(scene), events);
});

behaviour("client_P8_the_nonce_of_every_answer_is_used_at_once", async (scene) => {
  const binding = await bound(scene);
  // A 200 brings the next one.
  binding.handsOut.api = "second";
  await order(scene);
  binding.nonces.api = "second";
  assert.equal((await order(scene)).value, 200);
  assert.equal(orders(scene).length, 2);
  // So does a repeat.
  binding.nonces.api = "third";
  binding.handsOut.api = "third";
  assert.equal((await order(scene)).value, 200);
  assert.equal((await order(scene)).value, 200);
  assert.equal(orders(scene).length, 5);
});

behaviour("client_P9_an_old_nonce_is_replaced", async (scene) => {
  const binding = await bound(scene);
  for (const nonce of ["a", "b", "c"]) {
    binding.nonces.api = nonce;
    assert.equal((await order(scene)).value, 200);
  }
  assert.deepEqual([orders(scene).length, scene.refreshes()], [6, 1]);
});

behaviour("client_P10_nothing_learnt_is_nothing_repeated", async (scene) => {
  const binding = await bound(scene);
  binding.nonces.api = "wanted";
  for (const given of [null, "", "with space", 'quo"te', "é", "x".repeat(513)]) {
    binding.handsOut.api = given === "é" ? "\u00e9" : given;
    const before = orders(scene).length;
    assert.equal((await order(scene)).value, 401, String(given));
    assert.equal(orders(scene).length - before, 1, String(given));
  }
  binding.handsOut.api = "x".repeat(512);
  for (const sends of [2, 1]) {
    const before = orders(scene).length;
    assert.equal((await order(scene)).value, 401);
    assert.equal(orders(scene).length - before, sends);
  }
  assert.equal(scene.refreshes(), 1);
  assert.ok(!(await types(scene)).includes("rejected-fresh-token"));
});

behaviour("client_P11_nonces_are_kept_apart_by_origin", async (scene) => {
  const { page, at, api, foreign } = scene;
  const binding = await bound(scene, { origins: [at.api, at.foreign] });
  binding.nonces.api = "of the api".replaceAll(" ", "-");
  await order(scene);
  foreign.on("/orders", () => json({}));
  await page.evaluate(({ foreign }) => keep.fetch(`${foreign}/orders`), at);
  const claims = (text: unknown) =>
    JSON.parse(Buffer.from(String(text).split(".")[1]!, "base64url").toString());
  const [call] = foreign.to("/orders").filter(({ method }) => method === "GET");
  assert.equal(claims(call?.headers["dpop"]).nonce, undefined);
  // An answer that came by a redirect is somebody else's.
  api.on("/moved", () => ({ status: 307, headers: { Location: `${at.api}/there` } }));
  api.on("/there", () =>
    json({}, 401, {
      "DPoP-Nonce": "stray",
      "Access-Control-Expose-Headers": "DPoP-Nonce, WWW-Authenticate",
      "WWW-Authenticate": 'DPoP error="use_dpop_nonce"',
    }),
  );
  await page.evaluate(({ api }) => keep.fetch(`${api}/moved`), at);
  assert.deepEqual(
    [api.to("/there").filter(({ method }) => method === "GET").length, scene.refreshes()],
    [1, 1],
  );
  assert.equal((await order(scene)).value, 200);
  assert.equal(binding.to("/orders").at(-1)?.claims["nonce"], "of-the-api");
});

behaviour("client_P12_three_sends_each_for_its_own_reason_and_never_a_fourth", async (scene) => {
  const binding = await bound(scene);
  binding.nonces.api = "one";
  await order(scene);
  // The nonce is old, and the token is withdrawn.
  binding.nonces.api = "two";
  scene.valid.clear();
  const before = orders(scene).length;
  const outcome = await order(scene, scene.page, { method: "PUT", body: "thrice" });
  assert.deepEqual([outcome.value, JSON.parse(outcome.text!).body], [200, "thrice"]);
  assert.deepEqual([orders(scene).length - before, scene.refreshes()], [3, 2]);
});

const FAULTS = {
  n: 'DPoP error="use_dpop_nonce"',
  p: 'DPoP error="invalid_dpop_proof"',
  t: 'DPoP error="invalid_token"',
} as const;

behaviour("client_P12_whatever_the_answers_are", async (scene) => {
  const { api } = scene;
  new Binding(scene);
  let nonce = 0;
  for (const script of ["nnnn", "ntnn", "ntt", "tnn", "tnt", "tt", "pppp", "npt", "tpn", "nttn"]) {
    let at = 0;
    await scene.started({ dpop: true });
    api.on("/scripted", () =>
      json({}, 401, {
        "WWW-Authenticate": FAULTS[(script[at++] ?? "t") as keyof typeof FAULTS],
        "DPoP-Nonce": `nonce-${nonce++}`,
        "Access-Control-Expose-Headers": "DPoP-Nonce, WWW-Authenticate, Date",
      }),
    );
    const refreshes = scene.refreshes();
    await scene.page.evaluate(
      ({ api }) => stage.outcome(keep.fetch(`${api}/scripted`, { method: "POST", body: "x" })),
      scene.at,
    );
    const [first, second] = script;
    const repeats = first === "n" ? 1 : 0;
    const refused = repeats ? second === "t" : first === "t";
    const late = !repeats && refused && second === "n" ? 1 : 0;
    assert.equal(at, 1 + repeats + (refused ? 1 : 0) + late, script);
    assert.equal(scene.refreshes() - refreshes, refused ? 1 : 0, script);
  }
});

behaviour("client_P13_a_hundred_at_once_repeat_once_each", async (scene) => {
  const binding = await bound(scene);
  binding.nonces.api = "late";
  const statuses = await scene.page.evaluate(
    ({ api }) =>
      Promise.all(
        Array.from({ length: 100 }, () => keep.fetch(`${api}/orders`).then(({ status }) => status)),
      ),
    scene.at,
  );
  assert.deepEqual([...new Set(statuses)], [200]);
  assert.ok(orders(scene).length <= 200);
  assert.equal(scene.refreshes(), 1);
});

behaviour(
  "client_P14_bodies_are_whole_on_the_repeat_and_a_stream_is_not_repeated",
  async (scene) => {
    const { page, at } = scene;
    const binding = await bound(scene);
    const send = (kind: "request" | "form" | "stream") =>
      page.evaluate(
        async ([{ api }, kind]) => {
          const url = `${api}/orders`;
          const stream = () => new Blob(["drop"]).stream();
          const response =
            kind === "request"
              ? await keep.fetch(new Request(url, { method: "POST", body: "of a request" }))
              : kind === "form"
                ? await keep.fetch(url, { method: "POST", body: new URLSearchParams({ a: "b" }) })
                : await keep.fetch(url, {
                    method: "POST",
                    body: stream(),
                    duplex: "half",
                  } as never);
          return [response.status, (await response.json()).body];
        },
        [at, kind] as const,
      );
    binding.nonces.api = "1";
    assert.deepEqual(await send("request"), [200, "of a request"]);
    binding.nonces.api = "2";
    assert.deepEqual(await send("form"), [200, "a=b"]);
    binding.nonces.api = "3";
    const before = orders(scene).length;
    if (process.env["BROWSER"] !== "firefox") {
      const outcome = await page.evaluate(
        ({ api }) =>
          stage.outcome(
            keep.fetch(`${api}/orders`, {
              method: "POST",
              body: new Blob(["drop"]).stream(),
              duplex: "half",
            } as never),
          ),
        at,
      );
      // HTTP/1.1 refuses the stream before it is sent, or the API refuses it once.
      assert.ok(outcome.value === 401 || outcome.error?.name === "TypeError");
      assert.ok(orders(scene).length - before <= 1);
    }
  },
);

behaviour("client_P15_a_fault_of_a_proof_is_no_fault_of_the_token", async (scene) => {
  const { api } = scene;
  await bound(scene);
  api.on("/orders", () => json({}, 401, { "WWW-Authenticate": FAULTS.p }));
  assert.equal((await order(scene)).value, 401);
  api.on("/orders", () => json({}, 401, { "WWW-Authenticate": FAULTS.n }));
  assert.equal((await order(scene)).value, 401);
  assert.equal(scene.refreshes(), 1);
  assert.ok(!(await types(scene)).includes("rejected-fresh-token"));
});

behaviour("client_P16_a_refresh_repeats_with_the_nonce_in_the_same_call", async (scene) => {
  const binding = new Binding(scene);
  binding.nonces.authority = "wanted";
  await scene.started({ dpop: true });
  assert.equal((await scene.session()).status, "authenticated");
  assert.equal(scene.refreshes(), 2);
  await scene.page.evaluate(() => keep.refresh());
  assert.equal(scene.refreshes(), 3);
  // As a 401 with a challenge too, and no error in the JSON.
  let isFirst = true;
  scene.authority.on(REFRESH, (call) => {
    if (!isFirst) return binding.grant(call);
    isFirst = false;
    binding.nonces.authority = "other";
    return json({}, 401, {
      "WWW-Authenticate": FAULTS.n,
      "DPoP-Nonce": "other",
      "Access-Control-Expose-Headers": "DPoP-Nonce, WWW-Authenticate, Date",
    });
  });
  await scene.page.evaluate(() => keep.refresh());
  assert.equal((await scene.session()).generation, 3);
});

for (const status of [400, 401, 403, 419]) {
  behaviour(
    `client_P17_a_proof_that_stays_refused_with_${status}_signs_nobody_out`,
    async (scene) => {
      await bound(scene);
      const noSession = [400, 401, 419];
      await scene.started({ dpop: true, noSession });
      const before = scene.refreshes();
      scene.authority.on(REFRESH, () => json({ error: "invalid_dpop_proof" }, status));
      const outcome = await scene.page.evaluate(() => stage.outcome(keep.refresh()));
      assert.deepEqual(
        [outcome.error?.code, outcome.error?.status],
        ["refresh_misconfigured", 400],
      );
      assert.equal((await scene.session()).status, "authenticated");
      assert.equal(scene.refreshes() - before, 1);
    },
  );
}

for (const [ahead, isDateExposed] of [
  [7_200, true],
  [-7_200, true],
  [7_200, false],
] as const) {
  const how = `${ahead < 0 ? "fast" : "slow"}_${isDateExposed ? "by_the_date" : "by_the_token"}`;
  behaviour(`client_P18_a_clock_that_is_${how}_costs_at_most_one_repeat`, async (scene) => {
    const binding = new Binding(scene);
    Object.assign(binding, { ahead, isDateExposed, window: isDateExposed ? 60 : 100_000 });
    await scene.started({ dpop: true });
    assert.ok(scene.refreshes() <= 2, `${scene.refreshes()} calls`);
    binding.window = 60;
    assert.equal((await order(scene)).value, 200);
    assert.equal(orders(scene).length, 1);
    await scene.page.evaluate(() => keep.refresh());
    assert.ok(scene.refreshes() <= 3);
  });
}

behaviour("client_P18_an_api_tells_the_time_too", async (scene) => {
  const binding = await bound(scene);
  Object.assign(binding, { ahead: 86_400, window: 60 });
  assert.equal((await order(scene)).value, 200);
  assert.equal((await order(scene)).value, 200);
  assert.deepEqual([orders(scene).length, scene.refreshes()], [3, 1]);
});

behaviour("client_P19_the_type_of_a_token_is_what_was_asked_for", async (scene) => {
  const binding = new Binding(scene);
  const startWith = async (options: Options, tokenType: string | undefined) => {
    binding.tokenType = tokenType;
    await scene.keep(options);
    const outcome = await scene.page.evaluate(() => stage.outcome(keep.start()));
    return outcome.error?.code ?? (await scene.session()).status;
  };
  assert.equal(await startWith({ dpop: true }, "Bearer"), "refresh_malformed");
  assert.equal(await startWith({ dpop: true }, undefined), "refresh_malformed");
  assert.equal(await startWith({ dpop: {} }, "dpop"), "authenticated");
  scene.authority.on(REFRESH, () => scene.grant({ token_type: "DPoP" }));
  for (const dpop of [false, undefined] as const)
    assert.equal(await startWith({ dpop: dpop as boolean }, "DPoP"), "refresh_malformed");
  // While servers migrate the reply decides.
  scene.authority.on(REFRESH, () => scene.grant());
  assert.equal(await startWith({ dpop: { required: false } }, "Bearer"), "authenticated");
  scene.api.on("/plain", ({ token }) => json({ token }));
  const outcome = await scene.page.evaluate(
    ({ api }) => stage.outcome(keep.fetch(`${api}/plain`)),
    scene.at,
  );
  assert.match(outcome.text!, /token-/);
  assert.equal(scene.api.to("/plain").at(-1)?.headers["dpop"], undefined);
});

behaviour("client_P19_no_token_of_somebody_else_is_adopted", async (scene) => {
  await bound(scene);
  for (const token_type of ["DPoP", "Bearer", undefined]) {
    const outcome = await scene.page.evaluate(
      (token_type) =>
        stage.outcome(keep.adopt({ access_token: "t", ...(token_type ? { token_type } : {}) })),
      token_type,
    );
    assert.equal(outcome.error?.code, "refresh_malformed", token_type);
  }
});

behaviour("client_P20_no_challenge_makes_a_bound_token_travel_alone", async (scene) => {
  const { api } = scene;
  await bound(scene);
  api.on("/orders", () => json({}, 401, { "WWW-Authenticate": 'Bearer error="invalid_token"' }));
  assert.equal((await order(scene)).value, 401);
  for (const { headers } of orders(scene)) {
    assert.match(headers.authorization ?? "", /^DPoP /);
    assert.equal(typeof headers["dpop"], "string");
  }
});

behaviour("client_P21_calls_that_a_backend_passes_on_name_the_token_endpoint", async (scene) => {
  const binding = new Binding(scene);
  binding.tokenEndpoint = "https://id.example.com/token";
  const tokenEndpoint = "https://id.example.com/token?x=1#y";
  await scene.started({ dpop: { tokenEndpoint } });
  assert.equal((await order(scene)).value, 200);
  const names = binding.proofs.map(({ claims }) => claims["htu"]);
  assert.deepEqual(names, ["https://id.example.com/token", `${scene.at.api}/orders`]);
});

behaviour("client_P22_a_sign_in_has_a_proof_and_its_repeat", async (scene) => {
  const binding = new Binding(scene);
  binding.nonces.authority = "asked";
  await scene.keep({ dpop: true });
  const outcome = await scene.page.evaluate(
    ({ authority }) =>
      stage.outcome(keep.signIn(`${authority}/login`, { method: "POST", body: "ada" })),
    scene.at,
  );
  assert.equal(outcome.value, 200);
  assert.doesNotMatch(outcome.text!, /access_token/);
  const sent = scene.authority.to("/login").filter(({ method }) => method === "POST");
  assert.deepEqual(
    sent.map(({ body }) => body.toString()),
    ["ada", "ada"],
  );
  assert.equal((await order(scene)).value, 200);
  // What is refused for another reason is the caller's.
  scene.authority.on("/login", () => json({ error: "wrong password" }, 401));
  const refused = await scene.page.evaluate(
    ({ authority }) => stage.outcome(keep.signIn(`${authority}/login`, { method: "POST" })),
    scene.at,
  );
  assert.deepEqual([refused.value, JSON.parse(refused.text!).error], [401, "wrong password"]);
});

behaviour("client_P23_a_token_is_lent_with_what_proves_it", async (scene) => {
  const { page, at } = scene;
  const binding = await bound(scene);
  binding.nonces.api = "known";
  await order(scene);
  const status = await page.evaluate(
    ({ api }) =>
      keep.withToken(async (token, prove) => {
        const proof = await prove("GET", new URL(`${api}/orders?x=1`));
        const headers = { Authorization: `DPoP ${token}`, DPoP: proof };
        return (await fetch(`${api}/orders?x=1`, { headers })).status;
      }),
    at,
  );
  assert.equal(status, 200);
  const attempted = await page.evaluate(
    ({ api }) =>
      keep.attempt(
        `${api}/orders`,
        async (token, prove) => {
          const headers = {
            Authorization: `DPoP ${token}`,
            DPoP: await prove!("GET", `${api}/orders`),
          };
          return (await fetch(`${api}/orders`, { headers })).status;
        },
        (status) => status === 401,
      ),
    at,
  );
  assert.equal(attempted, 200);
  // A token that is bound to nothing has no proof.
  scene.authority.on(REFRESH, () => scene.grant());
  await scene.started();
  const outcome = await page.evaluate(
    ({ api }) => stage.outcome(keep.withToken((_, prove) => prove("GET", api))),
    at,
  );
  assert.equal(outcome.error?.code, "dpop_unavailable");
});

behaviour("client_P350_an_attempt_makes_a_proof_when_it_is_asked_for_one", async (scene) => {
  const { page, at } = scene;
  const binding = await bound(scene);
  await page.evaluate(() => {
    const { sign } = SubtleCrypto.prototype;
    const count = { signatures: 0 };
    SubtleCrypto.prototype.sign = function (...given) {
      count.signatures += 1;
      return sign.apply(this, given);
    };
    Object.assign(globalThis, { count });
  });
  const attempt = (isProved: boolean) =>
    page.evaluate(
      async ([{ api }, isProved]) => {
        const { count } = globalThis as unknown as { count: { signatures: number } };
        const before = count.signatures;
        const { status } = await keep.attempt(
          `${api}/orders`,
          async (token, prove) => {
            const headers = new Headers({ Authorization: `DPoP ${token}` });
            if (isProved) headers.set("DPoP", await prove!("GET", `${api}/orders`));
            return fetch(`${api}/orders`, { headers });
          },
          ({ status, headers }) => status === 401 && (headers.get("WWW-Authenticate") ?? ""),
        );
        return [status, count.signatures - before];
      },
      [at, isProved] as const,
    );
  // Asked for none it makes none.
  binding.nonces.api = "first";
  assert.deepEqual(await attempt(false), [401, 0]);
  // The nonce in an answer to a proof is in the next one.
  assert.deepEqual(await attempt(true), [200, 2]);
  assert.deepEqual(await attempt(true), [200, 1]);
  assert.deepEqual([orders(scene).length, scene.refreshes()], [4, 1]);
});

/** What `prove` comes to for the API, with what was lent and after `then`. */
const proofAfter = (scene: Scene, then: "nothing" | "refresh" | "logout" | "close") =>
  scene.page.evaluate(
    ([{ api }, then]) =>
      keep.withToken(async (token, prove) => {
        if (then === "refresh") await keep.refresh();
        if (then === "logout") await keep.logout().catch(() => undefined);
        if (then === "close") keep.close();
        const proof = await stage.outcome(prove("GET", `${api}/orders`));
        return { token, proof: String(proof.value), code: proof.error?.code };
      }),
    [scene.at, then] as const,
  );

behaviour("client_P306_a_proof_for_a_lent_token_is_for_that_token", async (scene) => {
  const binding = await bound(scene, { dpop: { required: false } });
  for (const then of ["nothing", "refresh", "nothing"] as const) {
    const { token, proof } = await proofAfter(scene, then);
    const call = { method: "GET", headers: { dpop: proof } };
    const checked = await binding.check(call as never, `${scene.at.api}/orders`, null, token);
    assert.equal(typeof checked, "object", String(checked));
    assert.equal((await order(scene)).value, 200);
  }
  // A token that was bound to nothing when it was lent stays so, whatever comes after it.
  binding.tokenType = "Bearer";
  await scene.page.evaluate(() => keep.refresh());
  const lent = scene.page.evaluate(
    ({ api }) =>
      keep.withToken(async (_, prove) => {
        await new Promise<void>((resolve) => Object.assign(globalThis, { go: resolve }));
        return stage.outcome(prove("GET", api));
      }),
    scene.at,
  );
  await scene.page.waitForFunction(() => "go" in globalThis);
  binding.tokenType = "DPoP";
  await scene.page.evaluate(() => keep.refresh());
  await scene.page.evaluate(() => (globalThis as unknown as { go(): void }).go());
  assert.equal((await lent).error?.code, "dpop_unavailable");
});

for (const [end, code] of [
  ["logout", "dpop_unavailable"],
  ["close", "closed"],
] as const) {
  behaviour(`client_P306_after_a_${end}_a_lent_token_has_no_proof`, async (scene) => {
    await bound(scene, { logout: "/session/logout" });
    assert.equal((await proofAfter(scene, end)).code, code);
  });
}

behaviour("client_P307_proofs_are_whole_whatever_their_length", async (scene) => {
  const binding = await bound(scene);
  const { api } = scene.at;
  const addresses = [10, 5_000, 20, 9_000, 30].map((length) => `${api}/${"x".repeat(length)}`);
  const { token, proofs } = await scene.page.evaluate(
    (addresses) =>
      keep.withToken(async (token, prove) => ({
        token,
        proofs: await Promise.all(addresses.map((address) => prove("GET", address))),
      })),
    addresses,
  );
  for (const [place, address] of addresses.entries()) {
    const call = { method: "GET", headers: { dpop: proofs[place] } };
    const checked = await binding.check(call as never, address, null, token);
    assert.equal(typeof checked, "object", String(checked));
  }
});

behaviour("client_P308_a_browser_without_toBase64_makes_the_same_proofs", async (scene) => {
  await scene.page.evaluate(() => {
    delete (Uint8Array.prototype as { toBase64?: unknown }).toBase64;
  });
  const binding = await bound(scene);
  for (let call = 0; call < 3; call += 1) assert.equal((await order(scene)).value, 200);
  assert.equal(binding.to("/orders").length, 3);
});

behaviour("client_P24_without_a_way_to_make_keys_nothing_is_sent", async (scene) => {
  const { page, at } = scene;
  new Binding(scene);
  await page.evaluate(() => {
    Object.defineProperty(Crypto.prototype, "subtle", { get: () => undefined, configurable: true });
  });
  await scene.keep({ dpop: true });
  const outcomes = await page.evaluate(
    async ({ api }) => [
      await stage.outcome(keep.start()),
      await stage.outcome(keep.fetch(`${api}/orders`)),
      await stage.outcome(keep.signIn(`${api}/orders`)),
    ],
    at,
  );
  for (const { error } of outcomes)
    assert.deepEqual([error?.code, error?.retryable], ["dpop_unavailable", false]);
  assert.deepEqual([scene.authority.calls.length, scene.api.calls.length], [0, 0]);
});

behaviour("client_P24_without_Ed25519_it_is_ES256", async (scene) => {
  const binding = await bound(scene, { dpop: { algorithm: "Ed25519" } });
  assert.equal((await order(scene)).value, 200);
  assert.equal(binding.proofs.at(-1)?.header.alg, "Ed25519");
  assert.deepEqual(Object.keys(binding.proofs.at(-1)!.header.jwk).sort(), ["crv", "kty", "x"]);
  await scene.page.evaluate(() => {
    const { generateKey } = SubtleCrypto.prototype;
    SubtleCrypto.prototype.generateKey = function (this: SubtleCrypto, ...given: unknown[]) {
      const [{ name }] = given as [{ name: string }];
      if (name === "Ed25519") return Promise.reject(new DOMException("", "NotSupportedError"));
      return generateKey.apply(this, given as never);
    } as never;
  });
  await scene.started({ dpop: { algorithm: "Ed25519" } });
  assert.equal((await order(scene)).value, 200);
  assert.equal(binding.proofs.at(-1)?.header.alg, "ES256");
});

behaviour("client_P26_a_proof_of_the_callers_own_is_left_alone", async (scene) => {
  await bound(scene);
  await order(scene, scene.page, { headers: { DPoP: "mine" } });
  const [call] = orders(scene);
  assert.deepEqual([call?.headers["dpop"], call?.headers.authorization], ["mine", undefined]);
  const told = await scene.page.evaluate(() => keep.explain().map(({ event }) => event));
  assert.ok(told.includes("foreign-authorization"));
});

behaviour("client_P27_after_a_logout_the_old_token_goes_nowhere", async (scene) => {
  const { page } = scene;
  await bound(scene);
  // The logout comes while the proof of a request is being signed.
  await page.evaluate(() => {
    const { sign } = SubtleCrypto.prototype;
    SubtleCrypto.prototype.sign = async function (this: SubtleCrypto, ...given: never) {
      await new Promise<void>((resolve) => Object.assign(globalThis, { go: resolve }));
      return sign.apply(this, given);
    } as never;
  });
  const sent = order(scene);
  await page.waitForFunction(() => "go" in globalThis);
  await page.evaluate(() => {
    keep.logout().catch(() => undefined);
    (globalThis as unknown as { go(): void }).go();
  });
  assert.equal((await sent).value, 401);
  const [call] = orders(scene);
  assert.deepEqual([call?.headers.authorization, call?.headers["dpop"]], [undefined, undefined]);
});

behaviour("client_P27_a_logout_behind_a_guard_has_a_proof_too", async (scene) => {
  const { authority, at } = scene;
  const url = `${at.authority}/session/logout`;
  const binding = await bound(scene, { logout: { url, authorization: true } });
  const seen: unknown[] = [];
  authority.on("/session/logout", async (call) => {
    const token = call.headers.authorization?.split(" ")[1];
    seen.push(await binding.check(call, url, null, token));
    return { status: 204 };
  });
  await scene.page.evaluate(() => keep.logout());
  assert.equal(typeof seen[0], "object", String(seen[0]));
});

behaviour("client_P304_a_logout_without_a_token_has_no_proof", async (scene) => {
  const { authority, page } = scene;
  authority.on("/session/logout", () => ({ status: 204 }));
  await bound(scene, { logout: `${scene.at.authority}/session/logout` });
  await page.evaluate(() => keep.logout());
  const [call] = authority.to("/session/logout").filter(({ method }) => method === "POST");
  assert.deepEqual([call?.headers.authorization, call?.headers["dpop"]], [undefined, undefined]);
});

behaviour("client_P305_a_logout_that_is_repeated_has_its_token_again", async (scene) => {
  const { authority, at } = scene;
  const url = `${at.authority}/session/logout`;
  const binding = await bound(scene, { logout: { url, authorization: true } });
  const seen: unknown[] = [];
  authority.on("/session/logout", async (call) => {
    const token = call.headers.authorization?.split(" ")[1];
    const proof = await binding.check(call, url, "wanted", token);
    seen.push([typeof token, typeof proof === "string" ? proof : "good"]);
    if (typeof proof !== "string") return { status: 204 };
    return json({ error: proof }, 400, {
      "DPoP-Nonce": "wanted",
      "Access-Control-Expose-Headers": "DPoP-Nonce, WWW-Authenticate, Date",
    });
  });
  await scene.page.evaluate(() => keep.logout());
  assert.deepEqual(seen, [
    ["string", "use_dpop_nonce"],
    ["string", "good"],
  ]);
});

behaviour("client_P28_without_the_option_no_byte_of_it_is_loaded", async (scene) => {
  await scene.started();
  assert.equal(scene.app.to("/dpop.js").length, 0);
  await bound(scene);
  assert.equal(scene.app.to("/dpop.js").length, 1);
});

behaviour("client_P28_a_chunk_that_does_not_load_is_told_and_asked_for_again", async (scene) => {
  const { page } = scene;
  new Binding(scene);
  await page.route("**/dpop.js*", (route) => route.abort());
  await scene.keep({ dpop: true });
  const outcome = await page.evaluate(() => stage.outcome(keep.start()));
  assert.equal(outcome.error?.code, "dpop_unavailable");
  assert.equal(scene.refreshes(), 0);
});

behaviour("client_P17_while_a_proof_is_signed_an_abort_counts", async (scene) => {
  const gate = new Gate();
  const binding = await bound(scene);
  scene.api.on("/orders", async (call) => (await gate.opened, binding.serve(call)));
  const outcome = scene.page.evaluate(({ api }) => {
    const controller = new AbortController();
    const sent = stage.outcome(keep.fetch(`${api}/orders`, { signal: controller.signal }));
    controller.abort(new RangeError("mine"));
    return sent;
  }, scene.at);
  assert.equal((await outcome).error?.name, "RangeError");
  gate.open();
  assert.equal(orders(scene).length, 0);
});

test("client_P28_the_chunk_brings_nothing_along", () => {
  const text = readFileSync(new URL("../../dist/dpop.js", import.meta.url), "utf8");
  assert.doesNotMatch(text, /\bimport\b/);
});

for (const [dpop, option] of [
  ["on", "dpop"],
  [null, "dpop"],
  [{ required: "yes" }, "dpop.required"],
  [{ algorithm: "RS256" }, "dpop.algorithm"],
  [{ tokenEndpoint: "ftp://a" }, "dpop.tokenEndpoint"],
  [{ tokenEndpoint: 7 }, "dpop.tokenEndpoint"],
] as const) {
  behaviour(`client_P28_${JSON.stringify(dpop)}_is_told_by_name`, async (scene) => {
    const message = await scene.page.evaluate((dpop) => {
      try {
        stage.make({ refresh: "/r", dpop: dpop as never });
        return "";
      } catch (error) {
        return `${(error as { code: string }).code} ${(error as Error).message}`;
      }
    }, dpop);
    assert.ok(message.startsWith("config_invalid") && message.includes(option), message);
  });
}
