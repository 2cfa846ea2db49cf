// The client at work against the authority of the cell at `at`, in the page and in a worker.

import { codeOf, expect } from "./outcomes.js";

/** @typedef {import("tokenkeep").TokenKeepOptions} Options */
/** @typedef {(options: Options) => import("tokenkeep").TokenKeep} Create */

/** @param {string} at @returns {Options} */
const optionsFor = (at) => ({
  refresh: `${at}/session/refresh`,
  logout: `${at}/session/logout`,
  origins: [new URL(at).origin],
  name: at,
});

/**
 * Signs in, makes an authorised call, has a withdrawn token renewed, renews, signs out.
 * @param {Create} create @param {string} at @param {Partial<Options>} more
 */
export async function exerciseClient(create, at, more = {}) {
  const keep = create({ ...optionsFor(at), ...more });
  expect((await keep.start()).status, "anonymous", "the first start");
  const reply = await keep.signIn(`${at}/session/sign-in`, { method: "POST" });
  expect((await reply.json()).access_token, undefined, "the token in the reply");
  const call = async () => (await (await keep.fetch(`${at}/api`)).json()).token;
  expect([keep.session.status, await call()], ["authenticated", "token-1"], "signed in");
  await fetch(`${at}/api`, { method: "DELETE" });
  expect([await call(), keep.session.generation], ["token-2", 2], "after a 401");
  await keep.refresh();
  expect(await call(), "token-3", "renewed");
  const lent = more.host === undefined ? "none" : "not_in_page";
  expect(await codeOf(() => keep.withToken(() => undefined)), lent, "the token in the page");
  await keep.logout();
  expect(keep.session.status, "anonymous", "signed out");
  keep.close();
  expect(await codeOf(() => keep.fetch(`${at}/api`)), "closed", "closed");
}

/**
 * The same with a key of its own, which the client loads its provers for.
 * @param {Create} create @param {string} at
 */
export const exerciseDpop = (create, at) => exerciseClient(create, at, { dpop: true });

/**
 * Picks up the session that a redirect has begun, and takes its mark out of the address bar. The
 * page was opened with the mark.
 * @param {Create} create @param {typeof import("tokenkeep/redirects").redirects} redirects
 * @param {string} at
 */
export async function exerciseRedirects(create, redirects, at) {
  await fetch(`${at}/session/sign-in`, { method: "POST" });
  const keep = create(optionsFor(at));
  const { status } = await redirects(keep, { mediator: `${at}/session` }).start();
  expect([status, hasMark()], ["authenticated", false], "signed in, and whether the mark is there");
  keep.close();
}

export const hasMark = () => new URLSearchParams(location.search).has("tokenkeep");

/**
 * Scripts a fake keep, whose errors are of the package's own class, and verifies what a test's
 * issuer signs.
 * @param {Pick<typeof import("tokenkeep/testing"), "fakeKeep" | "memoryKv" | "testIssuer">} testing
 * @param {{
 *   TokenKeepError: typeof import("tokenkeep").TokenKeepError,
 *   createVerifier: typeof import("tokenkeep/edge").createVerifier,
 * }} product
 */
export async function exerciseTesting({ fakeKeep, memoryKv, testIssuer }, product) {
  const { TokenKeepError, createVerifier } = product;
  const keep = fakeKeep({ claims: { name: "Ada" }, routes: { "/orders": [7] } });
  expect(await (await keep.fetch("/orders")).json(), [7], "a route");
  keep.signOut("rejected");
  const error = await keep.withToken(() => undefined).catch((reason) => reason);
  expect(error instanceof TokenKeepError && error.code, "signed_out", "the class of its errors");
  const issuer = testIssuer();
  const verifier = createVerifier({ issuers: issuer.options, jwks: { fetch: issuer.fetch } });
  expect((await verifier.verify(await issuer.mint({ sub: "ada" }))).claims.sub, "ada", "a token");
  expect(memoryKv().keys(), [], "KV");
}
