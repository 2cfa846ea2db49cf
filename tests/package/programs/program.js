// Runs in Node, Bun and Deno: `<runtime> program.js <address of the cell>`. Prints what came of
// each half, and ends by itself.

import { Hono } from "hono";
import { createTokenKeep } from "tokenkeep";
import { discover } from "tokenkeep/discovery";
import { createVerifier, VerifyError } from "tokenkeep/edge";
import { guard } from "tokenkeep/hono";
import { introspection } from "tokenkeep/introspection";
import { decryptCompact } from "tokenkeep/jwe";
import { logoutReceiver } from "tokenkeep/logout";
import { redisRevocation } from "tokenkeep/redis";
import { protectedResource } from "tokenkeep/resource";
import {
  exerciseClient,
  exerciseDiscovery,
  exerciseEdge,
  exerciseHono,
  exerciseIntrospection,
  exerciseJwe,
  exerciseLogout,
  exerciseRedis,
  exerciseResource,
  outcomes,
} from "./exercise.js";

const at = process.argv[2] ?? "";
console.log(
  JSON.stringify(
    await outcomes({
      client: () => exerciseClient(createTokenKeep, at),
      edge: () => exerciseEdge(createVerifier, at),
      discovery: () => exerciseDiscovery(discover, createVerifier),
      hono: () => exerciseHono(Hono, guard, createVerifier, at),
      resource: () => exerciseResource(protectedResource, VerifyError),
      introspection: () => exerciseIntrospection(introspection, createVerifier, VerifyError),
      jwe: () => exerciseJwe(decryptCompact, VerifyError),
      logout: () => exerciseLogout(logoutReceiver, VerifyError),
      redis: () => exerciseRedis(redisRevocation, VerifyError),
    }),
  ),
);
