// A Worker that calls an API as itself, in several ways. Its answer says what came of the call.

import { createServiceTokens, ServiceTokenError } from "tokenkeep/service";

const tokens = createServiceTokens({
  issuer: "https://auth.example",
  tokenEndpoint: "https://auth.example/token",
  client: { id: "orders", auth: { method: "client_secret_basic", secret: "secret" } },
  targets: { "https://api.example": { audience: "api" } },
  timeout: 60_000,
});

/** Of the first request that came this way, kept for all. */
let kept: ReturnType<typeof tokens.within> | undefined;

interface Context {
  waitUntil(promise: Promise<unknown>): void;
}

export default {
  async fetch(request: Request, _env: object, context: Context): Promise<Response> {
    const { pathname } = new URL(request.url);
    const calls =
      pathname === "/kept"
        ? (kept ??= tokens.within(context))
        : pathname === "/without"
          ? tokens
          : tokens.within(pathname === "/look-alike" ? { waitUntil() {} } : context);
    const body = pathname === "/body" ? { method: "POST", body: "a body" } : {};
    try {
      const answers = await Promise.all(
        Array.from({ length: pathname === "/twice" ? 5 : 1 }, () =>
          calls.fetch("https://api.example/items", body),
        ),
      );
      const texts = await Promise.all(answers.map((answer) => answer.text()));
      return Response.json([...new Set(texts)].join());
    } catch (error) {
      const code = error instanceof ServiceTokenError ? error.code : String(error);
      return Response.json(code, { status: 500 });
    }
  },
};
