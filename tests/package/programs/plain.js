// app.js without React, for places that import no CommonJS.

import { createTokenKeep } from "tokenkeep";
import { createVerifier } from "tokenkeep/edge";
import { exerciseClient, exerciseEdge, outcomes } from "./exercise.js";

const at = new URLSearchParams(location.search).get("at") ?? "";
const seen = await outcomes({
  client: () => exerciseClient(createTokenKeep, at),
  edge: () => exerciseEdge(createVerifier, at),
});
const page = document.createElement("pre");
page.id = "seen";
page.textContent = JSON.stringify(seen, null, 2);
document.body.append(page);
