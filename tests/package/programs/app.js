// The page of the bundlers: both halves and the React hook in one program.

import { createTokenKeep } from "tokenkeep";
import { redirects } from "tokenkeep/redirects";
import { exerciseClient, exerciseDpop, exerciseRedirects } from "./client.js";
import { cellOfPage, show } from "./outcomes.js";
import { exerciseReact } from "./react.js";
import { exerciseEdge } from "./verifier.js";

const at = cellOfPage();

show({
  client: () => exerciseClient(createTokenKeep, at),
  dpop: () => exerciseDpop(createTokenKeep, `${at}/~dpop`),
  redirects: () => exerciseRedirects(createTokenKeep, redirects, `${at}/~redirects`),
  edge: () => exerciseEdge(at),
  react: () => exerciseReact(at),
});
