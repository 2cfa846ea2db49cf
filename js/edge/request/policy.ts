// What a route asks of a token beyond being valid: scopes, roles, permissions, tenant, a recent or
// stronger login, a binding to the request. What is missing never grants: a claim of the wrong type
// counts as absent.

import { readClock, type Settings } from "../options/read.js";
import { own } from "../result/outcome.js";
import type { Policy, Verified } from "../result/verified.js";
import { invalidOption, VerifyError } from "./error.js";

const KNOWN: readonly string[] = [
  "scopes",
  "anyScope",
  "roles",
  "permissions",
  "roleMap",
  "tenant",
  "acr",
  "maxAge",
  "optional",
  "fingerprint",
  "forward",
  "realm",
  "resourceMetadata",
] satisfies (keyof Policy)[];

const checked = new WeakSet<Policy>();

/** A misspelt rule would let everybody in, so a policy with one is refused. */
export function checkPolicy(policy: Policy): Policy {
  if (typeof policy !== "object" || policy === null)
    throw invalidOption("policy", "must be an object");
  if (checked.has(policy)) return policy;
  const odd = Object.keys(policy).find((key) => !KNOWN.includes(key));
  if (odd !== undefined) throw invalidOption(`policy.${odd}`, "is no rule");
  for (const name of ["scopes", "anyScope", "roles", "permissions", "acr"] as const) {
    const list: unknown = policy[name];
    if (
      list !== undefined &&
      !(Array.isArray(list) && list.every((one) => typeof one === "string" && one !== ""))
    ) {
      throw invalidOption(`policy.${name}`, "must be a list of texts that are not empty");
    }
  }
  for (const name of ["tenant", "realm", "resourceMetadata"] as const) {
    if (policy[name] !== undefined && typeof policy[name] !== "string")
      throw invalidOption(`policy.${name}`, "must be a text");
  }
  const { maxAge, fingerprint, forward = {} } = policy;
  if (maxAge !== undefined && !(typeof maxAge === "number" && maxAge >= 0))
    throw invalidOption("policy.maxAge", "must be a number of seconds");
  if (fingerprint !== undefined && typeof fingerprint !== "function")
    throw invalidOption("policy.fingerprint", "must be a function");
  for (const name of Object.keys(forward)) {
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name))
      throw invalidOption(
        "policy.forward",
        `must not name ${JSON.stringify(name)}: that is no header`,
      );
  }
  checked.add(policy);
  return policy;
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
  const refuse = (what: string): never => {
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
  if (acr !== undefined && !acr.includes(own(auth.claims, "acr", "string") ?? ""))
    refuse("step_up");
  if (maxAge !== undefined) {
    const age = readClock(clock) / 1000 - (own(auth.claims, "auth_time", "number") ?? Number.NaN);
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
    const expected = own(claims, "fingerprint", "string") ?? "";
    return expected !== "" && (await fingerprint(request)) === expected;
  } catch {
    return false;
  }
}
