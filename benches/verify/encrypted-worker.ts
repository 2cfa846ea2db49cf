// The contestants of encrypted.ts inside workerd. POST sends keys and tokens,
// GET ?who=…&from=…&to=… opens some of them.

import { type Contestant, runOver } from "./contestants.ts";
import { type EncryptedField, encryptedContestantsOf } from "./encrypted.ts";
import { SUBJECT } from "./field.ts";

let field: EncryptedField | null = null;
let contestants: Record<string, Contestant> = {};

export default {
  async fetch(request: Request): Promise<Response> {
    if (request.method === "POST") {
      field = (await request.json()) as EncryptedField;
      contestants = await encryptedContestantsOf(field);
      for (const one of Object.values(contestants))
        if ((await one(field.tokens[0] ?? "")) !== SUBJECT)
          return new Response("", { status: 500 });
      return new Response(null, { status: 204 });
    }
    const { searchParams } = new URL(request.url);
    const contestant = contestants[searchParams.get("who") ?? ""];
    if (field === null || contestant === undefined) return new Response("who?", { status: 404 });
    const [from, to] = [Number(searchParams.get("from")), Number(searchParams.get("to"))];
    await runOver(contestant, field.tokens.slice(from, to), 1);
    return new Response(null, { status: 204 });
  },
};
