// The edge suite in a realm of its own: a context of `node:vm` whose `Promise` and `Error` are not
// those of the platform's functions. The edge runtime of Next.js is made so, and the environments
// of Jest: there a promise of `crypto.subtle` is no `instanceof Promise`.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import type { Case } from "./suite/kit.ts";

/** What the realm gets of the platform. It has nothing of `node:`, and so no `node:crypto`. */
const PLATFORM = [
  "AbortController",
  "AbortSignal",
  "Blob",
  "CompressionStream",
  "CryptoKey",
  "DecompressionStream",
  "DOMException",
  "Event",
  "EventTarget",
  "FormData",
  "Headers",
  "ReadableStream",
  "Request",
  "Response",
  "TextDecoder",
  "TextEncoder",
  "TransformStream",
  "URL",
  "URLSearchParams",
  "Uint8Array",
  "WritableStream",
  "atob",
  "btoa",
  "clearTimeout",
  "console",
  "crypto",
  "fetch",
  "performance",
  "queueMicrotask",
  "setTimeout",
  "structuredClone",
] as const;

/** What the cases assert with. Two objects of different realms may be equal. */
const ofAnyRealm = Object.assign((...told: Parameters<typeof assert>) => assert(...told), assert, {
  deepEqual(seen: unknown, wanted: unknown, what?: string): void {
    try {
      assert.deepEqual(seen, wanted, what);
    } catch {
      assert.deepEqual(structuredClone(seen), structuredClone(wanted), what);
    }
  },
});

async function suiteInItsOwnRealm(): Promise<readonly Case[]> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("suite/all.ts", import.meta.url))],
    bundle: true,
    write: false,
    format: "iife",
    globalName: "suite",
    target: "es2022",
    external: ["node:*"],
    // package.json says that nothing here has side effects; entering a case is one.
    ignoreAnnotations: true,
    logLevel: "warning",
  });
  const own = Object.fromEntries(PLATFORM.map((name) => [name, globalThis[name]]));
  const { on, off } = process;
  const realm = createContext({
    ...own,
    process: { on: on.bind(process), off: off.bind(process) },
    require: () => ofAnyRealm,
  });
  return runInContext(`${outputFiles[0]?.text}\nsuite.cases`, realm) as readonly Case[];
}

const cases = await suiteInItsOwnRealm();

test("the realm is another one", () => {
  assert.ok(cases.length > 300);
  assert.notEqual(cases.constructor, Array);
});

for (const { name, run } of cases) test(`${name}, in another realm`, () => run(null));
