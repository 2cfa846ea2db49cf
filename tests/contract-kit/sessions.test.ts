// Where the sessions come from, and what is left out when there are too few.

import assert from "node:assert/strict";
import { test } from "node:test";
import { checkContract } from "../../kit/contract.ts";
import { CannotBegin } from "../../kit/sessions.ts";
import { startBackend, type TestBackend } from "./backend.ts";
import { check, idsWith, optionsFor } from "./checks.ts";

async function cookiesOf(
  backend: TestBackend,
  count: number,
): Promise<(readonly [string, string])[]> {
  const signIns = Array.from({ length: count }, () =>
    fetch(new URL("session/sign-in", backend.base), { method: "POST", body: "pass-word" }),
  );
  const answers = await Promise.all(signIns);
  return answers.map((answer) => [
    "refresh",
    /^refresh=([^;]*)/.exec(answer.headers.getSetCookie()[0] ?? "")?.[1] ?? "",
  ]);
}

async function checkWithCookies(count: number) {
  const backend = await startBackend();
  try {
    const source = { signIn: null, cookies: await cookiesOf(backend, count), cookieName: null };
    return await checkContract(optionsFor(backend, { source }));
  } finally {
    backend.close();
  }
}

test("without a session some rows are checked, and the others say what to give", async () => {
  const findings = await checkWithCookies(0);
  assert.deepEqual(idsWith(findings, "fail", "warn"), []);
  assert.deepEqual(idsWith(findings, "pass"), [
    "address.https",
    "cors.expose",
    "cors.foreign",
    "cors.preflight",
    "cors.refusal",
    "logout.no-session",
    "redirects.none",
    "refusal.keeps-cookie",
    "refusal.no-cookie",
  ]);
  assert.match(
    findings.find(({ id }) => id === "refresh.status")?.came ?? "",
    /--sign-in or --cookie/,
  );
});

test("one cookie is enough without the alarm and the limit, three for everything", async () => {
  const one = await checkWithCookies(1);
  assert.deepEqual(idsWith(one, "fail", "warn"), []);
  const rest = [
    "limit.keeps-cookie",
    "limit.retry-after",
    "limit.status",
    "reuse.ends-session",
    "reuse.refused",
  ];
  assert.deepEqual(idsWith(one, "not checked"), ["address.same-site", ...rest]);
  assert.match(one.find(({ id }) => id === "reuse.refused")?.came ?? "", /--cookie once more/);

  const three = await checkWithCookies(3);
  assert.deepEqual(idsWith(three, "fail", "warn"), []);
  assert.deepEqual(idsWith(three, "not checked"), ["address.same-site"]);
});

test("page and backend of one origin need no CORS", async () => {
  const backend = await startBackend([
    "any origin",
    "star for an origin",
    "nothing exposed",
    "no preflight",
  ]);
  try {
    const options = optionsFor(backend);
    const findings = await checkContract({
      ...options,
      target: { ...options.target, origin: backend.base.origin },
    });
    assert.deepEqual(
      idsWith(findings, "not checked").filter((id) => id.startsWith("cors.")),
      ["cors.answer", "cors.expose", "cors.preflight", "cors.refusal"],
    );
  } finally {
    backend.close();
  }
});

test("the checks don't begin when nothing answers or nobody is let in", async () => {
  await assert.rejects(check(["breaks connections"]), CannotBegin);
  const backend = await startBackend();
  try {
    const options = optionsFor(backend);
    const signIn = { url: new URL("session/sign-in", backend.base), body: "wrong" };
    await assert.rejects(checkContract({ ...options, source: { ...options.source, signIn } }), {
      name: "CannotBegin",
      message: "The sign-in was answered with 404.",
    });
    const source = { ...options.source, cookieName: "other" };
    await assert.rejects(checkContract({ ...options, source }), {
      name: "CannotBegin",
      message: /^The sign-in set refresh: say with --cookie-name/,
    });
  } finally {
    backend.close();
  }
});

test("a 429 on the way is waited for, and is no fault of the backend", async () => {
  const backend = await startBackend(["limits every session at once"]);
  const waits: string[] = [];
  try {
    const findings = await checkContract(optionsFor(backend, { say: (text) => waits.push(text) }));
    assert.deepEqual(idsWith(findings, "fail"), []);
    assert.ok(waits.includes("waiting 60 s, as the backend asks with its 429"));
  } finally {
    backend.close();
  }
});

test("a limit that asks for too long a wait leaves a row unchecked", async () => {
  const { findings } = await check(["limits every session at once", "limit of ten minutes"]);
  assert.deepEqual(idsWith(findings, "fail"), []);
  const { came, result } = findings.find(({ id }) => id === "parallel.no-alarm") ?? {};
  assert.deepEqual([result, came], ["not checked", "a limit stood in the way: 429"]);
});
