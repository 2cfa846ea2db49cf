// A Worker that exercises `tokenkeep/testing` for each request. What has no I/O is made at module
// scope, where Workers allow no random numbers.

import * as edge from "tokenkeep/edge";
import * as testing from "tokenkeep/testing";
import { exercise } from "./exercise.mjs";

testing.testIssuer();
testing.memoryKv();
testing.fakeKeep({ claims: {} });

export default {
  async fetch() {
    return Response.json(await exercise(testing, edge));
  },
};
