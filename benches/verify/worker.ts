// The contestants inside workerd. The clock stands still in there, so the caller measures. POST
// /<name> sends keys and tokens, GET /<name>?who=…&from=…&to=… verifies some of them.

import { type Contestant, contestantsOf, examine, runOver, tokensOf } from "./contestants.ts";
import { type Field, SUBJECT } from "./field.ts";

const fields = new Map<string, { field: Field; contestants: Record<string, Contestant> }>();

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (request.method === "POST") {
      const field = (await request.json()) as Field;
      const contestants: Record<string, Contestant> = await contestantsOf(field);
      await examine(contestants, field);
      // The least cost of a remembered result: a verifier that looks into a Map and does nothing
      // else.
      const results = new Map(field.tokens.map((token) => [token, { claims: { sub: SUBJECT } }]));
      const look = async (token: string) => results.get(token);
      contestants["a Map"] = async (token) => (await look(token))?.claims.sub;
      fields.set(pathname, { field, contestants });
      return new Response(null, { status: 204 });
    }
    const found = fields.get(pathname);
    const contestant = found?.contestants[searchParams.get("who") ?? ""];
    if (found === undefined || contestant === undefined)
      return new Response("who?", { status: 404 });
    const number = (name: string) => Number(searchParams.get(name));
    const tokens = tokensOf(found.field, {
      from: number("from"),
      to: number("to"),
      repeat: number("repeat"),
    });
    await runOver(contestant, tokens, number("atOnce"));
    return new Response(null, { status: 204 });
  },
};
