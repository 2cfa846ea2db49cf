// The page that could keep the token itself, and is told to leave it to a worker.

import { createTokenKeep } from "tokenkeep";
import { exerciseClient } from "./client.js";
import { cellOfPage, show } from "./outcomes.js";

const at = `${cellOfPage()}/~host`;
const host = () =>
  new Worker(new URL("./token.worker.js", import.meta.url), { type: "module" });

show({ host: () => exerciseClient(createTokenKeep, at, { host }) });
