// The page of the bundlers without the wasm in the JavaScript: each says in wasm.js how it brings
// the file along.

import { createTokenKeep } from "tokenkeep/slim";
import { exerciseClient } from "./client.js";
import { cellOfPage, show } from "./outcomes.js";
import { wasm } from "./wasm.js";

const at = cellOfPage();

show({ slim: () => exerciseClient((options) => createTokenKeep({ ...options, wasm }), at) });
