// How the glue of wasm-bindgen is made fit for a second instance; that pages and Workers get one is
// tested in tests/client and tests/edge.

import assert from "node:assert/strict";
import { test } from "node:test";
import { renewable } from "../../scripts/lib/glue.mjs";

const init = "if (wasm !== undefined) return wasm;";
const functions = `export function take() {}\nfunction initSync(module) {\n    ${init}\n    if (!(module instanceof WebAssembly.Module)) {\n        module = new WebAssembly.Module(module);\n    }\n}\nfunction init() { ${init} }\n`;
const objects = {
  glue: "export class Keep {\n}\nexport function remedyOf(x) {\n}\nlet wasm;\nasync function __wbg_load(module) {}\nexport { initSync, __wbg_init as default };\n",
  types:
    "export class Keep {\n}\nexport function remedyOf(x: string): number;\n\nexport type InitInput = URL;\n",
};

test("glue of functions alone no longer refuses another instance, nor a module of another realm", () => {
  const { glue, types } = renewable({ glue: functions, types: "as it was" });
  assert.equal(
    glue,
    "export function take() {}\nfunction initSync(module) {\n    \n}\nfunction init() {  }\n",
  );
  assert.equal(types, "as it was");
});

test("glue of objects becomes a function that hands out an instance's own", () => {
  const { glue, types } = renewable(objects);
  assert.match(
    glue,
    /^export async function instantiate\(source, wrap\) \{\nclass Keep \{\n\}\nfunction remedyOf/m,
  );
  assert.match(glue, /return \{ Keep, remedyOf, module \};\n\}\n$/);
  assert.match(
    types,
    /Promise<\{ Keep: typeof Keep, remedyOf: typeof remedyOf, module: WebAssembly\.Module \}>/,
  );
});

test("glue that has changed its ways is refused", () => {
  assert.throws(
    () => renewable({ glue: functions.replace(init, ""), types: "" }),
    /wasm-bindgen has changed its ways/,
  );
  assert.throws(
    () => renewable({ glue: functions.replace("instanceof", "of"), types: "" }),
    /wasm-bindgen has changed its ways/,
  );
  assert.throws(() => renewable({ ...objects, types: "" }), /wasm-bindgen has changed its ways/);
});
