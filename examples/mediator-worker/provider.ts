// An OpenID provider to try the example with: it signs in whoever types a name. Its refresh tokens
// work once, as those of strict providers do. Your own provider takes its place.

import { text } from "node:stream/consumers";
import Provider from "oidc-provider";

const { ISSUER = "http://127.0.0.1:4000", ORIGIN = "http://localhost:5173" } = process.env;
const API = "https://api.example.com";
const SCOPES = "openid profile offline_access";

const provider = new Provider(ISSUER, {
  clients: [
    {
      client_id: "web",
      client_secret: "a secret for trying it",
      grant_types: ["authorization_code", "refresh_token"],
      redirect_uris: [`${ORIGIN}/session/callback`],
      post_logout_redirect_uris: [`${ORIGIN}/session/ended`],
    },
  ],
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id, name: id }) }),
  claims: { openid: ["sub"], profile: ["name"] },
  conformIdTokenClaims: false,
  issueRefreshToken: () => true,
  rotateRefreshToken: true,
  interactions: { url: (_ctx, { uid }) => `/sign-in/${uid}` },
  // The application is the provider's own: nobody is asked whether it may.
  async loadExistingGrant({ oidc: { client, session, provider } }) {
    const { clientId = "" } = client ?? {};
    const known = await provider.Grant.find(session?.grantIdFor(clientId) ?? "");
    if (known !== undefined) return known;
    const grant = new provider.Grant({ clientId, accountId: session?.accountId ?? "" });
    grant.addOIDCScope(SCOPES);
    grant.addResourceScope(API, "read");
    await grant.save();
    return grant;
  },
  features: {
    devInteractions: { enabled: false },
    revocation: { enabled: true },
    // Access tokens are JWTs for the API.
    resourceIndicators: {
      defaultResource: () => API,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: "read",
        audience: API,
        accessTokenFormat: "jwt",
        accessTokenTTL: 300,
      }),
    },
  },
});

const page = `<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <title>The provider</title>
  <h1>The provider</h1>
  <form method="post">
    <label>Name <input name="name" autofocus required></label>
    <button>Sign in</button>
  </form>
</html>`;

provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith("/sign-in/")) return next();
  if (ctx.method !== "POST") {
    ctx.body = page;
    return;
  }
  const name = new URLSearchParams(await text(ctx.req)).get("name") ?? "";
  const result = { login: { accountId: name } };
  ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, result));
});

const { hostname, port } = new URL(ISSUER);
provider.listen(Number(port), hostname, () => console.log(`The provider is at ${ISSUER}`));
