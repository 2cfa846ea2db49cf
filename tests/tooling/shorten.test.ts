// Short names between the wasm and its glue: both halves change together, and what can't be changed
// in both is refused.

import assert from "node:assert/strict";
import { test } from "node:test";
import { shortenImports } from "../../scripts/lib/shorten.mjs";

const text = (value: string) => [value.length, ...Buffer.from(value)];
const section = (id: number, content: number[]) => [id, content.length, ...content];
const names = ["__wbg_now_0123456789abcdef", "__wbg_now_fedcba9876543210"] as const;

/** A wasm that imports two functions without arguments, and exports one that calls the second. */
const wasm = Uint8Array.from([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...section(1, [1, 0x60, 0, 1, 0x7f]),
  ...section(2, [2, ...names.flatMap((name) => [...text("./client_bg.js"), ...text(name), 0, 0])]),
  ...section(3, [1, 0]),
  ...section(7, [1, ...text("call"), 0, 2]),
  ...section(10, [1, 4, 0, 0x10, 1, 0x0b]),
]);
const glue = `
    const import0 = {
        __proto__: null,
        ${names[0]}: function() { return 1; },
        ${names[1]}: function() { return 2; },
    };
    return { "./client_bg.js": import0 };`;

test("the wasm still runs with its glue, under short names", async () => {
  const short = shortenImports(wasm, glue);
  const module = await WebAssembly.compile(short.wasm);
  assert.deepEqual(WebAssembly.Module.imports(module), [
    { module: "a", name: "a", kind: "function" },
    { module: "a", name: "b", kind: "function" },
  ]);
  const imports = new Function(short.glue)() as WebAssembly.Imports;
  const { exports } = await WebAssembly.instantiate(module, imports);
  assert.equal((exports["call"] as () => number)(), 2);
});

test("a glue that does not say a name exactly once is refused", () => {
  assert.throws(
    () => shortenImports(wasm, glue.replace(names[0], "other")),
    /`__wbg_now_0123456789abcdef:` 0 times, not once/,
  );
  assert.throws(() => shortenImports(wasm, `${glue} // ${names[1]}: again`), /2 times, not once/);
});
