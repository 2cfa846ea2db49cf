// What the providers of docs/providers.md put into their tokens, as each of them documents it or as
// its tokens show it: the header, the claims, and where the keys are. `misses` are tokens that the
// same provider could have signed, but not for us.

/** Members that stand in for those of the good token; undefined takes one out. */
type Changes = Readonly<Record<string, unknown>>;

export interface Variant {
  readonly header?: Changes;
  readonly claims?: Changes;
}

export interface Provider {
  /** The heading of its section. */
  readonly name: string;
  readonly alg: "RS256" | "ES256" | "HS256";
  readonly kid: string;
  /** Of the header, beside `alg` and `kid`. */
  readonly header: Changes;
  /** Beside `iat` and `exp`. */
  readonly claims: Changes;
  readonly keys: string;
  /** Members of each key in the set, beside those of RFC 7517. */
  readonly key?: Changes;
  /** A second address of the same keys, where they have no such members. */
  readonly olderKeys?: string;
  /** How the keys are published, if not as a key set. */
  readonly form?: "pem-map" | "pem-per-key";
  /** Whether the parts of its tokens are padded. */
  readonly isPadded?: boolean;
  /** The header or cookie that the token comes in, if not `Authorization`. */
  readonly place?: { readonly header: string } | { readonly cookie: string };
  /** What the verifier finds of roles, scopes and permissions. */
  readonly finds?: { scopes?: string[]; roles?: string[]; permissions?: string[] };
  /** Others that are let in. */
  readonly more?: Readonly<Record<string, Variant>>;
  readonly misses: Readonly<Record<string, Variant>>;
}

const JWT = { typ: "JWT" };
const entra = "11111111-2222-4333-8444-555555555555";
const login = "https://login.microsoftonline.com";
const api = "66666666-7777-4888-8999-000000000000";
const stranger = "99999999-9999-4999-8999-999999999999";
const pool = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_example";

const cognito = {
  sub: "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
  "cognito:groups": ["staff"],
  iss: pool,
  origin_jti: "bbbbbbbb-bbbb-cccc-dddd-eeeeeeeeeeee",
  event_id: "cccccccc-bbbb-cccc-dddd-eeeeeeeeeeee",
  auth_time: 1_700_000_000,
  jti: "dddddddd-bbbb-cccc-dddd-eeeeeeeeeeee",
};
const firebase = {
  auth_time: 1_700_000_000,
  user_id: "ZzYyXxWwVvUuTtSsRrQqPpOoNn12",
  sub: "ZzYyXxWwVvUuTtSsRrQqPpOoNn12",
  email: "alice@example.com",
  email_verified: true,
  firebase: { identities: { email: ["alice@example.com"] }, sign_in_provider: "password" },
};
const supabase = {
  iss: "https://abcdefghijklmnopqrst.supabase.co/auth/v1",
  sub: "123e4567-e89b-12d3-a456-426614174000",
  aud: "authenticated",
  email: "user@example.com",
  phone: "",
  app_metadata: { provider: "email", providers: ["email"] },
  user_metadata: {},
  role: "authenticated",
  aal: "aal1",
  amr: [{ method: "password", timestamp: 1_700_000_000 }],
  session_id: "7f0a52ae-5b5b-4b0e-9b6c-3b6f6f6f6f6f",
  is_anonymous: false,
};
const supabaseMisses = {
  "of another project": {
    claims: { iss: "https://tsrqponmlkjihgfedcba.supabase.co/auth/v1" },
  },
  "of nobody who is signed in": { claims: { role: "anon", aud: "anon" } },
  "with the role of the service": { claims: { role: "service_role" } },
  "that is an old API key": {
    claims: { iss: "supabase", ref: "abcdefghijklmnopqrst", role: "anon", aud: undefined },
  },
};

export const providers: readonly Provider[] = [
  {
    name: "Auth0",
    alg: "RS256",
    kid: "NjVBRjY5MDlCMUIwNzU4RTA2QzZFMDQ4QzQ2MDAyQjVDNjk1RTM2Qg",
    header: JWT,
    claims: {
      iss: "https://example.eu.auth0.com/",
      sub: "auth0|5f7c8ec7c33c6c004bbafe82",
      aud: ["https://api.example.com", "https://example.eu.auth0.com/userinfo"],
      azp: "my_client_id",
      scope: "openid read:orders",
      permissions: ["read:orders"],
    },
    keys: "https://example.eu.auth0.com/.well-known/jwks.json",
    finds: { scopes: ["openid", "read:orders"], permissions: ["read:orders"] },
    more: {
      "of a machine": { claims: { sub: "app@clients", aud: "https://api.example.com" } },
      "of the profile of RFC 9068": {
        header: { typ: "at+jwt" },
        claims: { azp: undefined, client_id: "my_client_id", jti: "hy9ZLjZ8RsVyA8Wa7BlbG0" },
      },
    },
    misses: {
      "of another tenant": { claims: { iss: "https://other.eu.auth0.com/" } },
      "of the tenant without its slash": { claims: { iss: "https://example.eu.auth0.com" } },
      "for another API": { claims: { aud: ["https://other.example.com"] } },
      "that is an ID token": { claims: { aud: "my_client_id", scope: undefined, nonce: "n" } },
    },
  },
  {
    name: "Okta",
    alg: "RS256",
    kid: "ZkvelLN_seik7w4pc_prCcfUf-h2hFfiwkDeCrs0iUc",
    header: {},
    claims: {
      ver: 1,
      jti: "AT.MNAoEQ_jbKqoinrQo1D0XKjMX28U5d7ZszBceot7-Ts",
      iss: "https://example.okta.com/oauth2/default",
      aud: "api://default",
      cid: "0oa1example",
      uid: "00u1example",
      scp: ["openid", "orders.read"],
      auth_time: 1_700_000_000,
      sub: "alice@example.com",
    },
    keys: "https://example.okta.com/oauth2/default/v1/keys",
    finds: { scopes: ["openid", "orders.read"] },
    misses: {
      "of another org": { claims: { iss: "https://other.okta.com/oauth2/default" } },
      "of the org's own server": {
        claims: { iss: "https://example.okta.com", aud: "https://example.okta.com" },
      },
      "of another client": { claims: { cid: "0oa3example" } },
      "that is an ID token": {
        claims: { jti: "ID.radC", aud: "0oa1example", cid: undefined, scp: undefined, idp: "00o1" },
      },
    },
  },
  {
    name: "Entra, one tenant",
    alg: "RS256",
    kid: "-KI3Q9nNR7bRofxmeZoXqbHZGew",
    header: { ...JWT, x5t: "-KI3Q9nNR7bRofxmeZoXqbHZGew" },
    claims: {
      aud: api,
      iss: `${login}/${entra}/v2.0`,
      nbf: 1_700_000_000,
      aio: "E2ZgYLh1abHAkpsHvfz",
      azp: "77777777-7777-4888-8999-000000000000",
      azpacr: "1",
      name: "Alice",
      oid: "88888888-7777-4888-8999-000000000000",
      rh: "0.AX",
      roles: ["Orders.Reader"],
      scp: "orders.read",
      sub: "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ",
      tid: entra,
      uti: "fqiBqXLPj0eQa82S-IYFAA",
      ver: "2.0",
    },
    keys: `${login}/${entra}/discovery/v2.0/keys`,
    olderKeys: `${login}/${entra}/discovery/keys`,
    key: { issuer: `${login}/${entra}/v2.0` },
    finds: { scopes: ["orders.read"], roles: ["Orders.Reader"] },
    misses: {
      "of another tenant": { claims: { iss: `${login}/${stranger}/v2.0`, tid: stranger } },
      "of all tenants": { claims: { iss: `${login}/common/v2.0` } },
      "for another API": { claims: { aud: "00000003-0000-0000-c000-000000000000" } },
      "that is an ID token of the client": {
        claims: { aud: "77777777-7777-4888-8999-000000000000", scp: undefined },
      },
    },
  },
  {
    name: "Entra, many tenants",
    alg: "RS256",
    kid: "-KI3Q9nNR7bRofxmeZoXqbHZGew",
    header: JWT,
    claims: {
      aud: api,
      iss: `${login}/${entra}/v2.0`,
      azp: "77777777-7777-4888-8999-000000000000",
      oid: "88888888-7777-4888-8999-000000000000",
      scp: "orders.read",
      sub: "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ",
      tid: entra,
      ver: "2.0",
    },
    keys: `${login}/common/discovery/v2.0/keys`,
    key: { issuer: `${login}/{tenantid}/v2.0` },
    finds: { scopes: ["orders.read"] },
    more: {
      "of another tenant of ours": {
        claims: {
          iss: `${login}/aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee/v2.0`,
          tid: "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
        },
      },
    },
    misses: {
      "of a tenant that is not listed": {
        claims: { iss: `${login}/${stranger}/v2.0`, tid: stranger },
      },
      "whose tid is not that of its issuer": { claims: { tid: stranger } },
      "without tid": { claims: { tid: undefined } },
      "for another API": { claims: { aud: "00000003-0000-0000-c000-000000000000" } },
    },
  },
  {
    name: "Cognito, access tokens",
    alg: "RS256",
    kid: "1234example=",
    header: {},
    claims: {
      ...cognito,
      client_id: "1example23456789",
      token_use: "access",
      version: 2,
      scope: "aws.cognito.signin.user.admin orders/read",
      username: "alice",
    },
    keys: `${pool}/.well-known/jwks.json`,
    finds: { scopes: ["aws.cognito.signin.user.admin", "orders/read"], roles: ["staff"] },
    misses: {
      "of another pool": {
        claims: { iss: "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_other" },
      },
      "of another client": { claims: { client_id: "2example23456789" } },
      "that is an ID token": {
        claims: { client_id: undefined, aud: "1example23456789", token_use: "id" },
      },
      "that says both uses": { claims: { token_use: "id" } },
    },
  },
  {
    name: "Cognito, ID tokens",
    alg: "RS256",
    kid: "1234example=",
    header: {},
    claims: {
      ...cognito,
      aud: "1example23456789",
      token_use: "id",
      "cognito:username": "alice",
      email: "alice@example.com",
      email_verified: true,
    },
    keys: `${pool}/.well-known/jwks.json`,
    finds: { roles: ["staff"] },
    misses: {
      "of another pool": {
        claims: { iss: "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_other" },
      },
      "for another client": { claims: { aud: "2example23456789" } },
      "that is an access token": {
        claims: { aud: undefined, client_id: "1example23456789", token_use: "access" },
      },
    },
  },
  {
    name: "AWS ALB",
    alg: "ES256",
    kid: "abb8289f-e3a4-4a34-9472-c2105e2b2482",
    header: {
      ...JWT,
      iss: "https://idp.example.com",
      client: "example-client",
      signer:
        "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/orders/50dc6c495c0c9188",
      exp: 1_900_000_000,
    },
    claims: {
      iat: undefined,
      sub: "4b5bef9c-f2b5-40ff-a412-412cba9d0702",
      email_verified: "true",
      name: "John Doe +/=-_",
      email: "johndoe@example.com",
      username: "4b5bef9c-f2b5-40ff-a412-412cba9d0702",
      iss: "https://idp.example.com",
    },
    keys: "https://public-keys.auth.elb.eu-west-1.amazonaws.com/abb8289f-e3a4-4a34-9472-c2105e2b2482",
    form: "pem-per-key",
    isPadded: true,
    place: { header: "x-amzn-oidc-data" },
    misses: {
      "of another load balancer": {
        header: {
          signer:
            "arn:aws:elasticloadbalancing:eu-west-1:210987654321:loadbalancer/app/orders/50dc6c495c0c9188",
        },
      },
      "of no load balancer": { header: { signer: undefined } },
      "of another client": { header: { client: "other-client" } },
      "of users of another provider": { claims: { iss: "https://idp.example.org" } },
    },
  },
  {
    name: "Keycloak",
    alg: "RS256",
    kid: "FJ86GcF3jTbNLOco4NvZkUCIUmfYCqoqtOQeMfbhNlE",
    header: JWT,
    claims: {
      jti: "onrtac:3a7b4c2e-1111-2222-3333-444455556666",
      iss: "https://sso.example.com/realms/shop",
      aud: ["orders-api", "account"],
      sub: "f:1234:alice",
      typ: "Bearer",
      azp: "shop-web",
      sid: "c4f1b2a0-1111-2222-3333-444455556666",
      acr: "1",
      "allowed-origins": ["https://shop.example.com"],
      realm_access: { roles: ["offline_access", "customer"] },
      resource_access: { "orders-api": { roles: ["clerk"] }, account: { roles: ["view-profile"] } },
      scope: "openid profile",
      preferred_username: "alice",
    },
    keys: "https://sso.example.com/realms/shop/protocol/openid-connect/certs",
    finds: { scopes: ["openid", "profile"], roles: ["offline_access", "customer", "clerk"] },
    misses: {
      "of another realm": { claims: { iss: "https://sso.example.com/realms/master" } },
      "for another client": { claims: { aud: "account" } },
      "that is an ID token": { claims: { typ: "ID", aud: ["orders-api"], nonce: "n" } },
      "that is a refresh token": { claims: { typ: "Refresh" } },
    },
  },
  {
    name: "Google",
    alg: "RS256",
    kid: "a5b4c3d2e1f0a5b4c3d2e1f0a5b4c3d2e1f0a5b4",
    header: JWT,
    claims: {
      iss: "https://accounts.google.com",
      azp: "123456789-phone.apps.googleusercontent.com",
      aud: "123456789-example.apps.googleusercontent.com",
      sub: "110169484474386276334",
      hd: "example.com",
      email: "alice@example.com",
      email_verified: true,
      at_hash: "HK6E_P6Dh8Y93mRNtsDB1Q",
    },
    keys: "https://www.googleapis.com/oauth2/v3/certs",
    misses: {
      "of another organisation": { claims: { hd: "example.org" } },
      "of no organisation": { claims: { hd: undefined } },
      "for another client": { claims: { aud: "987654321-other.apps.googleusercontent.com" } },
      "that is an access token by its type": { header: { typ: "at+jwt" } },
    },
  },
  {
    name: "Firebase, ID tokens",
    alg: "RS256",
    kid: "d8b7c6a5e4f3d2c1b0a9f8e7d6c5b4a3f2e1d0c9",
    header: JWT,
    claims: {
      iss: "https://securetoken.google.com/example-project",
      aud: "example-project",
      ...firebase,
    },
    keys: "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com",
    misses: {
      "of another project": {
        claims: { iss: "https://securetoken.google.com/other-project", aud: "other-project" },
      },
      "for another project": { claims: { aud: "other-project" } },
      "that is a session cookie": {
        claims: { iss: "https://session.firebase.google.com/example-project" },
      },
      "of a user who never signed in": { claims: { auth_time: undefined } },
    },
  },
  {
    name: "Firebase, session cookies",
    alg: "RS256",
    kid: "xpRrOg",
    header: {},
    claims: {
      iss: "https://session.firebase.google.com/example-project",
      aud: "example-project",
      ...firebase,
    },
    keys: "https://www.googleapis.com/identitytoolkit/v3/relyingparty/publicKeys",
    form: "pem-map",
    place: { cookie: "session" },
    misses: {
      "of another project": {
        claims: { iss: "https://session.firebase.google.com/other-project", aud: "other-project" },
      },
      "for another project": { claims: { aud: "other-project" } },
      "that is an ID token": { claims: { iss: "https://securetoken.google.com/example-project" } },
      "of a user who never signed in": { claims: { auth_time: undefined } },
    },
  },
  {
    name: "Apple",
    alg: "RS256",
    kid: "fh6Bs8C",
    header: {},
    claims: {
      iss: "https://appleid.apple.com",
      aud: "com.example.app",
      sub: "001234.0123456789abcdef0123456789abcdef.1234",
      nonce: "n-0S6_WzA2Mj",
      c_hash: "LDktKdoQak3Pk0cnXxCltA",
      email: "alice@privaterelay.appleid.com",
      email_verified: "true",
      is_private_email: "true",
      auth_time: 1_700_000_000,
      nonce_supported: true,
    },
    keys: "https://appleid.apple.com/auth/keys",
    misses: {
      "of another issuer": { claims: { iss: "https://appleid.apple.com/" } },
      "for another app": { claims: { aud: "com.example.app2" } },
      "for a site of the app": { claims: { aud: "com.example.app.site" } },
      "that is an access token by its type": { header: { typ: "at+jwt" } },
    },
  },
  {
    name: "Clerk",
    alg: "RS256",
    kid: "ins_2abcdefghijklmnopqrstuvwxyz",
    header: { ...JWT, cat: "cl_B7d4PD111AAA" },
    claims: {
      azp: "https://app.example.com",
      fva: [7, -1],
      iss: "https://clerk.example.com",
      nbf: 1_700_000_000,
      o: { id: "org_2abc", rol: "admin", slg: "acme", per: "read,manage", fpm: "3" },
      sid: "sess_3DIdzHWMcbIyptbOTiTw70i8JCq",
      sts: "active",
      sub: "user_3DIXtSzhIs4Hj7mhfMvABoE2E40",
      v: 2,
    },
    keys: "https://clerk.example.com/.well-known/jwks.json",
    finds: { roles: ["admin"] },
    misses: {
      "of another instance": { claims: { iss: "https://other.clerk.accounts.dev" } },
      "of another page": { claims: { azp: "https://app.example.com.evil.example" } },
      "of no page": { claims: { azp: undefined } },
      "of a session that is pending": { claims: { sts: "pending" } },
    },
  },
  {
    name: "Supabase",
    alg: "ES256",
    kid: "b81269f1-21d8-4f2e-b719-c2240a840d90",
    header: JWT,
    claims: supabase,
    keys: "https://abcdefghijklmnopqrst.supabase.co/auth/v1/.well-known/jwks.json",
    misses: supabaseMisses,
  },
  {
    name: "Supabase, while it moves from HS256",
    alg: "ES256",
    kid: "b81269f1-21d8-4f2e-b719-c2240a840d90",
    header: JWT,
    claims: supabase,
    keys: "https://abcdefghijklmnopqrst.supabase.co/auth/v1/.well-known/jwks.json",
    misses: supabaseMisses,
  },
  {
    name: "Cloudflare Access",
    alg: "RS256",
    kid: "9338abe1baf2fe492f646a736f25afbf7b025e35c627be4f60c414d4c73069b8",
    header: JWT,
    claims: {
      aud: ["32eafc7626e974616deaf0dc3ce63d7bcbed58a2731e84d06bc3cdf1b53c4228"],
      email: "user@example.com",
      nbf: 1_700_000_000,
      iss: "https://example.cloudflareaccess.com",
      type: "app",
      identity_nonce: "6ei69kawdKzMIAPF",
      sub: "7335d417-61da-459d-899c-0a01c76a2f94",
      country: "US",
    },
    keys: "https://example.cloudflareaccess.com/cdn-cgi/access/certs",
    place: { header: "Cf-Access-Jwt-Assertion" },
    more: {
      "of a service": {
        claims: {
          sub: "",
          email: undefined,
          common_name: "e367826f93b8d71185e03fe518aff3b4.access",
        },
      },
    },
    misses: {
      "of another team": { claims: { iss: "https://other.cloudflareaccess.com" } },
      "for another application": {
        claims: { aud: ["97e2aae120121f902df8bc99fc345913ab186d174f3079ea729236766b2e7c4a"] },
      },
      "of the session": { claims: { type: "org" } },
    },
  },
  {
    name: "WorkOS",
    alg: "RS256",
    kid: "sso_oidc_key_pair_01EXAMPLE",
    header: {},
    claims: {
      iss: "https://api.workos.com/user_management/client_01EXAMPLE",
      sub: "user_01HBEQKA6K4QJAS93VPE39W1JT",
      org_id: "org_01EXAMPLE",
      role: "member",
      roles: ["member", "billing"],
      permissions: ["posts:read", "posts:write"],
      entitlements: ["audit-logs"],
      sid: "session_01HQSXZGF8FHF7A9ZZFCW4387R",
      jti: "01HQSXZXPPFPKMDD32RKTFY6PV",
    },
    keys: "https://api.workos.com/sso/jwks/client_01EXAMPLE",
    finds: { roles: ["member", "billing"], permissions: ["posts:read", "posts:write"] },
    misses: {
      "of another client": {
        claims: { iss: "https://api.workos.com/user_management/client_02EXAMPLE" },
      },
      "of another organisation": { claims: { org_id: "org_03EXAMPLE" } },
      "of no organisation": { claims: { org_id: undefined } },
    },
  },
  {
    name: "Zitadel",
    alg: "RS256",
    kid: "393381907372703747",
    header: JWT,
    claims: {
      iss: "https://example.zitadel.cloud",
      sub: "345377791925026818",
      aud: ["223456789012345678", "123456789012345678"],
      nbf: 1_700_000_000,
      client_id: "223456789012345678",
      jti: "V2_393381935289729027-at_393381935289794563",
      "urn:zitadel:iam:org:project:123456789012345678:roles": {
        clerk: { "344373908297744388": "acme.zitadel.cloud" },
        admin: { "344373908297744388": "acme.zitadel.cloud" },
      },
    },
    keys: "https://example.zitadel.cloud/oauth/v2/keys",
    finds: { roles: ["clerk", "admin"] },
    misses: {
      "of another instance": { claims: { iss: "https://other.zitadel.cloud" } },
      "for another project": { claims: { aud: ["223456789012345678"] } },
      "that is an ID token": {
        claims: { jti: undefined, nbf: undefined, nonce: "n", azp: "223456789012345678" },
      },
    },
  },
  {
    name: "Ory Hydra",
    alg: "RS256",
    kid: "2b1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d",
    header: JWT,
    claims: {
      aud: [],
      client_id: "orders-web",
      ext: {},
      iss: "https://hydra.example.com/",
      jti: "7c9e6679-7425-40de-944b-e07fc1f90ae7",
      nbf: 1_700_000_000,
      scp: ["openid", "orders.read"],
      sub: "alice",
    },
    keys: "https://hydra.example.com/.well-known/jwks.json",
    finds: { scopes: ["openid", "orders.read"] },
    misses: {
      "of another server": { claims: { iss: "https://hydra.example.org/" } },
      "of the server without its slash": { claims: { iss: "https://hydra.example.com" } },
      "of another client": { claims: { client_id: "admin-cli" } },
      "that is an ID token": {
        claims: { client_id: undefined, scp: undefined, aud: ["orders-web"], at_hash: "h" },
      },
    },
  },
  {
    name: "FusionAuth",
    alg: "RS256",
    kid: "uKAXfcZK9g1aUgF2K5yZQfZy0zE",
    header: JWT,
    claims: {
      aud: "3c219e58-ed0e-4b18-ad48-f4f92793ae32",
      iss: "https://auth.example.com",
      sub: "ca565f40-da28-448f-9140-b01381c7d825",
      jti: "4526e18a-5915-4c3b-b83c-af20c26330b4",
      authenticationType: "PASSWORD",
      applicationId: "3c219e58-ed0e-4b18-ad48-f4f92793ae32",
      auth_time: 1_700_000_000,
      email: "alice@example.com",
      email_verified: true,
      roles: ["clerk"],
      scope: "offline_access openid",
      sid: "c59e6f96-86c8-42f7-ad66-766694f21e9e",
      tid: "5ba05e07-b2d6-4f53-f424-a986bd483e4d",
      tty: "at",
    },
    keys: "https://auth.example.com/.well-known/jwks.json",
    finds: { scopes: ["offline_access", "openid"], roles: ["clerk"] },
    misses: {
      "of another tenant": { claims: { tid: "6ba05e07-b2d6-4f53-f424-a986bd483e4d" } },
      "of the issuer before it was changed": { claims: { iss: "acme.com" } },
      "for another application": { claims: { aud: "4c219e58-ed0e-4b18-ad48-f4f92793ae32" } },
      "that is an ID token": { claims: { tty: undefined, at_hash: "h" } },
    },
  },
  {
    name: "PingOne",
    alg: "RS256",
    kid: "default",
    header: {},
    claims: {
      client_id: api,
      iss: `https://auth.pingone.eu/${entra}/as`,
      jti: "6ba7b810-9dad-41d1-80b4-00c04fd430c8",
      aud: ["https://api.example.com"],
      scope: "orders:read",
      sub: "1c8f0e3c-5b1c-4b5e-9a4a-0e8f8a6a2f3b",
      sid: "5f3d0b4e-7c1a-4b8e-9f5d-6a4c3b2a1f0e",
      env: entra,
      org: "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d",
    },
    keys: `https://auth.pingone.eu/${entra}/as/jwks`,
    finds: { scopes: ["orders:read"] },
    more: {
      "with the type of RFC 9068": { header: { typ: "at+jwt" } },
      "of a machine": { claims: { sub: undefined, sid: undefined } },
    },
    misses: {
      "of another environment": { claims: { iss: `https://auth.pingone.eu/${stranger}/as` } },
      "for PingOne's own API": { claims: { aud: ["https://api.pingone.eu"] } },
      "of another client": { claims: { client_id: stranger } },
      "that is an ID token": { claims: { aud: api, client_id: undefined, scope: undefined } },
    },
  },
  {
    name: "PingFederate",
    alg: "RS256",
    kid: "ejOM-MOWkc272nB1UwDyUGPasY4_RS256",
    header: { "pi.atm": "8dzf" },
    claims: {
      scope: "orders.read",
      client_id: "orders-web",
      iss: "https://sso.example.com",
      aud: "https://api.example.com",
      sub: "alice",
    },
    keys: "https://sso.example.com/pf/JWKS",
    finds: { scopes: ["orders.read"] },
    more: {
      "with a list of scopes": { claims: { scope: ["orders.read"] } },
      "with the type of RFC 9068": { header: { typ: "at+jwt" } },
    },
    misses: {
      "of another server": { claims: { iss: "https://sso.example.org" } },
      "for another API": { claims: { aud: "https://other.example.com" } },
      "of another client": { claims: { client_id: "billing" } },
      "that is an ID token": { claims: { aud: "orders-web", client_id: undefined, "pi.sri": "s" } },
    },
  },
  {
    name: "GitHub Actions",
    alg: "RS256",
    kid: "1F2AB83404C08EC9EA0BB99DAED02186B091DBF4",
    header: { ...JWT, x5t: "Hyq4NATAjsnqC7mdrtAhhrCR2_Q" },
    claims: {
      jti: "example-id",
      sub: "repo:octo-org/octo-repo:ref:refs/heads/main",
      aud: "https://deploy.example.com",
      ref: "refs/heads/main",
      sha: "example-sha",
      repository: "octo-org/octo-repo",
      repository_id: "74",
      repository_owner: "octo-org",
      repository_owner_id: "65",
      actor: "octocat",
      workflow: "example-workflow",
      event_name: "push",
      ref_type: "branch",
      job_workflow_ref: "octo-org/octo-automation/.github/workflows/oidc.yml@refs/heads/main",
      iss: "https://token.actions.githubusercontent.com",
      nbf: 1_700_000_000,
    },
    keys: "https://token.actions.githubusercontent.com/.well-known/jwks",
    misses: {
      "of another repository": {
        claims: { repository: "evil/octo-repo", sub: "repo:evil/octo-repo:ref:refs/heads/main" },
      },
      "of another branch": {
        claims: { ref: "refs/heads/x", sub: "repo:octo-org/octo-repo:ref:refs/heads/x" },
      },
      "of a pull request": {
        claims: { ref: "refs/pull/1/merge", sub: "repo:octo-org/octo-repo:pull_request" },
      },
      "for another audience": { claims: { aud: "https://github.com/octo-org" } },
      "of an enterprise": {
        claims: { iss: "https://token.actions.githubusercontent.com/octo-enterprise" },
      },
    },
  },
  {
    name: "Kubernetes",
    alg: "RS256",
    kid: "3f4b1a2c5d6e7f8091a2b3c4d5e6f708192a3b4c",
    header: {},
    claims: {
      aud: ["orders-api"],
      iss: "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE1234567890",
      jti: "1f0e3dad-9999-4f7e-8a6b-5c4d3e2f1a0b",
      "kubernetes.io": {
        namespace: "shop",
        node: { name: "ip-10-0-0-1", uid: "646e7c5e-32d6-4d42-9dbd-e504e6cbe6b1" },
        pod: { name: "orders-5d4f", uid: "5e0bd49b-f040-43b0-99b7-22765a53f7f3" },
        serviceaccount: { name: "orders", uid: "14ee3fa4-a7e2-420f-9f9a-dbc4507c3798" },
      },
      nbf: 1_700_000_000,
      sub: "system:serviceaccount:shop:orders",
    },
    keys: "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE1234567890/keys",
    misses: {
      "of another cluster": {
        claims: { iss: "https://oidc.eks.eu-west-1.amazonaws.com/id/OTHER1234567890" },
      },
      "of another service account": { claims: { sub: "system:serviceaccount:shop:default" } },
      "of another namespace": { claims: { sub: "system:serviceaccount:evil:orders" } },
      "for the cluster's own API": { claims: { aud: ["https://kubernetes.default.svc"] } },
      "out of a secret": {
        claims: { iss: "kubernetes/serviceaccount", aud: undefined, exp: undefined },
      },
    },
  },
  {
    name: "GCP IAP",
    alg: "ES256",
    kid: "5PuDqQ",
    header: JWT,
    claims: {
      aud: "/projects/123456789/global/backendServices/987654321",
      azp: "/projects/123456789/global/backendServices/987654321",
      email: "alice@example.com",
      hd: "example.com",
      identity_source: "GOOGLE",
      iss: "https://cloud.google.com/iap",
      sub: "accounts.google.com:110532853671892060667",
    },
    keys: "https://www.gstatic.com/iap/verify/public_key-jwk",
    place: { header: "x-goog-iap-jwt-assertion" },
    misses: {
      "for another service": {
        claims: { aud: "/projects/123456789/global/backendServices/987654322" },
      },
      "for another project": {
        claims: { aud: "/projects/987654321/global/backendServices/987654321" },
      },
      "of another organisation": { claims: { hd: "example.org" } },
      "that is Google's ID token": { claims: { iss: "https://accounts.google.com" } },
    },
  },
  {
    name: "oidc-provider",
    alg: "ES256",
    kid: "keystore-CHANGE-ME",
    header: { typ: "at+jwt" },
    claims: {
      jti: "VFpV0_6Zq2Zb8Yb0S0o1k",
      sub: "alice",
      scope: "read write",
      client_id: "app",
      iss: "https://id.example.com",
      aud: "https://api.example.com",
    },
    keys: "https://id.example.com/jwks",
    finds: { scopes: ["read", "write"] },
    misses: {
      "of another provider": { claims: { iss: "https://id.example.org" } },
      "for another resource": { claims: { aud: "https://other.example.com" } },
      "that is an ID token": { header: { typ: "JWT" }, claims: { aud: "app" } },
    },
  },
];
