// The page whose keep lives in a worker, dedicated and shared. No wasm is in the page.

import { createTokenKeep } from "tokenkeep/hosted";
import { exerciseClient } from "./client.js";
import { cellOfPage, show } from "./outcomes.js";

const at = cellOfPage();
const dedicated = () =>
  new Worker(new URL("./token.worker.js", import.meta.url), { type: "module" });
const shared = () =>
  new SharedWorker(new URL("./token.worker.js", import.meta.url), { type: "module" });

show({
  dedicated: () => exerciseClient(createTokenKeep, `${at}/~dedicated`, { host: dedicated }),
  shared: () => exerciseClient(createTokenKeep, `${at}/~shared`, { host: shared }),
});
