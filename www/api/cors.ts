// CORS for the application's pages. The token comes in a header, so no cookie has to travel.

import type { Context } from "hono";
import { cors } from "hono/cors";
import { allowedOrigins } from "../origins.ts";
import type { ApiBindings } from "./bindings.ts";

export const allowTheApp = cors({
  origin: (origin, c: Context<{ Bindings: ApiBindings }>) =>
    allowedOrigins(c.env).includes(origin) ? origin : null,
  allowMethods: ["GET", "POST"],
  allowHeaders: ["Authorization", "Content-Type", "DPoP"],
  // Without this a page sees the 401 but not its challenge, nor the time that proofs go by.
  exposeHeaders: ["WWW-Authenticate", "Retry-After", "DPoP-Nonce", "Date"],
  maxAge: 600,
});
