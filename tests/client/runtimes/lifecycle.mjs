// Runs in Node, Bun and Deno as a program of its own:
// `<runtime> lifecycle.mjs <what> <package> [refresh URL]`. `what` is one of import, render, live,
// open, unclosed, relative and foreign-signal. Prints "ok" when all is well. It must then end by
// itself: a timer, a channel or a connection that is left would keep it alive.

const [what = "", location = "", refresh = ""] = process.argv.slice(2);

/** The globals that the import of the package must not read. */
const watched = [
  "fetch",
  "BroadcastChannel",
  "navigator",
  "location",
  "document",
  "window",
  "self",
  "localStorage",
  "sessionStorage",
  "indexedDB",
  "caches",
  "crypto",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask",
  "performance",
  "WebAssembly",
  "atob",
  "Blob",
  "Request",
  "Response",
  "Headers",
  "AbortController",
  "DecompressionStream",
  "Worker",
  "MessageChannel",
  "addEventListener",
  "reportError",
  "process",
  "Deno",
  "Bun",
];

/** The package, and which of the watched globals its import read. */
async function watchImport() {
  /** @type {string[]} */
  const touched = [];
  const globals = /** @type {Record<string, unknown>} */ (globalThis);
  const file = location.replace(/^file:\/\//, "");
  // Runtimes read globals meanwhile too. The stack shows who does.
  const note = (/** @type {string} */ name) =>
    new Error().stack?.includes(file) && touched.push(name);
  const put = watched.map((name) => {
    const before = Object.getOwnPropertyDescriptor(globalThis, name);
    if (before !== undefined && !before.configurable) return () => undefined;
    const value = globals[name];
    Object.defineProperty(globalThis, name, {
      configurable: true,
      get: () => (note(name), value),
      set: () => note(`${name} =`),
    });
    return () =>
      before === undefined ? delete globals[name] : Object.defineProperty(globalThis, name, before);
  });
  const names = new Set(Reflect.ownKeys(globalThis));
  /** @type {typeof import("tokenkeep")} */
  const source = await import(location);
  const added = Reflect.ownKeys(globalThis).filter((name) => !names.has(name));
  put.forEach((back) => back());
  return { source, touched, added };
}

const { source, touched, added } = await watchImport();
if (touched.length + added.length > 0)
  throw new Error(`importing touched ${[...touched, ...added].map(String).join(", ")}`);

if (what === "render") {
  // A server renders a page and never starts the keep.
  const keep = source.createTokenKeep({ refresh: "/session/refresh" });
  if (keep.session.status !== "unknown" || keep.explain().length !== 0)
    throw new Error("a keep that nobody started has done something");
  keep.subscribe(() => undefined);
}

if (what === "live") {
  const origin = new URL(refresh).origin;
  const keep = source.createTokenKeep({ refresh, logout: refresh, origins: [origin] });
  const { status } = await keep.start();
  if (status !== "authenticated") throw new Error(`the session is ${status}`);
  const response = await keep.fetch(`${origin}/api`);
  if ((await response.json()).token !== true)
    throw new Error("the request went out without a token");
  await keep.refresh();
  keep.close();
  keep.close();
  const ended = await keep.refresh().catch((/** @type {{ code: string }} */ error) => error);
  if (!("code" in ended) || ended.code !== "closed") throw new Error("a closed keep still works");
}

if (what === "open") {
  // The keep is not closed, and has nothing left to do.
  const { status } = await source.createTokenKeep({ refresh }).start();
  if (status !== "anonymous") throw new Error(`the session is ${status}`);
}

if (what === "unclosed") {
  // The session goes on until somebody closes the keep.
  const { status } = await source.createTokenKeep({ refresh }).start();
  if (status !== "authenticated") throw new Error(`the session is ${status}`);
}

if (what === "relative") {
  // A server calls an API with a keep that was made for the page.
  const origin = new URL(refresh).origin;
  const keep = source.createTokenKeep({
    refresh: "/session/refresh",
    logout: "/session/logout",
    origins: [origin],
    console: "off",
  });
  const codes = [];
  for (const use of [
    () => keep.start(),
    () => keep.fetch(`${origin}/api`),
    () => keep.refresh(),
    () => keep.logout(),
  ]) {
    const outcome = await use().catch((/** @type {{ code: string }} */ error) => error);
    codes.push(outcome && "code" in outcome ? outcome.code : "none");
  }
  if (
    codes.join() !==
    "refresh_misconfigured,refresh_misconfigured,refresh_misconfigured,logout_failed"
  )
    throw new Error(codes.join());
  keep.close();
}

if (what === "foreign-signal") {
  // jsdom has an AbortController of its own. The Request of Deno and of Node 24 refuses its signal.
  class Signal extends EventTarget {
    aborted = false;
    reason = undefined;
    throwIfAborted() {}
  }
  globalThis.AbortController = /** @type {typeof AbortController} */ (
    class {
      signal = new Signal();
      abort() {}
    }
  );
  const keep = source.createTokenKeep({ refresh });
  const { status } = await keep.start();
  if (status !== "authenticated") throw new Error(`the session is ${status}`);
  keep.close();
}

console.log("ok");
