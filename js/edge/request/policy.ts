// What a route asks of a token beyond being valid: scopes, roles, permissions, tenant, a recent or
// stronger login, a binding to the request. What is missing never grants: a claim of the wrong type
// counts as absent.

import type { Paths } from "../options/claims.js";
import { invalidOption, reading } from "../options/invalid.js";
import { isInherited, silence, tagOf } from "../options/own.js";
import { readClock, type Settings } from "../options/read.js";
import { textsAt } from "../result/claim-paths.js";
import { own as claim } from "../result/outcome.js";
import type { Claims, Policy, Verified } from "../result/verified.js";
import { type Delegation, isAllowed, readDelegation } from "./delegation.js";
import { VerifyError, type VerifyErrorCode } from "./error.js";
import { isName, readToken } from "./token.js";

/** The policy of a route that has none. */
export const NO_POLICY = { __proto__: null } as unknown as Policy;
/** The copies that `readPolicy` has made; nobody else holds one. */
const read = new WeakSet<Policy>();

/**
 * A policy as it stands now: its own members, copied. `guard` copies once. `authenticate` copies at
 * each call, for its policy may change between two of them; that takes a microsecond or two.
 *
 * @throws {VerifyError} config_invalid for a rule that nobody knows: a misspelt one would let
 * everybody in
 */
export function readPolicy(given: Policy): Policy {
  return given === NO_POLICY || read.has(given) ? given : reading("policy", () => readAnew(given));
}

function readAnew(given: Policy): Policy {
  // A list, a map or a promise has none of the rules, and would let everybody in.
  if (!OBJECTS.includes(tagOf(given))) throw invalidOption("policy", "must be an object");
  const policy = copyOf(given) as Policy;
  // What is inherited doesn't count: a policy of a class's getters would be an empty one. `then`
  // makes an object a promise.
  const inherited = [...Object.keys(policy), "then"].find(
    (name) => !NO_DEMANDS.includes(name) && isInherited(given, name),
  );
  if (inherited !== undefined) throw invalidOption(`policy.${inherited}`, "must not be inherited");
  for (const name of Object.keys(given))
    if (!Object.hasOwn(policy, name)) throw invalidOption(`policy.${name}`, "is no rule");
  read.add(policy);
  return policy;
}

/** Plain objects, those of classes, and modules. */
const OBJECTS: readonly string[] = ["[object Object]", "[object Module]"];

/** What asks nothing of a caller: where it is inherited it doesn't count, and nobody is let in. */
const NO_DEMANDS: readonly string[] = [
  "roleMap",
  "optional",
  "preflight",
  "realm",
  "resourceMetadata",
] satisfies (keyof Policy)[];

/**
 * The policy that an application's function has for a request.
 *
 * @throws {VerifyError} config_invalid, also for what the function throws
 */
export function policyFor(request: Request, choose: (request: Request) => Policy): Policy {
  try {
    const policy = choose(request);
    silence(policy);
    return readPolicy(policy);
  } catch (cause) {
    if (cause instanceof VerifyError && cause.code === "config_invalid") throw cause;
    throw new VerifyError("config_invalid", { message: "`policy` threw.", cause });
  }
}

/** Each rule is an own member of the copy: none is ever read through a prototype. */
const copyOf = (given: Policy): { readonly [rule in keyof Required<Policy>]: unknown } => ({
  scopes: listOfTexts(given, "scopes"),
  anyScope: listOfTexts(given, "anyScope"),
  roles: listOfTexts(given, "roles"),
  permissions: listOfTexts(given, "permissions"),
  roleMap: roleMap(own(given, "roleMap")),
  tenant: text(given, "tenant"),
  acr: listOfTexts(given, "acr"),
  maxAge: maxAge(own(given, "maxAge")),
  optional: own(given, "optional"),
  token: readToken(own(given, "token")),
  audience: audience(own(given, "audience")),
  preflight: preflight(own(given, "preflight")),
  delegation: readDelegation(own(given, "delegation")),
  dpop: dpop(own(given, "dpop")),
  fresh: fresh(own(given, "fresh")),
  fingerprint: fingerprint(own(given, "fingerprint")),
  forward: forward(own(given, "forward")),
  realm: text(given, "realm"),
  resourceMetadata: text(given, "resourceMetadata"),
});

function own(given: Policy, name: keyof Policy): unknown {
  return Object.hasOwn(given, name) ? given[name] : undefined;
}

/** A copy of a list of texts; null for anything else. */
function copyOfTexts(given: unknown): readonly string[] | null {
  // A hole becomes an item that is undefined.
  const list: readonly unknown[] = Array.isArray(given) ? [...given] : [""];
  const isText = (one: unknown) => typeof one === "string" && one !== "";
  return list.every(isText) ? (list as readonly string[]) : null;
}

function listOfTexts(given: Policy, name: keyof Policy): unknown {
  const list = own(given, name);
  if (list === undefined) return undefined;
  const copy = copyOfTexts(list);
  if (copy === null)
    throw invalidOption(`policy.${name}`, "must be a list of texts that are not empty");
  return copy;
}

function text(given: Policy, name: keyof Policy): unknown {
  const value = own(given, name);
  if (value !== undefined && typeof value !== "string")
    throw invalidOption(`policy.${name}`, "must be a text");
  return value;
}

function audience(value: unknown): unknown {
  if (value === undefined) return undefined;
  const copy = copyOfTexts(typeof value === "string" ? [value] : value);
  if (!copy?.length)
    throw invalidOption("policy.audience", "must be a list of texts that are not empty");
  return copy;
}

function preflight(value: unknown): unknown {
  if (value !== undefined && value !== "pass" && value !== "guard")
    throw invalidOption("policy.preflight", 'must be "pass" or "guard"');
  return value;
}

function dpop(value: unknown): unknown {
  if (value !== undefined && value !== "accepted" && value !== "required")
    throw invalidOption("policy.dpop", 'must be "accepted" or "required"');
  return value;
}

function maxAge(value: unknown): unknown {
  if (value !== undefined && !(typeof value === "number" && value >= 0))
    throw invalidOption("policy.maxAge", "must be a number of seconds");
  return value;
}

function fresh(value: unknown): unknown {
  if (value !== undefined && typeof value !== "boolean")
    throw invalidOption("policy.fresh", "must be true or false");
  return value;
}

function fingerprint(value: unknown): unknown {
  if (value !== undefined && typeof value !== "function")
    throw invalidOption("policy.fingerprint", "must be a function");
  return value;
}

function roleMap(given: unknown): unknown {
  return mapOf("roleMap", given, (role, permissions) => {
    const copy = copyOfTexts(permissions);
    if (copy === null)
      throw invalidOption("policy.roleMap", `must give ${JSON.stringify(role)} a list of texts`);
    return copy;
  });
}

function forward(given: unknown): unknown {
  return mapOf("forward", given, (name, claim) => {
    const problem = (what: string) => invalidOption("policy.forward", what);
    if (!isName(name)) throw problem(`must not name ${JSON.stringify(name)}: that is no header`);
    const copy = typeof claim === "string" ? claim : copyOfTexts(claim);
    if (copy === null) throw problem(`must give ${JSON.stringify(name)} a claim, or a path to one`);
    return copy;
  });
}

function mapOf(
  rule: string,
  given: unknown,
  read: (name: string, value: unknown) => unknown,
): unknown {
  if (given === undefined) return undefined;
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw invalidOption(`policy.${rule}`, "must be an object");
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, read(name, value)]),
  );
}

/** The permissions that a policy's map gives to roles. */
export function permissionsOf(
  roles: ReadonlySet<string>,
  roleMap: NonNullable<Policy["roleMap"]>,
): readonly string[] {
  return [...roles].flatMap((role) => (Object.hasOwn(roleMap, role) ? (roleMap[role] ?? []) : []));
}

/** What the rules of a policy are about. */
export type Subject = Pick<
  Verified,
  "claims" | "tenant" | "scopes" | "roles" | "permissions" | "proof"
>;

/**
 * What the rules are about, of whatever somebody made or kept by hand: what is missing grants
 * nothing. Lists stand for sets, as JSON has them.
 *
 * @throws {VerifyError} request.missing for null; config_invalid for what has no claims
 */
export function subjectFrom(auth: Verified, { roleMap = {} }: Policy): Subject {
  if (auth === null) throw new VerifyError("request.missing");
  const member = (name: keyof Subject): unknown =>
    Object.hasOwn(auth, name) || isInherited(auth, name) ? auth[name] : undefined;
  const texts = (name: keyof Subject) => {
    const value = member(name);
    return new Set<string>(value instanceof Set || Array.isArray(value) ? value : []);
  };
  const claims = typeof auth === "object" ? member("claims") : undefined;
  if (tagOf(claims) !== "[object Object]") throw invalidOption("auth", "must have claims");
  const roles = texts("roles");
  return {
    claims: claims as Claims,
    tenant: (member("tenant") ?? null) as string | null,
    scopes: texts("scopes"),
    roles,
    permissions: new Set([...texts("permissions"), ...permissionsOf(roles, roleMap)]),
    proof: (member("proof") ?? null) as NonNullable<Verified["proof"]> | null,
  };
}

/**
 * `request` is null where there is none: then no token is bound to it. `acrPaths`: where the
 * token's issuer writes `acr`, if not in the claim of that name.
 *
 * @throws {VerifyError} policy.* for the first rule that is not kept
 */
export async function enforce(
  policy: Policy,
  auth: Subject,
  request: Request | null,
  { clock, clockTolerance: slack }: Settings,
  acrPaths: Paths | undefined,
): Promise<void> {
  const refuse = (code: Extract<VerifyErrorCode, `policy.${string}`>): never => {
    throw new VerifyError(code);
  };
  const {
    scopes = [],
    anyScope,
    roles,
    permissions = [],
    tenant,
    audience,
    delegation,
    acr,
    maxAge,
    fingerprint,
  } = policy;
  if (policy.dpop === "required" && !auth.proof) refuse("policy.dpop_required");
  if (audience !== undefined && !isMeantFor(audience, auth.claims)) refuse("policy.audience");
  if (tenant !== undefined && auth.tenant !== tenant) refuse("policy.tenant");
  if (delegation !== undefined && !isAllowed(delegation as Delegation, auth.claims))
    refuse("policy.delegation");
  if (acr !== undefined) {
    const usual = claim(auth.claims, "acr", "string") ?? "";
    const reached = acrPaths ? textsAt(auth.claims, acrPaths) : new Set([usual]);
    if (!acr.some((one) => reached.has(one))) refuse("policy.step_up");
  }
  if (maxAge !== undefined) {
    const age = readClock(clock) / 1000 - (claim(auth.claims, "auth_time", "number") ?? Number.NaN);
    if (!(age <= maxAge + slack && age >= -slack)) refuse("policy.step_up");
  }
  if (!scopes.every((scope) => auth.scopes.has(scope))) refuse("policy.scope");
  if (anyScope !== undefined && !anyScope.some((scope) => auth.scopes.has(scope)))
    refuse("policy.scope");
  if (roles !== undefined && !roles.some((role) => auth.roles.has(role))) refuse("policy.role");
  if (!permissions.every((permission) => auth.permissions.has(permission)))
    refuse("policy.permission");
  if (fingerprint !== undefined && !(await isBound(fingerprint, auth, request)))
    refuse("policy.fingerprint");
}

/** RFC 7519 section 4.1.3: `aud` is one text, or a list of them. */
function isMeantFor(audience: NonNullable<Policy["audience"]>, claims: Claims): boolean {
  const aud: unknown = Object.hasOwn(claims, "aud") ? claims.aud : undefined;
  return [aud].flat().some((one) => audience.includes(one as string));
}

async function isBound(
  fingerprint: NonNullable<Policy["fingerprint"]>,
  { claims }: Subject,
  request: Request | null,
): Promise<boolean> {
  if (request === null) return false;
  try {
    const expected = claim(claims, "fingerprint", "string") ?? "";
    return expected !== "" && (await fingerprint(request)) === expected;
  } catch {
    return false;
  }
}
