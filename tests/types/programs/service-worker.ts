// A keep in a service worker, with the types of workers instead of those of pages. Nothing here
// runs: the type check is the test.

import { createTokenKeep, type Session, TokenKeepError } from "tokenkeep";

const keep = createTokenKeep({
  refresh: "https://auth.example.com/session/refresh",
  origins: ["https://api.example.com"],
});

export async function answer(request: Request): Promise<Response> {
  try {
    const session: Session = await keep.start();
    return session.status === "authenticated"
      ? await keep.fetch(request)
      : new Response(null, { status: 401 });
  } catch (error) {
    return new Response(error instanceof TokenKeepError ? error.code : null, { status: 503 });
  }
}
