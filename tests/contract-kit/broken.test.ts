// Two backends with several faults each, as they exist in the field: every fault is found, and
// nothing else is.

import assert from "node:assert/strict";
import { test } from "node:test";
import { check, idsWith } from "./checks.ts";

// A cookie that scripts read and every site sends, no CSRF check, any origin, 500 for 401.
test("a careless backend", async () => {
  const { findings } = await check([
    "cookie readable by scripts",
    "SameSite=None",
    "no CSRF check",
    "any origin",
    "500 for an unknown cookie",
    "cacheable",
    "no grace",
  ]);
  assert.deepEqual(idsWith(findings, "fail"), [
    "cache.no-store",
    "cookie.http-only",
    "cookie.same-site",
    "cors.foreign",
    "csrf.logout",
    "csrf.refresh",
    "grace.accepted",
    "origin.logout",
    "origin.refresh",
    "parallel.granted",
    "parallel.no-alarm",
    "refusal.unknown-cookie",
  ]);
  assert.deepEqual(idsWith(findings, "warn"), []);
  assert.deepEqual(idsWith(findings, "not checked"), [
    "address.same-site",
    "grace.same-successor",
    "parallel.one-successor",
  ]);
});

// Redirects, pages for answers, one cookie for ever, GET, sessions that outlive logout.
test("a web application's backend", async () => {
  const { findings } = await check([
    "redirects to a sign-in page",
    "reply in HTML",
    "no rotation",
    "GET accepted",
    "session outlives logout",
    "limit without Retry-After",
    "no preflight",
  ]);
  assert.deepEqual(idsWith(findings, "fail"), [
    "cors.preflight",
    "limit.retry-after",
    "logout.final",
    "method.logout",
    "method.refresh",
    "redirects.none",
    "refresh.json",
    "refusal.no-cookie",
    "refusal.unknown-cookie",
    "rotation.new-cookie",
  ]);
  assert.deepEqual(idsWith(findings, "warn"), []);
  assert.deepEqual(idsWith(findings, "not checked"), [
    "address.same-site",
    "grace.accepted",
    "grace.same-successor",
    "logout.final-predecessor",
    "refresh.lifetime",
    "refresh.no-refresh-token",
    "refresh.token-type",
    "reuse.ends-session",
    "reuse.refused",
  ]);
});
