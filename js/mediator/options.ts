// Reads the options of an entry point by a table: each option's name, and how it is read. Only own
// members count, and an option that the table does not name is a mistake.

/** Makes the error for an option: its name, and what is wrong with it. */
export type Invalid = (option: string, problem: string) => Error;

/** Gives an option as it counts, or throws what is wrong with it. */
export type Read<T> = (given: unknown, option: string, invalid: Invalid) => T;

/** What is right as it is. */
export function that<T>(problem: string, isRight: (given: unknown) => boolean): Read<T> {
  return (given, option, invalid) => {
    if (!isRight(given)) throw invalid(option, problem);
    return given as T;
  };
}

/** `usual` stands for an option that is not given. */
export function optional<T, U>(read: Read<T>, usual: U): Read<T | U> {
  return (given, ...rest) => (given === undefined ? usual : read(given, ...rest));
}

/** The members that the table names, and no others. No object counts as an empty one. */
export function members<T>(table: { readonly [K in keyof T]: Read<T[K]> }): Read<T> {
  return (given = {}, option, invalid) => {
    if (typeof given !== "object" || given === null || Array.isArray(given))
      throw invalid(option || "options", "must be an object");
    const path = (name: string) => (option ? `${option}.${name}` : name);
    const own = new Map(Object.entries(given));
    for (const name of own.keys())
      if (!Object.hasOwn(table, name)) throw invalid(path(name), "is no option");
    const read = Object.entries<Read<unknown>>(table).map(([name, read]) => [
      name,
      read(own.get(name), path(name), invalid),
    ]);
    return Object.fromEntries(read) as T;
  };
}

/** A list, each item of which is read. */
export function listOf<T>(read: Read<T>): Read<readonly T[]> {
  return (given, option, invalid) => {
    if (!Array.isArray(given)) throw invalid(option, "must be a list");
    return Array.from(given, (one) => read(one, option, invalid));
  };
}

export const text: Read<string> = (given, option, invalid) => {
  if (typeof given !== "string" || given === "")
    throw invalid(option, "must be text that is not empty");
  return given;
};

export const flag: Read<boolean> = (given, option, invalid) => {
  if (typeof given !== "boolean") throw invalid(option, "must be true or false");
  return given;
};

/** Text that a pattern matches. */
export function matching(pattern: RegExp, problem: string): Read<string> {
  return that(problem, (given) => typeof given === "string" && pattern.test(given));
}

/** What has a method of this name. */
export function having<T>(method: string, problem = `must have a method ${method}`): Read<T> {
  return that(problem, (given) => typeof Object(given)[method] === "function");
}

/** A function: what can be called. */
export function callable<T>(given: unknown, option: string, invalid: Invalid): T {
  if (typeof given !== "function") throw invalid(option, "must be a function");
  return given as T;
}

/** One of these words; the first one where none is given. */
export function word<const T extends string>(...words: readonly [T, ...T[]]): Read<T> {
  const isRight = (given: unknown) => words.includes(given as T);
  return optional(that<T>(`must be ${words.join(" or ")}`, isRight), words[0]);
}

/** A number within bounds. */
export function number(usual: number, least: number, most: number): Read<number> {
  const isRight = (given: unknown) => typeof given === "number" && given >= least && given <= most;
  return optional(that<number>(`must be a number from ${least} to ${most}`, isRight), usual);
}

const LOCAL = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/;

/** An address: https, or http on this machine. */
export const address: Read<URL> = (given, option, invalid) => {
  const url = URL.canParse(String(given)) ? new URL(String(given)) : null;
  const { protocol, hostname = "", username, password } = url ?? {};
  const isSafe = protocol === "https:" || (protocol === "http:" && LOCAL.test(hostname));
  if (url === null || !isSafe || username || password)
    throw invalid(option, "must be an https address, or http on this machine");
  return url;
};

const LEAST_BYTES = 32;

/** Secrets, copied: their bytes can't be changed afterwards. */
export const secrets: Read<readonly Uint8Array<ArrayBuffer>[]> = (given, option, invalid) => {
  const list = listOf((one) => (typeof one === "string" ? new TextEncoder().encode(one) : one))(
    given,
    option,
    invalid,
  );
  if (list.length === 0) throw invalid(option, "must not be empty");
  return list.map((bytes, place) => {
    if (!(bytes instanceof Uint8Array) || bytes.length < LEAST_BYTES)
      throw invalid(`${option}[${place}]`, `must be at least ${LEAST_BYTES} bytes`);
    return new Uint8Array(bytes);
  });
};
