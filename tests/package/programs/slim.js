// The page of the bundlers without the wasm in the JavaScript: each says in wasm.js how it brings
// the file along.

import { createTokenKeep } from "tokenkeep/slim";
import { exerciseClient, outcomes } from "./exercise.js";
import { wasm } from "./wasm.js";

const at = new URLSearchParams(location.search).get("at") ?? "";
const seen = await outcomes({ slim: () => exerciseClient((options) => createTokenKeep({ ...options, wasm }), at) });
const page = document.createElement("pre");
page.id = "seen";
page.textContent = JSON.stringify(seen, null, 2);
document.body.append(page);
