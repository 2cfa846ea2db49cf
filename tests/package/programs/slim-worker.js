// As worker.js, with the wasm in a file beside the program.

import { createTokenKeep } from "tokenkeep/slim";
import { exerciseClient } from "./client.js";
import { answerWith } from "./worker-door.js";

const wasm = new URL("./client.wasm", import.meta.url);

answerWith((at) => ({
  slim: () => exerciseClient((options) => createTokenKeep({ ...options, wasm }), at),
}));
