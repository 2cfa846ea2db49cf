// Signing in: the token is taken out of the reply, and a reply that may hold one and can't be read
// is not handed on.

import assert from "node:assert/strict";
import { json, type Reply, type Scene, scenes } from "./harness.ts";

const behaviour = scenes();
const SIGN_IN = "/session/sign-in";
const TOKEN = "the-token-of-a-sign-in";
const JSON_TYPE = { "Content-Type": "application/json" };

const reply = (body: string | Buffer, headers: Record<string, string> = JSON_TYPE): Reply => ({
  headers,
  body,
});

/** Signs in; what the application gets, and the steps that `explain()` tells of it. */
const signIn = ({ page, at }: Scene) =>
  page.evaluate(async ({ authority }) => {
    const outcome = await stage.outcome(
      keep.signIn(`${authority}/session/sign-in`, { method: "POST" }),
    );
    const told = keep.explain().filter(({ event }) => event === "sign-in-without-token");
    return { ...outcome, told: told.map(({ note }) => note ?? "") };
  }, at);

const grant = (more = "") => `{"access_token":"${TOKEN}","expires_in":900${more}}`;

for (const [how, answer] of Object.entries({
  of_more_than_64_KiB: reply(grant(`,"name":"${"x".repeat(65_536)}"`)),
  with_a_byte_order_mark: reply(`\ufeff${grant()}`),
  in_bad_UTF_8: reply(
    Buffer.concat([Buffer.from(grant(',"name":"')), Buffer.of(0xff, 0x22, 0x7d)]),
  ),
  with_half_a_surrogate_pair: reply(grant(String.raw`,"name":"\ud83d"`)),
  nested_too_deep: reply(grant(`,"list":${"[".repeat(40)}${"]".repeat(40)}`)),
  with_two_tokens: reply(grant(`,"accessToken":"${TOKEN}"`)),
  that_is_cut_off: reply(grant().slice(0, -1)),
  with_a_guard_before_it: reply(`)]}',\n${grant()}`),
  of_another_token_type: reply(grant(',"token_type":"mac"')),
  labelled_as_text_with_two_tokens: reply(grant(`,"access_token":"${TOKEN}"`), {
    "Content-Type": "text/plain",
  }),
  labelled_as_text_in_UTF_16: reply(Buffer.from(`\ufeff${grant()}`, "utf16le"), {
    "Content-Type": "text/plain; charset=utf-16",
  }),
  labelled_as_text_in_UTF_16_of_the_other_order: reply(
    Buffer.from(`\ufeff${grant()}`, "utf16le").swap16(),
    { "Content-Type": "text/plain; charset=utf-16" },
  ),
  labelled_as_nothing_with_a_byte_order_mark: reply(`\ufeff \n${grant()}`, {}),
} satisfies Record<string, Reply>)) {
  behaviour(`client_F87_a_sign_in_reply_${how}_is_not_handed_on`, async (scene) => {
    await scene.keep();
    scene.authority.on(SIGN_IN, () => answer);
    const { error, value, text, told } = await signIn(scene);
    assert.equal(error?.code, "refresh_malformed");
    assert.deepEqual([value, text], [undefined, undefined]);
    assert.doesNotMatch(error.message, /the-token/);
    assert.deepEqual(told, ["a 200 without a usable token"]);
    assert.equal((await scene.session()).status, "unknown");
  });
}

for (const [how, answer, text] of [
  ["labelled_as_JSON", reply(grant(',"name":"ann"')), '{"expires_in":900,"name":"ann"}'],
  [
    "labelled_as_a_kind_of_JSON",
    reply(grant(), { "Content-Type": "application/vnd.api+json; charset=utf-8" }),
    '{"expires_in":900}',
  ],
  [
    "labelled_as_text",
    reply(` \n${grant()}`, { "Content-Type": "text/plain" }),
    '{"expires_in":900}',
  ],
  ["labelled_as_nothing", reply(grant(), {}), '{"expires_in":900}'],
] as const) {
  behaviour(`client_F87_the_token_is_taken_out_of_a_reply_${how}`, async (scene) => {
    await scene.keep();
    scene.authority.on(SIGN_IN, () => answer);
    assert.deepEqual(await signIn(scene), { value: 200, text, told: [] });
    assert.equal(await scene.page.evaluate(() => keep.withToken((token) => token)), TOKEN);
  });
}

const passes: Record<string, Reply> = {
  an_object: json({ user: { access_token: "nested" }, next: "second-factor" }),
  a_list: json([{ access_token: "not ours" }]),
  a_text: json("welcome"),
  nothing: { status: 200, headers: JSON_TYPE, body: "" },
  no_content: { status: 204 },
  a_page: reply("<!doctype html><p>{}", { "Content-Type": "text/html" }),
  a_long_page: reply(`<!doctype html>${"x".repeat(100_000)}`, { "Content-Type": "text/html" }),
  a_JSON_list_without_a_label: reply('[{"a":1}]', {}),
};
for (const [how, answer] of Object.entries(passes)) {
  behaviour(`client_A88_a_reply_without_a_token_passes_and_is_told_${how}`, async (scene) => {
    await scene.started();
    const before = await scene.session();
    scene.authority.on(SIGN_IN, () => answer);
    const { status = 200, body = "" } = answer;
    assert.deepEqual(await signIn(scene), { value: status, text: `${body}`, told: [""] });
    assert.deepEqual(await scene.session(), before);
  });
}

behaviour("client_A88_other_answers_than_2xx_pass_untouched_and_untold", async (scene) => {
  await scene.started();
  for (const status of [400, 401, 403, 422, 500]) {
    scene.authority.on(SIGN_IN, () => ({ ...reply(`\ufeff${grant()}`), status }));
    const { value, text, told } = await signIn(scene);
    assert.deepEqual([value, text, told], [status, grant(), []]);
  }
  assert.equal((await scene.session()).generation, 1);
});

behaviour("client_A88_a_stream_of_events_passes_as_it_comes", async (scene) => {
  const { page, authority, at } = scene;
  await scene.keep();
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  authority.on(SIGN_IN, () => ({
    headers: { "Content-Type": "text/event-stream" },
    stream: async (write) => {
      write("data: one\n\n");
      await ended;
    },
  }));
  const first = await page.evaluate(async ({ authority }) => {
    const response = await keep.signIn(`${authority}/session/sign-in`, { method: "POST" });
    const { value } = await response.body!.getReader().read();
    return new TextDecoder().decode(value);
  }, at);
  assert.equal(first, "data: one\n\n", "though the server has not finished");
  end();
});
