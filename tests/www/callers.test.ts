// Who may call the authority: CORS for the origin of the app alone, and no forged calls.

import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";
import { ALICE, useStack, Visitor } from "./harness.ts";

const stack = useStack();
const ENDPOINTS = [
  "sign-in",
  "refresh",
  "logout",
  "logout-everywhere",
  "list",
  "end",
  "totp/enrol",
  "totp/confirm",
  "step-up",
].map((name) => `/session/${name}`);

test("the session calls refuse what comes without the CSRF header", async () => {
  const visitor = new Visitor(stack());
  await visitor.signIn();
  for (const path of ENDPOINTS) {
    for (const value of ["", "fetch"]) {
      const response = await visitor.post(path, {
        body: ALICE,
        headers: { "X-Requested-With": value },
      });
      assert.equal(response.status, 403, path);
      assert.deepEqual(await response.json(), { error: "csrf_header_missing" });
    }
  }
  assert.equal(await visitor.tryRefresh(), 200, "the session is as it was");
});

test("they refuse foreign origins and cross-site calls, even with the header and the cookie", async () => {
  const visitor = new Visitor(stack());
  await visitor.signIn();
  const foreign = [
    { Origin: "https://evil.example" },
    { Origin: "null" },
    { Origin: `${stack().app}.evil.example` },
    { Origin: stack().api },
    { "Sec-Fetch-Site": "cross-site" },
  ];
  for (const path of ENDPOINTS) {
    for (const headers of foreign) {
      const response = await visitor.post(path, { body: ALICE, headers });
      assert.equal(response.status, 403, `${path} ${JSON.stringify(headers)}`);
      assert.deepEqual(await response.json(), { error: "origin_not_allowed" });
      assert.deepEqual(response.headers.getSetCookie(), []);
    }
  }
  assert.equal(await visitor.tryRefresh(), 200, "the session is as it was");
});

test("they refuse what a form, a frame or an image would send: only a script's fetch gets there", async () => {
  // node:http, since fetch sets this header itself.
  const statusIn = (mode: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const headers = {
        Origin: stack().app,
        "X-Requested-With": "XMLHttpRequest",
        "Sec-Fetch-Site": "same-site",
        "Sec-Fetch-Mode": mode,
      };
      const call = request(
        `${stack().authority}/session/refresh`,
        { method: "POST", headers },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        },
      );
      call.once("error", reject).end();
    });
  assert.deepEqual(
    [await statusIn("navigate"), await statusIn("no-cors"), await statusIn("websocket")],
    [403, 403, 403],
  );
  assert.equal(await statusIn("cors"), 401, "let in, without a cookie");
});

test("the app's origin may read credentialed answers, refusals included", async () => {
  const responses = [
    await new Visitor(stack()).post("/session/sign-in", { body: ALICE }),
    await new Visitor(stack()).post("/session/refresh"),
    await new Visitor(stack()).post("/session/refresh", { headers: { "X-Requested-With": "" } }),
  ];
  assert.deepEqual(
    responses.map((response) => response.status),
    [200, 401, 403],
  );
  for (const { headers } of responses) {
    assert.equal(headers.get("Access-Control-Allow-Origin"), stack().app);
    assert.equal(headers.get("Access-Control-Allow-Credentials"), "true");
    assert.match(headers.get("Vary") ?? "", /\bOrigin\b/);
    assert.match(headers.get("Access-Control-Expose-Headers") ?? "", /\bRetry-After\b/);
  }
});

test("a foreign origin may read nothing", async () => {
  const response = await new Visitor(stack()).post("/session/refresh", {
    headers: { Origin: "https://evil.example" },
  });
  assert.equal(response.headers.get("Access-Control-Allow-Origin"), null);
});

test("a preflight from the app is answered with what the client sends; a foreign one names no origin", async () => {
  const preflight = (origin: string) =>
    fetch(`${stack().authority}/session/refresh`, {
      method: "OPTIONS",
      headers: {
        Origin: origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,x-requested-with",
      },
    });
  const { status, headers } = await preflight(stack().app);
  assert.equal(status, 204);
  assert.equal(headers.get("Access-Control-Allow-Origin"), stack().app);
  assert.equal(headers.get("Access-Control-Allow-Credentials"), "true");
  assert.match(headers.get("Access-Control-Allow-Methods") ?? "", /\bPOST\b/);
  const allowed = (headers.get("Access-Control-Allow-Headers") ?? "").toLowerCase();
  for (const name of ["content-type", "x-requested-with"])
    assert.ok(allowed.includes(name), allowed);
  assert.equal(
    (await preflight("https://evil.example")).headers.get("Access-Control-Allow-Origin"),
    null,
  );
});

test("answers can't be sniffed, framed or run, and unknown paths say so in JSON", async () => {
  const response = await fetch(`${stack().authority}/nowhere`);
  assert.equal(response.status, 404);
  assert.deepEqual(await response.json(), { error: "not_found" });
  assert.equal(response.headers.get("X-Content-Type-Options"), "nosniff");
  for (const url of [`${stack().authority}/nowhere`, `${stack().api}/api/me`]) {
    const { headers } = await fetch(url);
    assert.equal(
      headers.get("Content-Security-Policy"),
      "default-src 'none'; frame-ancestors 'none'",
    );
    assert.equal(headers.get("X-Content-Type-Options"), "nosniff");
    assert.equal(headers.get("Referrer-Policy"), "no-referrer");
  }
});

test("no call takes a body over 4 KiB, nor JSON of another shape", async () => {
  const visitor = new Visitor(stack());
  await visitor.signIn();
  for (const path of [...ENDPOINTS, "/operator/revoke-user"]) {
    assert.equal(
      (await visitor.post(path, { body: { padding: "x".repeat(5000) } })).status,
      413,
      path,
    );
  }
  for (const body of ["[]", "null", '"x"', "{", '{"id":{"id":1}}', `{"id":"${"x".repeat(65)}"}`]) {
    assert.equal((await visitor.post("/session/end", { body })).status, 400, body);
  }
  const headers = { "X-Requested-With": "XMLHttpRequest" };
  assert.equal(
    (await fetch(`${stack().authority}/session/refresh`, { headers })).status,
    404,
    "a GET changes nothing",
  );
});
