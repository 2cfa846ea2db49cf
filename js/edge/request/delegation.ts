// `Policy.delegation`: who may act for the user of a token (RFC 8693 section 4.1).

import { invalidOption } from "../options/invalid.js";
import { isInherited, ownMembers, tagOf } from "../options/own.js";
import { actorsOf, isDelegated } from "../result/actors.js";
import type { Claims } from "../result/verified.js";

/** The rule as it is read: every actor an object, `required` always there. */
export type Delegation = "allow" | "forbid" | { actors: readonly ListedActor[]; required: boolean };
type ListedActor = { readonly issuer: string | undefined; readonly subject: string };

/**
 * A copy of the rule, by its own members.
 *
 * @throws {VerifyError} config_invalid
 */
export function readDelegation(given: unknown): Delegation | undefined {
  if (given === undefined || given === "allow" || given === "forbid") return given;
  const where = "policy.delegation";
  const { actors, required = false } = membersOf(given, ["actors", "required"], where);
  if (!Array.isArray(actors)) throw invalidOption(`${where}.actors`, "must be a list");
  if (typeof required !== "boolean") throw invalidOption(`${where}.required`, "must be a boolean");
  const read = (actor: unknown, at: number) => readActor(actor, `${where}.actors[${at}]`);
  return { actors: Array.from(actors, read), required };
}

function readActor(given: unknown, where: string): ListedActor {
  const { issuer, subject } =
    typeof given === "string"
      ? { issuer: undefined, subject: given }
      : membersOf(given, ["issuer", "subject"], where);
  if (typeof subject !== "string" || subject === "")
    throw invalidOption(where, "must be a subject, or an object with one: a text");
  if (issuer !== undefined && typeof issuer !== "string")
    throw invalidOption(`${where}.issuer`, "must be a text");
  return { issuer, subject };
}

/** The members of an object that has no others, and inherits none of them. */
function membersOf(given: unknown, names: readonly string[], where: string) {
  if (tagOf(given) !== "[object Object]") throw invalidOption(where, "must be an object");
  const members = given as Record<string, unknown>;
  for (const name of Object.keys(members))
    if (!names.includes(name)) throw invalidOption(`${where}.${name}`, "is no rule");
  for (const name of names)
    if (isInherited(members, name))
      throw invalidOption(`${where}.${name}`, "must be a member of its own");
  return ownMembers(members, names);
}

/** Whether a token with these claims keeps the rule. */
export function isAllowed(rule: Delegation, claims: Claims): boolean {
  if (rule === "allow") return true;
  if (!isDelegated(claims)) return rule === "forbid" || !rule.required;
  if (rule === "forbid") return false;
  const [current] = actorsOf(claims);
  return rule.actors.some(
    ({ issuer, subject }) =>
      current?.subject === subject && (issuer === undefined || issuer === current.issuer),
  );
}
