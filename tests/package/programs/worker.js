// A worker, dedicated or service, with both halves.

import { createTokenKeep } from "tokenkeep";
import { createVerifier } from "tokenkeep/edge";
import { exerciseClient, exerciseEdge } from "./exercise.js";
import { answerWith } from "./worker-door.js";

answerWith((at) => ({
  client: () => exerciseClient(createTokenKeep, at),
  edge: () => exerciseEdge(createVerifier, at),
}));
