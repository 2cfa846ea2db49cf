// The page of the bundlers: both halves and the React hook in one program.

import { createTokenKeep } from "tokenkeep";
import { createVerifier } from "tokenkeep/edge";
import { exerciseClient, exerciseEdge, outcomes } from "./exercise.js";
import { exerciseReact } from "./react.js";

const at = new URLSearchParams(location.search).get("at") ?? "";
const seen = await outcomes({
  client: () => exerciseClient(createTokenKeep, at),
  edge: () => exerciseEdge(createVerifier, at),
  react: () => exerciseReact(at),
});
const page = document.createElement("pre");
page.id = "seen";
page.textContent = JSON.stringify(seen, null, 2);
document.body.append(page);
