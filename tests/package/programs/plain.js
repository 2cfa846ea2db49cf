// app.js without React, for places that import no CommonJS.

import { createTokenKeep } from "tokenkeep";
import { redirects } from "tokenkeep/redirects";
import { exerciseClient, exerciseDpop, exerciseRedirects } from "./client.js";
import { cellOfPage, show } from "./outcomes.js";
import { exerciseEdge } from "./verifier.js";

const at = cellOfPage();

show({
  client: () => exerciseClient(createTokenKeep, at),
  dpop: () => exerciseDpop(createTokenKeep, `${at}/~dpop`),
  redirects: () => exerciseRedirects(createTokenKeep, redirects, `${at}/~redirects`),
  edge: () => exerciseEdge(at),
});
