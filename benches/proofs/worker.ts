// The contestants inside workerd. POST / makes the proofs, GET /?who=…&from=…&to=… checks some.

import { type Contestant, contestants, type Proof, proofsOf } from "./contestants.ts";

let proofs: readonly Proof[] = [];
let found: Record<string, Contestant> = {};

export default {
  async fetch(request: Request): Promise<Response> {
    const { searchParams } = new URL(request.url);
    if (request.method === "POST") {
      proofs = await proofsOf(Number(searchParams.get("count")));
      found = await contestants(proofs);
    } else {
      const check = found[searchParams.get("who") ?? ""]!;
      const [from, to] = ["from", "to"].map((name) => Number(searchParams.get(name)));
      for (const proof of proofs.slice(from, to)) await check(proof);
    }
    return new Response(null, { status: 204 });
  },
};
