// A guarded Worker with `dpop`, whose proofs are remembered in Durable Objects of `ReplayObject`.
// It answers with the `jti` of the proof that let a request in. `/kept?key=…` says what an object
// of a key holds.

import { createVerifier, durableReplay, type ReplayNamespace, type Verifier } from "tokenkeep/edge";
import { ReplayObject, type ReplayObjectState } from "tokenkeep/replay-object";
import { AUDIENCE, type ExecutionContextLike, ISSUER } from "../suite/kit.ts";

/** Says, beside what the package's class does, what it holds. */
export class Proofs extends ReplayObject {
  readonly #state: ReplayObjectState;

  constructor(state: ReplayObjectState) {
    super(state);
    this.#state = state;
  }

  override async fetch(request: Request): Promise<Response> {
    if (request.method === "POST") return super.fetch(request);
    if (request.url.endsWith("/alarm")) await this.alarm();
    const { storage } = this.#state;
    const kept = [...(await storage.list())].map(([name, until]) => [name, until]);
    return Response.json({ kept, alarm: await storage.getAlarm() });
  }
}

interface Bindings {
  PROOFS: ReplayNamespace;
  SECRET: string;
}

let verifier: Verifier | undefined;

export default {
  async fetch(request: Request, bindings: Bindings, context: ExecutionContextLike) {
    const { pathname, searchParams } = new URL(request.url);
    const key = searchParams.get("key");
    if (key !== null) {
      const { PROOFS } = bindings;
      const object = PROOFS.get(PROOFS.idFromName(key) as never) as { fetch: typeof fetch };
      return object.fetch(`https://object.invalid${pathname}`);
    }
    verifier ??= createVerifier({
      issuers: {
        issuer: ISSUER,
        audience: AUDIENCE,
        algorithms: ["ES256"],
        jwksUri: `${ISSUER}/jwks.json`,
      },
      dpop: { replay: durableReplay(bindings.PROOFS) },
    });
    const guarded = verifier.guard((_request: Request, _bindings: Bindings, _context, auth) =>
      Response.json({ jti: auth.proof?.jti }),
    );
    return guarded(request, bindings, context);
  },
};
