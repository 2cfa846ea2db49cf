// Each fault of a backend fails its own rows and no others. The same backend without a fault passes
// all rows.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { rows } from "../../kit/rows.ts";
import type { Fault } from "./backend.ts";
import { check, idsWith } from "./checks.ts";
import type { Encoding } from "./encodings.ts";

/** The rows that catch each fault; "~" marks a row that warns. */
const caughtBy: Readonly<
  Record<
    Exclude<
      Fault,
      | "limits every session at once"
      | "limit of ten minutes"
      | `echoes secrets: ${Encoding}`
      | "breaks connections"
    >,
    readonly string[]
  >
> = {
  "cookie readable by scripts": ["cookie.http-only"],
  "cookie without Secure": ["cookie.secure"],
  "SameSite=None": ["cookie.same-site"],
  "SameSite=Lax": ["~cookie.same-site"],
  "cookie for the whole host": ["cookie.path"],
  "path without logout": ["cookie.path"],
  "cookie with Domain": ["cookie.no-domain", "logout.deletes-cookie"],
  "no CSRF check": ["csrf.logout", "csrf.refresh"],
  "any origin": ["cors.foreign", "origin.logout", "origin.refresh"],
  "GET accepted": ["method.logout", "method.refresh"],
  "forged refusals rotate": ["csrf.refresh", "origin.refresh"],
  "no preflight": ["cors.preflight"],
  "star for an origin": ["cors.answer", "cors.preflight", "cors.refusal"],
  "no credentials": ["cors.answer", "cors.preflight", "cors.refusal"],
  "refusals without CORS": ["cors.refusal"],
  "nothing exposed": ["cors.expose"],
  "Date not exposed": ["~cors.expose"],
  "500 for no cookie": ["refusal.no-cookie"],
  "500 for an unknown cookie": ["refusal.unknown-cookie"],
  "403 for no session": [
    "~logout.final",
    "~logout.final-predecessor",
    "~refusal.no-cookie",
    "~refusal.unknown-cookie",
    "~reuse.ends-session",
    "~reuse.refused",
  ],
  "400 invalid_grant": [
    "~logout.final",
    "~logout.final-predecessor",
    "~refusal.no-cookie",
    "~refusal.unknown-cookie",
    "~reuse.ends-session",
    "~reuse.refused",
  ],
  "refusal in HTML": ["refusal.no-cookie"],
  "refusal deletes the cookie": ["refusal.keeps-cookie"],
  "redirects to a sign-in page": [
    "logout.final",
    "logout.final-predecessor",
    "redirects.none",
    "refusal.no-cookie",
    "refusal.unknown-cookie",
    "reuse.ends-session",
    "reuse.refused",
  ],
  "reply in HTML": ["refresh.json"],
  "no access token": ["refresh.json"],
  "token with a space": ["refresh.json"],
  "no lifetime": ["~refresh.lifetime"],
  "lifetime in the token": [],
  "token_type mac": ["refresh.token-type"],
  "no token_type": [],
  "huge reply": ["refresh.size"],
  "refresh token in the reply": ["refresh.no-refresh-token"],
  cacheable: ["cache.no-store"],
  "no rotation": ["rotation.new-cookie"],
  "no grace": ["grace.accepted", "parallel.granted", "parallel.no-alarm"],
  "another successor": ["grace.same-successor", "parallel.one-successor"],
  "endless grace": ["reuse.refused"],
  "reuse without an alarm": ["reuse.ends-session"],
  "limit as 401": ["limit.status"],
  "limit without Retry-After": ["limit.retry-after"],
  "Retry-After as a date": [],
  "Retry-After in words": ["limit.retry-after"],
  "limit deletes the cookie": ["limit.keeps-cookie"],
  "no limit": [],
  "sign-in redirects": [],
  "session outlives logout": ["logout.final", "logout.final-predecessor"],
  "predecessor outlives logout": ["logout.final-predecessor"],
  "cookie outlives logout": ["logout.deletes-cookie"],
  "deletion with another path": ["logout.deletes-cookie"],
  "500 for a logout without a session": ["logout.no-session"],
  "logout redirects": ["logout.no-session", "logout.status", "redirects.none"],
};

describe("the contract kit", () => {
  test("passes every row for a backend that keeps the contract", async () => {
    const { findings } = await check([], { skip: [] });
    assert.deepEqual(idsWith(findings, "warn", "not checked"), []);
    // The page is on localhost, the backend at 127.0.0.1: two sites, and the one row that says so.
    assert.deepEqual(idsWith(findings, "fail"), ["address.same-site"]);
    assert.equal(findings.length, rows.length);
  });

  for (const [fault, caught] of Object.entries(caughtBy) as [Fault, readonly string[]][]) {
    const by = caught.length === 0 ? "no row, for it is no fault" : caught.join(", ");
    test(`catches “${fault}” with ${by}`, async () => {
      const { findings } = await check([fault]);
      const found = [
        ...idsWith(findings, "fail"),
        ...idsWith(findings, "warn").map((id) => `~${id}`),
      ];
      assert.deepEqual(
        found.sort(),
        [...caught].sort(),
        JSON.stringify(
          findings.filter(({ result }) => result !== "pass"),
          null,
          1,
        ),
      );
    });
  }
});
