// A worker, dedicated or service, with both halves.

import { createTokenKeep } from "tokenkeep";
import { exerciseClient, exerciseDpop } from "./client.js";
import { exerciseEdge } from "./verifier.js";
import { answerWith } from "./worker-door.js";

answerWith((at) => ({
  client: () => exerciseClient(createTokenKeep, at),
  dpop: () => exerciseDpop(createTokenKeep, `${at}/~dpop`),
  edge: () => exerciseEdge(at),
}));
