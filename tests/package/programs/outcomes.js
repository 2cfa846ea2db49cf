// What all exercises share. An exercise ends when all is well, and throws when not.

/** @typedef {() => Promise<unknown>} Work */

/** @param {unknown} seen @param {unknown} wanted @param {string} what */
export function expect(seen, wanted, what) {
  const [told, asked] = [JSON.stringify(seen), JSON.stringify(wanted)];
  if (told !== asked) throw new Error(`${what}: ${told}, not ${asked}`);
}

/** The code of the error that a call ends with. @param {Work} call @returns {Promise<string>} */
export async function codeOf(call) {
  try {
    await call();
    return "none";
  } catch (error) {
    return String(/** @type {{ code?: unknown }} */ (error).code);
  }
}

/**
 * The code of an error that has to be of one class: each entry has the same class of errors.
 * @param {new (...given: never[]) => Error & { code: string }} kind @param {Work} call
 * @returns {Promise<string>}
 */
export async function codeOfA(kind, call) {
  try {
    await call();
    return "none";
  } catch (error) {
    return error instanceof kind ? error.code : `of another class: ${error}`;
  }
}

/**
 * "ok", or what went wrong, of each.
 * @param {Record<string, Work>} works @returns {Promise<Record<string, string>>}
 */
export async function outcomes(works) {
  /** @type {Record<string, string>} */
  const seen = {};
  for (const [name, work] of Object.entries(works)) {
    seen[name] = await work().then(
      () => "ok",
      (error) => {
        const { stack = "", cause } = /** @type {Error} */ (error);
        return `${error} ${cause === undefined ? "" : `because ${cause} `}${stack.slice(0, 600)}`;
      },
    );
  }
  return seen;
}

/** In a page: the address of its cell. */
export function cellOfPage() {
  return new URLSearchParams(location.search).get("at") ?? "";
}

/** In a page: does the work, and shows what came of it. @param {Record<string, Work>} works */
export async function show(works) {
  const seen = await outcomes(works);
  const page = document.createElement("pre");
  page.id = "seen";
  page.textContent = JSON.stringify(seen, null, 2);
  document.body.append(page);
}
