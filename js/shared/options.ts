// Options, read by a table: each name has a check, and a name without one is no option. Only own
// members count. Each is read once, and lists and tables are copied: what is changed later changes
// nothing.

/** Makes the error for an option: its name, and what is wrong with it. */
export type Invalid = (option: string, problem: string) => Error;

/** Throws. `path`: the names that lead to what is wrong, from what is checked. */
export type Fail = (problem: string, ...path: string[]) => never;

/** What an option comes to, or a failure. */
export type Check<T> = (given: unknown, fail: Fail) => T;

export function read<T>(check: Check<T>, given: unknown, invalid: Invalid): T {
  return check(given, (problem, ...path) => {
    throw invalid(path.join(".") || "options", problem);
  });
}

/** `what` it must be, in the words of the message. */
export const must =
  <T>(what: string, is: (given: unknown) => boolean): Check<T> =>
  (given, fail) =>
    is(given) ? (given as T) : fail(`must be ${what}`);

export const isText = (given: unknown) => typeof given === "string" && given !== "";

export const text = /* @__PURE__ */ must<string>("a text", isText);
export const object = /* @__PURE__ */ must<object>(
  "an object",
  (given) => typeof given === "object" && given !== null && !Array.isArray(given),
);

export const oneOf = <T extends string | boolean>(...values: readonly T[]): Check<T> =>
  must(values.join(" or "), (given) => values.includes(given as T));

export const flag = /* @__PURE__ */ oneOf(true, false);

export const number = (least: number, most: number): Check<number> =>
  must(
    `a number from ${least} to ${most}`,
    (given) => typeof given === "number" && given >= least && given <= most,
  );

/** An object with these methods. */
export const having = <T>(what: string, ...methods: string[]) =>
  must<T>(what, (given) => methods.every((name) => typeof Object(given)[name] === "function"));

export const integer = (least: number, most: number): Check<number> =>
  must(
    `a whole number from ${least} to ${most}`,
    (given) => Number.isInteger(given) && Number(given) >= least && Number(given) <= most,
  );

/** To be called without `this`: the platform's `fetch` takes none but its own. */
export const callable =
  <F extends (...given: never[]) => unknown>(): Check<F> =>
  (given, fail) =>
    typeof given === "function"
      ? (((...all: unknown[]) => given(...all)) as never)
      : fail("must be a function");

/** `usual` stands for what is not given. */
export function optional<T>(check: Check<T>): Check<T | undefined>;
export function optional<T>(check: Check<T>, usual: T): Check<T>;
export function optional<T>(check: Check<T>, usual?: T): Check<T | undefined> {
  return (given, fail) => (given === undefined ? usual : check(given, fail));
}

export const listOf =
  <T>(check: Check<T>, least = 0): Check<readonly T[]> =>
  (given, fail) =>
    Array.isArray(given) && given.length >= least
      ? Array.from<unknown, T>(given, (one) => check(one, fail))
      : fail(`must be a list of ${least} or more`);

/** Of any names, which the check is told too. */
export const tableOf =
  <T>(
    check: (given: unknown, fail: Fail, name: string) => T,
  ): Check<readonly (readonly [name: string, value: T])[]> =>
  (given, fail) =>
    Object.entries(object(given, fail)).map(([name, value]) => [
      name,
      check(value, (problem, ...path) => fail(problem, name, ...path), name),
    ]);

/** The members of an object; all of the table's names are own members of what it gives. */
export const members =
  <T extends Readonly<Record<string, Check<unknown>>>>(
    table: T,
  ): Check<{ readonly [name in keyof T]: ReturnType<T[name]> }> =>
  (given, fail) => {
    const found: Record<string, unknown> = { __proto__: null, ...object(given, fail) };
    for (const name in found) if (!Object.hasOwn(table, name)) fail("is no option", name);
    const each = tableOf((check, fail, name) => (check as Check<unknown>)(found[name], fail));
    return Object.fromEntries(each(table, fail)) as never;
  };

const ADDRESS =
  /^(https:\/\/[^/@]+|http:\/\/(([^/@]*\.)?localhost|127(\.\d+){3}|\[::1\])(:\d+)?)\/[^#]*$/;

/** https:, or http: on this machine. */
export const address: Check<URL> = (given, fail) => {
  const url = URL.canParse(given as string) && new URL(given as string);
  return url && ADDRESS.test(url.href)
    ? url
    : fail("must be an https: URL, without user name and fragment");
};

/** A secret of at least 32 bytes, copied: its bytes can't be changed afterwards. */
export const secret: Check<Uint8Array<ArrayBuffer>> = (given, fail) => {
  const bytes =
    typeof given === "string"
      ? new TextEncoder().encode(given)
      : Uint8Array.from(given instanceof Uint8Array ? given : []);
  return bytes.length < 32 ? fail("must be a secret of 32 bytes or more") : bytes;
};
