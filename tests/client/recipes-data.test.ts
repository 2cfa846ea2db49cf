// The recipes of clients that fetch and keep data: each is answered after one refresh, and forgets
// what it holds when the user has left. The blocks run in Chromium as they stand.

import assert from "node:assert/strict";
import { initTRPC, TRPCError } from "@trpc/server";
import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { type Call, json, jwt, type Reply, type Scene, scenes, until } from "./harness.ts";
import { evaluate, run, tokensAt } from "./recipes.ts";

const behaviour = scenes();

const ORDERS = [{ id: "7" }];

/** Whether the API accepts the token of a call. */
const isGood = ({ valid }: Scene, { token }: Call) => token !== null && valid.has(token);

/** The API has orders for those whose token it accepts. */
function serveOrders(scene: Scene): void {
  scene.api.on("/orders", (call) => (isGood(scene, call) ? json(ORDERS) : { status: 401 }));
}

behaviour("recipe_tanstack_query_is_answered_after_one_refresh_and_forgets", async (scene) => {
  scene.subject = "ada";
  await scene.started();
  serveOrders(scene);
  await run(
    scene,
    `import { createElement } from "react";
     import { createRoot } from "react-dom/client";
     import { QueryClientProvider, useQuery } from "@tanstack/react-query";
     import { orders, queries } from "doc:docs/recipes/tanstack-query.md#0";
     globalThis.queries = queries;
     const Orders = () => {
       const { data, error } = useQuery(orders);
       return error?.message ?? (data ?? []).map(({ id }) => "Order " + id).join();
     };
     globalThis.root = createRoot(document.body.appendChild(document.createElement("main")));
     root.render(createElement(QueryClientProvider, { client: queries }, createElement(Orders)));`,
  );
  const { page, api } = scene;
  await page.getByText("Order 7").waitFor();
  scene.valid.clear();
  await evaluate(scene, "queries.refetchQueries()");
  assert.deepEqual(tokensAt(scene, "/orders"), [
    scene.granted[0],
    scene.granted[0],
    scene.granted[1],
  ]);
  assert.equal(scene.refreshes(), 2);
  // A refusal is not asked for again.
  api.on("/orders", () => ({ status: 403 }));
  await evaluate(scene, "queries.refetchQueries()");
  await page.getByText("The API answered 403.").waitFor();
  assert.equal(api.to("/orders").length, 4);
  // Another user's orders take the place of those that are on the screen.
  api.on("/orders", () => json([{ id: "8" }]));
  await page.evaluate((access_token) => keep.adopt({ access_token }), jwt({ sub: "bob" }));
  await page.getByText("Order 8").waitFor();
  await evaluate(scene, "root.unmount()");
  await page.evaluate(() => keep.logout());
  await until(
    () => evaluate<boolean>(scene, "queries.getQueryCache().getAll().length === 0"),
    "the cache to be empty",
  );
});

behaviour("recipe_rtk_query_is_answered_after_one_refresh_and_forgets", async (scene) => {
  await scene.started();
  scene.api.on("/orders", (call) => {
    if (!isGood(scene, call)) return { status: 401 };
    return json(call.method === "POST" ? JSON.parse(call.body.toString()) : ORDERS);
  });
  await run(scene, 'export * from "doc:docs/recipes/rtk-query.md#0";');
  scene.valid.clear();
  const { data } = await evaluate<{ data: unknown }>(
    scene,
    "store.dispatch(api.endpoints.orders.initiate())",
  );
  assert.deepEqual([data, scene.refreshes()], [ORDERS, 2]);
  assert.deepEqual(tokensAt(scene, "/orders"), scene.granted);
  scene.valid.clear();
  const sent = await evaluate<{ data: unknown }>(
    scene,
    'store.dispatch(api.endpoints.order.initiate({ item: "book" }))',
  );
  assert.deepEqual([sent.data, scene.refreshes()], [{ item: "book" }, 3]);
  await scene.page.evaluate(() => keep.logout());
  const held = () => evaluate<string>(scene, "JSON.stringify(store.getState())");
  await until(async () => !(await held()).includes("data"), "the state to be empty");
});

/** A GraphQL server that refuses tokens with a status, or in the body of a 200. */
function serveGraphql(scene: Scene, refusal: Reply): void {
  scene.api.on("/graphql", (call) =>
    isGood(scene, call) ? json({ data: { orders: [{ __typename: "Order", id: "7" }] } }) : refusal,
  );
}

const UNAUTHENTICATED = json({
  data: null,
  errors: [{ message: "No.", extensions: { code: "UNAUTHENTICATED" } }],
});

/** What a query comes to in the page: its data, and its error. */
const query = (scene: Scene) =>
  evaluate<{ data?: unknown; error?: string }>(
    scene,
    `client().query("{ orders { id } }", {}).toPromise()
       .then(({ data, error }) => ({ data, error: error?.message }))`,
  );

behaviour("recipe_urql_is_answered_after_one_refresh_and_forgets", async (scene) => {
  await scene.started();
  serveGraphql(scene, { status: 401 });
  await run(
    scene,
    `import * as block from "doc:docs/recipes/urql.md#0";
     export const client = () => block.client;`,
  );
  scene.valid.clear();
  assert.deepEqual((await query(scene)).data, { orders: [{ __typename: "Order", id: "7" }] });
  assert.deepEqual([tokensAt(scene, "/graphql"), scene.refreshes()], [scene.granted, 2]);
  await query(scene);
  assert.equal(scene.api.to("/graphql").length, 2);
  await evaluate(scene, "globalThis.before = client()");
  await scene.page.evaluate(() => keep.logout());
  await until(() => evaluate<boolean>(scene, "client() !== before"), "another client");
});

behaviour("recipe_urql_hears_unauthenticated_inside_a_200", async (scene) => {
  await scene.started();
  serveGraphql(scene, UNAUTHENTICATED);
  await run(
    scene,
    `import { Client, fetchExchange } from "@urql/core";
     import * as block from "doc:docs/recipes/urql.md#1";
     globalThis.plain = new Client({ url: "${scene.at.api}/graphql", exchanges: [fetchExchange], preferGetMethod: false, fetch: keep.fetch });
     export const client = () => globalThis.chosen === "plain" ? plain : block.client;`,
  );
  scene.valid.clear();
  // What `keep.fetch` makes of such a server: nothing.
  await evaluate(scene, 'globalThis.chosen = "plain"');
  assert.equal((await query(scene)).error, "[GraphQL] No.");
  assert.equal(scene.refreshes(), 1);
  await evaluate(scene, 'globalThis.chosen = "block"');
  assert.deepEqual((await query(scene)).data, { orders: [{ __typename: "Order", id: "7" }] });
  assert.deepEqual([tokensAt(scene, "/graphql").slice(1), scene.refreshes()], [scene.granted, 2]);
  // Many at once have one refresh; a server that goes on refusing is asked twice.
  scene.valid.clear();
  await Promise.all([query(scene), query(scene), query(scene)]);
  assert.equal(scene.refreshes(), 3);
  scene.api.on("/graphql", () => UNAUTHENTICATED);
  const before = scene.api.to("/graphql").length;
  assert.equal((await query(scene)).error, "[GraphQL] No.");
  assert.equal(scene.api.to("/graphql").length, before + 2);
});

const t = initTRPC.context<{ user: string | null }>().create();
const router = t.router({
  hello: t.procedure.query(() => "Hello."),
  orders: t.procedure.query(({ ctx }) => {
    if (ctx.user === null) throw new TRPCError({ code: "UNAUTHORIZED" });
    return [`of ${ctx.user}`];
  }),
});

/** Answers batches. `careful`: a bad token is refused for the whole of a batch. */
function serveTrpc(scene: Scene, careful: boolean): void {
  const answer = async (call: Call): Promise<Reply> => {
    const user = isGood(scene, call) ? "ada" : null;
    if (careful && user === null && call.token !== null) return { status: 401 };
    const request = new Request(`https://api.example.com${call.path}${call.search}`);
    const createContext = () => ({ user });
    const response = await fetchRequestHandler({
      endpoint: "/trpc",
      req: request,
      router,
      createContext,
    });
    return json(await response.json(), response.status);
  };
  scene.api.on("/trpc/hello,orders", answer);
  scene.api.on("/trpc/orders", answer);
}

behaviour("recipe_trpc_batches_are_answered_after_one_refresh", async (scene) => {
  await scene.started();
  serveTrpc(scene, true);
  await run(scene, 'export * from "doc:docs/recipes/trpc.md#0";');
  const batch = "Promise.all([api.hello.query(), api.orders.query()])";
  scene.valid.clear();
  assert.deepEqual(await evaluate(scene, batch), ["Hello.", ["of ada"]]);
  assert.deepEqual(tokensAt(scene, "/trpc/hello,orders"), scene.granted);
  assert.equal(scene.refreshes(), 2);
  // What the recipe warns of: a batch that is refused in part only.
  serveTrpc(scene, false);
  scene.valid.clear();
  const settled = "Promise.allSettled([api.hello.query(), api.orders.query()])";
  const outcomes = await evaluate<{ status: string }[]>(
    scene,
    `${settled}.then((outcomes) => outcomes.map(({ status }) => ({ status })))`,
  );
  assert.deepEqual(outcomes, [{ status: "fulfilled" }, { status: "rejected" }]);
  assert.equal(scene.refreshes(), 2);
});
