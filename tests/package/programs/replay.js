// Durable Objects that remember proofs, as a Worker has them.

import { durableReplay } from "tokenkeep/edge";
import { expect } from "./outcomes.js";

/** @param {import("tokenkeep/edge").ReplayNamespace} namespace */
export async function exerciseReplay(namespace) {
  const store = durableReplay(namespace);
  const use = { name: "proof", thumbprint: "key", expiresAt: Date.now() / 1000 + 60 };
  const seen = [await store.firstUse(use), await store.firstUse(use)];
  expect(seen, [true, false], "the first use and the second");
}
