// Options and policies as they are read: by their own members, and once. A member that
// Object.prototype was given elsewhere counts for nothing, and an object that is changed later
// changes nothing. Depends on nothing, so that every entry point may use it.

/**
 * A copy of plain data: objects by their own members and without a prototype, lists by
 * their items. Functions stay what they are.
 */
export function ownCopy<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return Array.from(value, ownCopy) as T;
  const copy = Object.create(null) as Record<string, unknown>;
  for (const name of Object.getOwnPropertyNames(value))
    copy[name] = ownCopy((value as typeof copy)[name]);
  return copy as T;
}

/**
 * The own members of an object that have these names. What it lacks is a member of the copy all the
 * same, `undefined`: nothing of it is read through a prototype.
 */
export function ownMembers<T extends object>(given: T, names: readonly string[]): T {
  const member = (name: string) =>
    Object.hasOwn(given, name) ? (given as Record<string, unknown>)[name] : undefined;
  return Object.fromEntries(names.map((name) => [name, member(name)])) as T;
}

/**
 * Whether a member that is not an object's own is that of its class, or of what it was created
 * from. What `Object.prototype` has, of whatever realm, is nobody's.
 */
export function isInherited(given: object, name: string): boolean {
  const from: object | null = Object.getPrototypeOf(given);
  return (
    from !== null &&
    !Object.hasOwn(given, name) &&
    !Object.hasOwn(from, "isPrototypeOf") &&
    (Object.hasOwn(from, name) || isInherited(from, name))
  );
}

/** What kind of object the platform takes it for: "[object Object]", "[object Promise]". */
export function tagOf(given: unknown): string {
  return Object.prototype.toString.call(given);
}

/**
 * Whether it has to be waited for. Not by `instanceof`: in the edge runtime of Next.js, and in
 * Jest, promises of the platform's functions are of another realm than `Promise`.
 */
export function isPromise<T>(given: T | PromiseLike<T>): given is PromiseLike<T> {
  return typeof (given as PromiseLike<T> | null | undefined)?.then === "function";
}

/** Where no promise is expected, nobody waits for one. If it fails, that is not heard. */
export function silence(given: unknown): void {
  if (isPromise(given)) given.then(undefined, () => undefined);
}
