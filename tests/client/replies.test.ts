// Replies of backends that answer in a shape of their own: where the token is read, what the
// application sees of a reply, and which answers say that there is no session.

import assert from "node:assert/strict";
import { json, type Options, type Reply, type Scene, scenes, until } from "./harness.ts";

const behaviour = scenes();
const REFRESH = "/session/refresh";
const SIGN_IN = "/session/sign-in";
const TOKEN = "the-token-that-nobody-sees";
const EXPOSED = {
  "Access-Control-Expose-Headers": "X-Token, Authorization, Date, WWW-Authenticate",
};

/** Signs in; what the application gets of the reply. */
const signIn = ({ page, at }: Scene) =>
  page.evaluate(async ({ authority }) => {
    let headers = "";
    const answered = keep
      .signIn(`${authority}/session/sign-in`, { method: "POST" })
      .then((response) => {
        headers = JSON.stringify([...response.headers]);
        return response;
      });
    return { headers, ...(await stage.outcome(answered)), session: keep.session };
  }, at);

/** The token of the session, as APIs get it. */
async function tokenAtTheApi({ page, api, at }: Scene): Promise<string | null | undefined> {
  await page.evaluate(({ api }) => keep.fetch(`${api}/orders`).then(() => undefined), at);
  return api.to("/orders").at(-1)?.token;
}

const utf16 = (text: string) => Buffer.from(`\ufeff${text}`, "utf16le");

for (const [how, reply, answer, left] of [
  [
    "nested",
    { accessToken: ["data", "token"] },
    json({ data: { token: TOKEN, user: "ada" } }),
    { data: { user: "ada" } },
  ],
  [
    "with_escaped_names",
    { accessToken: ["data", "token"] },
    { ...json(0), body: String.raw`{"d\u0061ta":{"tok\u0065n":"${TOKEN}"}}` },
    { data: {} },
  ],
  ["in_a_header", { header: "X-Token" }, { status: 204, headers: { "X-Token": TOKEN } }, null],
  [
    "in_a_header_behind_its_scheme",
    { header: "authorization" },
    { headers: { "Content-Type": "text/html", Authorization: `Bearer ${TOKEN}` }, body: "<p>Hi" },
    "<p>Hi",
  ],
  [
    "in_a_header_and_in_the_body",
    { header: "X-Token", accessToken: ["data", "token"] },
    json({ data: { token: TOKEN, more: [TOKEN, 1] } }, 200, {
      "X-Token": TOKEN,
    }),
    { data: { more: [1] } },
  ],
  [
    "under_another_name_too",
    { accessToken: "jwt" },
    json({ jwt: TOKEN, token: TOKEN, user: { token: TOKEN, name: "ada" } }),
    { user: { name: "ada" } },
  ],
  [
    "labelled_as_text",
    { accessToken: ["data", "token"] },
    { headers: { "Content-Type": "text/plain" }, body: `{"data":{"token":"${TOKEN}"}}` },
    { data: {} },
  ],
] satisfies [string, Options["reply"], Reply, unknown][]) {
  behaviour(`client_E103_a_token_${how}_never_reaches_the_application`, async (scene) => {
    await scene.keep({ reply });
    scene.authority.on(SIGN_IN, () => ({ ...answer, headers: { ...EXPOSED, ...answer.headers } }));
    const seen = await signIn(scene);
    assert.equal(seen.error, undefined);
    assert.equal(seen.session.status, "authenticated");
    const { text } = seen;
    const isJson = typeof left === "object" && left !== null;
    assert.deepEqual(isJson ? JSON.parse(text ?? "") : text, left ?? "");
    assert.doesNotMatch(JSON.stringify(seen), /the-token/);
    assert.equal(await tokenAtTheApi(scene), TOKEN);
  });
}

for (const [how, reply, answer] of [
  ["twice", { accessToken: ["data", "token"] }, `{"data":{"token":"${TOKEN}","token":"${TOKEN}"}}`],
  ["in_two_objects", { accessToken: ["a", "b"] }, `{"a":{"b":"${TOKEN}"},"a":{"b":"${TOKEN}"}}`],
  ["as_a_list", { accessToken: ["data", "token"] }, `{"data":{"token":["${TOKEN}"]}}`],
  ["cut_off", { accessToken: ["data", "token"] }, `{"data":{"token":"${TOKEN}"}`],
  ["in_UTF_16", { accessToken: ["data", "token"] }, utf16(`{"data":{"token":"${TOKEN}"}}`)],
  [
    "nested_too_deep",
    { accessToken: ["data", "token"] },
    `{"data":{"token":"${TOKEN}","list":${"[".repeat(40)}${"]".repeat(40)}}}`,
  ],
  [
    "in_the_body_where_a_header_is_named",
    { header: "X-Token" },
    `{"access_token":"${TOKEN}","expires_in":900}`,
  ],
] satisfies [string, Options["reply"], string | Buffer][]) {
  behaviour(`client_E103_a_token_${how}_is_handed_to_nobody`, async (scene) => {
    await scene.keep({ reply });
    for (const type of ["application/json", "text/plain"]) {
      scene.authority.on(SIGN_IN, () => ({ headers: { "Content-Type": type }, body: answer }));
      const seen = await signIn(scene);
      assert.equal(seen.error?.code, "refresh_malformed", type);
      assert.doesNotMatch(JSON.stringify(seen), /the-token/);
      assert.equal(seen.session.status, "unknown");
    }
  });
}

behaviour("client_E103_a_header_with_a_token_is_taken_off_a_refusal_too", async (scene) => {
  await scene.keep({ reply: { header: "X-Token" } });
  scene.authority.on(SIGN_IN, () => json({ no: 1 }, 422, { ...EXPOSED, "X-Token": TOKEN }));
  const { value, text, headers } = await signIn(scene);
  assert.deepEqual([value, text], [422, '{"no":1}']);
  assert.doesNotMatch(headers, /the-token/);
});

for (const [how, reply, answer] of [
  [
    "a_nested_member",
    { accessToken: ["data", "token"], expiresIn: ["data", "ttl"] },
    (token) => json({ data: { token, ttl: "120" } }),
  ],
  [
    "a_header_of_a_204",
    { header: "X-Token" },
    (token) => ({
      status: 204,
      headers: { ...EXPOSED, "X-Token": `Bearer ${token}` },
    }),
  ],
  [
    "a_member_of_another_name",
    { accessToken: "jwt" },
    (token) => json({ jwt: token, expires_in: 120 }),
  ],
] satisfies [string, Options["reply"], (token: string) => Reply][]) {
  behaviour(`client_A100_a_refresh_finds_the_token_in_${how}`, async (scene) => {
    const { authority, page, at } = scene;
    authority.on(REFRESH, () => {
      scene.grant();
      return answer(scene.granted.at(-1)!);
    });
    await scene.started({ reply });
    scene.valid.clear();
    const { value } = await page.evaluate(
      ({ api }) => stage.outcome(keep.fetch(`${api}/orders`)),
      at,
    );
    assert.equal(value, 200);
    assert.deepEqual(
      scene.api.to("/orders").map(({ token }) => token),
      scene.granted,
    );
  });
}

behaviour("client_B102_a_moment_of_expiry_counts_by_the_servers_clock", async (scene) => {
  const { authority, page } = scene;
  const wrong = Date.now() - 86_400_000;
  for (const at of [
    (moment: number) => Math.floor(moment / 1000),
    (moment: number) => new Date(moment).toISOString(),
  ]) {
    authority.on(REFRESH, () =>
      json({ access_token: "opaque", at: at(wrong + 600_000) }, 200, {
        ...EXPOSED,
        Date: new Date(wrong).toUTCString(),
      }),
    );
    await scene.started({ reply: { expiresAt: "at" } });
    const left = await page.evaluate(() => keep.session.expiresAt! - Date.now());
    assert.ok(left > 540_000 && left <= 601_000, `${left}`);
    await page.evaluate(() => keep.close());
  }
  // Without a visible `Date` the local clock counts.
  authority.on(REFRESH, () =>
    json({ access_token: "opaque", at: Math.floor(Date.now() / 1000) + 600 }, 200, {
      "Access-Control-Expose-Headers": "",
    }),
  );
  await scene.started({ reply: { expiresAt: "at" } });
  const left = await page.evaluate(() => keep.session.expiresAt! - Date.now());
  assert.ok(left > 480_000 && left <= 601_000, `${left}`);
});

for (const [how, noSession, answer, status] of [
  ["a_status", [419], { status: 419 }, 419],
  ["a_204", [204], { status: 204 }, 204],
  ["an_empty_200", ["no-token"], { status: 200 }, 200],
  ["JSON_without_a_token", ["no-token"], json({ errors: [{ message: "nobody" }] }), 200],
] satisfies [string, Options["noSession"], Reply, number][]) {
  behaviour(`client_F104_${how}_that_is_named_says_that_there_is_no_session`, async (scene) => {
    const { authority, page } = scene;
    authority.on(REFRESH, () => answer);
    await scene.started({ noSession });
    const { status: at, reason, error } = await scene.session();
    assert.deepEqual([at, reason, error], ["anonymous", "no-session", null]);
    authority.on(SIGN_IN, () => scene.grant());
    assert.equal((await signIn(scene)).session.status, "authenticated");
    const { error: rejected } = await page.evaluate(() => stage.outcome(keep.refresh()));
    assert.deepEqual([rejected?.code, rejected?.status], ["refresh_rejected", status]);
    assert.equal((await scene.session()).reason, "rejected");
  });
}

behaviour("client_F104_a_page_and_broken_JSON_are_no_answer_about_the_session", async (scene) => {
  const { authority } = scene;
  for (const answer of [
    { headers: { "Content-Type": "text/html" }, body: "<!doctype html>" },
    { headers: { "Content-Type": "application/json" }, body: '{"access' },
  ]) {
    authority.on(REFRESH, () => answer);
    await scene.keep({ noSession: ["no-token", 204], tabs: "off" });
    const { error } = await scene.page.evaluate(() => stage.outcome(keep.start()));
    assert.equal(error?.code, "refresh_malformed");
    assert.equal((await scene.session()).status, "unknown");
    await scene.page.evaluate(() => keep.close());
  }
});

behaviour("client_A101_the_session_tells_what_the_last_reply_said", async (scene) => {
  const { authority, page } = scene;
  const user = { name: "Ada", roles: ["admin"] };
  authority.on(REFRESH, () => scene.grant({ user }));
  authority.on(SIGN_IN, () => scene.grant({ user: { name: "Bob" } }));
  await scene.started();
  const told = await page.evaluate(async (url) => {
    const first = keep.session.reply;
    await keep.refresh();
    const second = keep.session.reply;
    await keep.adopt({ access_token: "sliding" }, { session: "same" });
    const slid = keep.session.reply;
    await keep.signIn(url, { method: "POST" });
    const third = keep.session.reply;
    await keep.adopt({ access_token: "another" });
    const adopted = keep.session.reply;
    return {
      first,
      same: first === second && second === slid,
      frozen: Object.isFrozen(first) && Object.isFrozen(first?.user),
      third,
      adopted,
    };
  }, `${scene.at.authority}${SIGN_IN}`);
  assert.deepEqual(told, {
    first: { user },
    same: true,
    frozen: true,
    third: { user: { name: "Bob" } },
    adopted: null,
  });
  authority.on(REFRESH, () => scene.grant());
  await page.evaluate(() => keep.refresh());
  assert.equal((await scene.session()).reply, null);
  authority.on(REFRESH, () => scene.grant({ user }));
  await page.evaluate(() => keep.refresh());
  assert.deepEqual((await scene.session()).reply, { user });
  await page.evaluate(() => keep.logout());
  assert.equal((await scene.session()).reply, null);
});

behaviour("client_E109_the_reply_that_the_session_tells_holds_no_token", async (scene) => {
  const { authority, page } = scene;
  const secrets = { refresh_token: TOKEN, refreshToken: TOKEN, id_token: TOKEN, idToken: TOKEN };
  authority.on(REFRESH, () =>
    json({
      data: { jwt: TOKEN, ttl: 900, user: { name: "Ada", ...secrets }, ...secrets },
      access_token: TOKEN,
      copies: [TOKEN, { deep: TOKEN }],
      ...secrets,
    }),
  );
  await scene.started({ reply: { accessToken: ["data", "jwt"], expiresIn: ["data", "ttl"] } });
  const { reply } = await scene.session();
  assert.deepEqual(reply, { data: { user: { name: "Ada" } }, copies: [{}] });
  const seen = await page.evaluate(() =>
    JSON.stringify([keep.session, keep.explain(), stage.events]),
  );
  assert.doesNotMatch(seen, /the-token/);
});

behaviour("client_E109_the_answer_to_a_logout_that_is_told_holds_no_token", async (scene) => {
  const { authority, page } = scene;
  authority.on("/session/logout", () =>
    json({ to: "", data: { jwt: TOKEN }, id_token: TOKEN, list: [{ refreshToken: TOKEN }] }),
  );
  authority.on(REFRESH, () => json({ data: { jwt: "another" } }));
  await scene.started({ reply: { accessToken: ["data", "jwt"] }, tabs: "off" });
  await page.evaluate(() => keep.logout());
  const told = (await scene.events()).find(({ type }) => type === "logout-answered");
  const body = { to: "", data: {}, list: [{}] };
  assert.deepEqual(told, { type: "logout-answered", status: 200, body });
});

behaviour("client_A110_the_session_tells_the_last_failure_until_it_recovers", async (scene) => {
  const { authority, page } = scene;
  authority.on(REFRESH, () => json({}, 503));
  await scene.keep({ backoff: { base: 50, max: 100 } });
  // A start that nobody catches leaves its error.
  await page.evaluate(() => void keep.start().catch(() => undefined));
  await until(async () => (await scene.session()).degraded, "the failure");
  const failed = await page.evaluate(() => {
    const { status, error } = keep.session;
    return { status, code: error?.code, http: error?.status };
  });
  assert.deepEqual(failed, { status: "unknown", code: "refresh_unreachable", http: 503 });
  authority.on(REFRESH, () => scene.grant());
  await scene.reaches("authenticated");
  assert.equal((await scene.session()).error, null);
  authority.on(REFRESH, () => json({}, 404));
  const { error } = await page.evaluate(() => stage.outcome(keep.refresh()));
  assert.equal(error?.code, "refresh_misconfigured");
  const degraded = await page.evaluate(() => [keep.session.degraded, keep.session.error?.code]);
  assert.deepEqual(degraded, [true, "refresh_misconfigured"]);
  const shown = (await page.evaluate(() =>
    stage.events.flatMap((event) =>
      event.type === "change" ? [[event.session.degraded, event.session.error !== null]] : [],
    ),
  )) as [boolean, boolean][];
  assert.ok(
    shown.every(([degraded, told]) => !degraded || told),
    "a degraded session tells why at once",
  );
});

behaviour("client_G106_a_sliding_token_is_this_tabs_alone", async (scene) => {
  const second = await scene.open();
  await scene.started();
  await scene.started({}, second);
  const before = await scene.session(second);
  scene.valid.add("sliding");
  const seen = await scene.page.evaluate(async () => {
    const session = await keep.adopt(
      { access_token: "sliding", expires_in: 600 },
      { session: "same" },
    );
    return { generation: session.generation, told: keep.explain().at(-1)?.event };
  });
  assert.deepEqual(seen, { generation: 2, told: "adopted" });
  assert.equal(await tokenAtTheApi(scene), "sliding");
  await scene.page.evaluate(() => keep.refresh());
  const told = (await scene.events(second)).map(({ type }) => type);
  assert.deepEqual(
    told.filter((type) => type !== "refreshed"),
    ["signed-in"],
  );
  assert.equal((await scene.session(second)).generation, before.generation);
  await scene.page.evaluate(() => keep.logout());
  const { error } = await scene.page.evaluate(() =>
    stage.outcome(keep.adopt({ access_token: "late" }, { session: "same" })),
  );
  assert.equal(error?.code, "signed_out");
});

behaviour("client_E107_options_about_replies_are_checked_and_copied", async (scene) => {
  const { page } = scene;
  const faults = await page.evaluate(() => {
    const wrong: Record<string, unknown>[] = [
      { reply: 7 },
      { reply: null },
      { reply: { accessToken: "" } },
      { reply: { accessToken: [] } },
      { reply: { accessToken: ["data", 7] } },
      { reply: { expiresIn: 7 } },
      { reply: { access_token: "token" } },
      { reply: { header: "no header" } },
      { reply: { header: 7 } },
      { noSession: 204 },
      { noSession: ["204"] },
      { noSession: [99] },
      { noSession: [600] },
      { noSession: [204.5] },
      { noSession: ["no-tokens"] },
    ];
    return wrong.map((options) => {
      try {
        stage.createTokenKeep({ refresh: "/r", ...options });
        return JSON.stringify(options);
      } catch (error) {
        const { code, message } = error as InstanceType<typeof stage.TokenKeepError>;
        return `${code} ${message.split(" ")[0]}`;
      }
    });
  });
  assert.deepEqual(
    faults,
    [
      ...["reply", "reply", "reply.accessToken", "reply.accessToken", "reply.accessToken"],
      ...["reply.expiresIn", "reply.access_token", "reply.header", "reply.header"],
      ...Array(6).fill("noSession"),
    ].map((option) => `config_invalid ${option}`),
  );

  scene.authority.on(REFRESH, () => json({ data: { token: TOKEN } }));
  const status = await page.evaluate(async ({ authority }) => {
    const path = ["data", "token"];
    const reply = Object.create({ header: "X-Inherited" });
    reply.accessToken = path;
    const options = structuredClone({ reply: { ...reply }, noSession: [204, "no-token" as const] });
    const refresh = `${authority}/session/refresh`;
    globalThis.keep = stage.make({ ...options, reply, refresh });
    path[1] = "other";
    return (await keep.start()).status;
  }, scene.at);
  assert.equal(status, "authenticated");
});
