// What a route asks of a token beyond being valid: scopes, roles, permissions, tenant, a recent or
// stronger login, a binding to the request. What is missing never grants: a claim of the wrong type
// counts as absent.

import { invalidOption } from "../options/invalid.js";
import { readClock, type Settings } from "../options/read.js";
import { own as claim } from "../result/outcome.js";
import type { Policy, Verified } from "../result/verified.js";
import { VerifyError } from "./error.js";

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
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw invalidOption("policy", "must be an object");
  if (given === NO_POLICY || read.has(given)) return given;
  const policy = copyOf(given) as Policy;
  for (const name of Object.keys(given))
    if (!Object.hasOwn(policy, name)) throw invalidOption(`policy.${name}`, "is no rule");
  read.add(policy);
  return policy;
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

function maxAge(value: unknown): unknown {
  if (value !== undefined && !(typeof value === "number" && value >= 0))
    throw invalidOption("policy.maxAge", "must be a number of seconds");
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
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name))
      throw problem(`must not name ${JSON.stringify(name)}: that is no header`);
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

/** @throws {VerifyError} policy.* for the first rule that is not kept */
export async function enforce(
  policy: Policy,
  auth: Verified,
  request: Request,
  { clock, clockTolerance: slack }: Settings,
): Promise<void> {
  const refuse = (
    what: "scope" | "role" | "permission" | "tenant" | "step_up" | "fingerprint",
  ): never => {
    throw new VerifyError(`policy.${what}`);
  };
  const {
    scopes = [],
    anyScope,
    roles,
    permissions = [],
    tenant,
    acr,
    maxAge,
    fingerprint,
  } = policy;
  if (tenant !== undefined && auth.tenant !== tenant) refuse("tenant");
  if (acr !== undefined && !acr.includes(claim(auth.claims, "acr", "string") ?? ""))
    refuse("step_up");
  if (maxAge !== undefined) {
    const age = readClock(clock) / 1000 - (claim(auth.claims, "auth_time", "number") ?? Number.NaN);
    if (!(age <= maxAge + slack && age >= -slack)) refuse("step_up");
  }
  if (!scopes.every((scope) => auth.scopes.has(scope))) refuse("scope");
  if (anyScope !== undefined && !anyScope.some((scope) => auth.scopes.has(scope))) refuse("scope");
  if (roles !== undefined && !roles.some((role) => auth.roles.has(role))) refuse("role");
  if (!permissions.every((permission) => auth.permissions.has(permission))) refuse("permission");
  if (fingerprint !== undefined && !(await isBound(fingerprint, auth, request)))
    refuse("fingerprint");
}

async function isBound(
  fingerprint: NonNullable<Policy["fingerprint"]>,
  { claims }: Verified,
  request: Request,
): Promise<boolean> {
  try {
    const expected = claim(claims, "fingerprint", "string") ?? "";
    return expected !== "" && (await fingerprint(request)) === expected;
  } catch {
    return false;
  }
}
