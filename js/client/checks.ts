// What the readers of options have in common.

import { TokenKeepError } from "./error.js";
import type { TokenKeepOptions } from "./types.js";

/**
 * A copy of the own members of an object, each read once. Inherited members are left out. What is
 * no object has none.
 */
export function own<T extends object>(options: T | undefined | boolean): T {
  return Object.assign(Object.create(null) as T, options);
}

/** The same of what has to be an object. */
export function membersOf<T extends object>(option: string, given: T): T {
  if (typeof given !== "object" || given === null) throw invalid(option, "must be an object");
  return own(given);
}

/** Refuses the members that nobody has read. `path`: what leads to them. */
export function refuse(unread: object, path = ""): void {
  for (const name of Object.keys(unread)) throw invalid(path + name, "is no option");
}

export function invalid(option: string, fault: string, cause?: unknown): TokenKeepError {
  return new TokenKeepError("config_invalid", { message: `${option} ${fault}.`, cause });
}

/** The name of a cookie (RFC 6265) or of a header. */
export function named(option: string, name: unknown): string {
  if (typeof name !== "string" || !/^[\w!#-'*+.^`|~-]+$/.test(name))
    throw invalid(option, "must be a name");
  return name;
}

/** A list of statuses from `least` on, and of one word beside them. */
export function statuses<Word extends string>(
  option: string,
  given: readonly (number | Word)[],
  least: number,
  word?: Word,
): readonly (number | Word)[] {
  const list: readonly (number | Word)[] | null = Array.isArray(given) ? [...given] : null;
  const fits = (one: unknown) =>
    one === word || (Number.isInteger(one) && (one as number) >= least && (one as number) < 600);
  if (!list?.every(fits)) throw invalid(option, `must be a list of statuses from ${least} to 599`);
  return list;
}

/**
 * Whether it is a worker or makes one. A worker of another realm is no instance of this realm's
 * class, so its shape tells.
 */
export function isWorker(host: TokenKeepOptions["host"]): unknown {
  const worker = host as Partial<Worker & SharedWorker> | undefined;
  return typeof host === "function" || worker?.postMessage || worker?.port;
}
