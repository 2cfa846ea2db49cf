// What the build relies on in the output of wasm-bindgen, looked at in the version that
// wasm-pack.toml pins. When another version is tried, a failure here says what has changed.
//
// To try one: `cargo search wasm-bindgen`, write its number into wasm-pack.toml and Cargo.toml
// (with that of js-sys, web-sys, wasm-bindgen-futures and wasm-bindgen-test of the same day), run
// `cargo update -p wasm-bindgen`, then `npm run build` and these tests.

import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { readGlue, type ShortNames, writeGlue } from "../../scripts/lib/glue.mjs";

interface Glue {
  api: Record<string, (...given: unknown[]) => unknown>;
  imports: WebAssembly.Imports;
  start(exports: WebAssembly.Exports): void;
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const built = (path: string) => join(root, "build", path);
const glueOf = async (folder: string) =>
  (await import(pathToFileURL(join(folder, "glue.js")).href)) as { newGlue(): Glue };

function started({ newGlue }: { newGlue(): Glue }, module: WebAssembly.Module) {
  const glue = newGlue();
  const { exports } = new WebAssembly.Instance(module, glue.imports);
  glue.start(exports);
  return glue.api;
}

for (const name of ["client", "edge"]) {
  test(`the glue of ${name} brings all that the wasm imports, and nothing of it is the API`, async () => {
    const { newGlue } = await glueOf(built(name));
    const { api, imports } = newGlue();
    const module = new WebAssembly.Module(readFileSync(built(`${name}/${name}_bg.wasm`)));
    const wanted = WebAssembly.Module.imports(module);
    assert.ok(wanted.length > 0);
    for (const { module: from, name: one } of wanted)
      assert.equal(typeof imports[from]?.[one], "function", `${from} ${one}`);
    assert.deepEqual(
      Object.keys(api).filter((one) => /^__|^[a-z]$/i.test(one)),
      [],
    );
  });
}

test("the API is what wasm-bindgen declares", async () => {
  for (const name of ["client", "edge"]) {
    const { newGlue } = await glueOf(built(name));
    const declared = readFileSync(built(`${name}/${name}.d.ts`), "utf8");
    const names = [...declared.matchAll(/^export (?:class|function|const enum|enum) (\w+)/gm)];
    assert.deepEqual(Object.keys(newGlue().api).sort(), names.map((match) => match[1]).sort());
  }
});

/** A wasm that imports `twice` and exports `run`, which calls it; and its glue by hand. */
const text = (value: string) => [value.length, ...Buffer.from(value)];
const section = (id: number, content: readonly number[]) => [id, content.length, ...content];
const small = (imported: string, exported: readonly string[]) =>
  Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [2, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 0, 0]),
    ...section(2, [1, ...text("./small_bg.js"), ...text(imported), 0, 0]),
    ...section(3, [2, 0, 1]),
    ...section(7, [
      exported.length,
      ...exported.flatMap((name, index) => [...text(name), 0, index + 1]),
    ]),
    ...section(10, [2, 6, 0, 0x20, 0, 0x10, 0, 0x0b, 2, 0, 0x0b]),
  ]);
const smallGlue = `
  let wasm;
  let calls = 0;
  export function __wbg_set_wasm(val) { wasm = val; }
  export function __wbg_twice_0123(x) { calls += 1; return x * 2; }
  export function run(x) { return [wasm.small_run(x), calls]; }`;

async function inFolder<T>(
  files: Record<string, string | Uint8Array>,
  look: (folder: string) => T,
) {
  const folder = mkdtempSync(join(tmpdir(), "tokenkeep-glue-"));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    return await look(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("short names reach the glue, and each instance has variables of its own", async () => {
  const short: ShortNames = {
    imports: [["./small_bg.js", "__wbg_twice_0123", "a"]],
    exports: [
      ["small_run", "b"],
      ["__wbindgen_start", "c"],
    ],
  };
  const files = {
    "small_bg.js": smallGlue,
    "small_bg.wasm": small("__wbg_twice_0123", ["small_run", "__wbindgen_start"]),
    "package.json": '{ "type": "module" }',
  };
  await inFolder(files, async (folder) => {
    const glue = await readGlue(folder, "small");
    assert.deepEqual(glue, { api: ["run"] });
    const wasm = small("a", ["b", "c"]);
    writeFileSync(join(folder, "small_bg.wasm"), wasm);
    await writeGlue(folder, "small", glue, short);
    const made = await glueOf(folder);
    const module = new WebAssembly.Module(wasm);
    assert.deepEqual(started(made, module)["run"]?.(21), [42, 1]);
    assert.deepEqual(started(made, module)["run"]?.(4), [8, 1]);
  });
});

test("output of wasm-bindgen that has changed is refused, and the sentence says what is missing", async () => {
  const wasm = small("__wbg_twice_0123", ["small_run", "__wbindgen_start"]);
  const refused = (files: Record<string, string | Uint8Array>, sentence: RegExp) =>
    inFolder(files, (folder) => assert.rejects(readGlue(folder, "small"), sentence));
  await refused(
    { "small_bg.js": smallGlue.replace("__wbg_set_wasm", "setWasm"), "small_bg.wasm": wasm },
    /small_bg\.js exports no `__wbg_set_wasm`: wasm-bindgen has changed/,
  );
  await refused(
    { "small_bg.js": smallGlue.replace("__wbg_twice_0123", "twice"), "small_bg.wasm": wasm },
    /exports no `__wbg_twice_0123`/,
  );
  await refused(
    {
      "small_bg.js": smallGlue,
      "small_bg.wasm": small("__wbg_twice_0123", ["small_run", "begin"]),
    },
    /small_bg\.wasm exports no `__wbindgen_start`/,
  );
});

test("an export that shares its name with a method that the wasm calls is refused", async () => {
  await inFolder({}, async (folder) => {
    cpSync(built("client"), folder, { recursive: true });
    const { imports, exports } = JSON.parse(
      readFileSync(join(folder, "names.json"), "utf8"),
    ) as ShortNames;
    const short: ShortNames = { imports, exports: [...exports, ["headers", "Z"]] };
    await assert.rejects(
      writeGlue(folder, "client", { api: [] }, short),
      /exports `headers` and calls a method of that name/,
    );
  });
});
