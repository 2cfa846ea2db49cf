// The edge suite as a Worker: a POST to /<place> runs that case and says what went wrong, if
// anything did.

import { cases } from "../suite/all.ts";
import type { ExecutionContextLike } from "../suite/kit.ts";

export default {
  async fetch(request: Request, _env: unknown, context: ExecutionContextLike): Promise<Response> {
    const one = cases[Number(new URL(request.url).pathname.slice(1))];
    if (one === undefined) return new Response(null, { status: 404 });
    try {
      await one.run(context);
      return new Response("passed");
    } catch (error) {
      return new Response(error instanceof Error ? (error.stack ?? error.message) : String(error), {
        status: 500,
      });
    }
  },
};
