// The contestants inside workerd. The clock stands still in there, so whoever asks measures: POST /<alg> brings keys and tokens, GET
// /<alg>?who=…&from=…&to=… verifies some of them, `repeat` the first of them that often.

import { type Contestant, contestantsOf, type Field, type Name, runOver } from "./contestants.ts";

const fields = new Map<string, { tokens: readonly string[]; contestants: Record<Name, Contestant> }>();

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (request.method === "POST") {
      const field = (await request.json()) as Field;
      fields.set(pathname, { tokens: field.tokens, contestants: await contestantsOf(field) });
      return new Response(null, { status: 204 });
    }
    const field = fields.get(pathname);
    if (field === undefined) return new Response(null, { status: 404 });
    const repeat = Number(searchParams.get("repeat"));
    const slice = field.tokens.slice(Number(searchParams.get("from")), Number(searchParams.get("to")));
    const tokens = repeat > 0 ? Array.from({ length: repeat }, () => slice[0] ?? "") : slice;
    await runOver(field.contestants[searchParams.get("who") as Name], tokens);
    return new Response(null, { status: 204 });
  },
};
