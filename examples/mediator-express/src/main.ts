// The page: says who is signed in, signs in and out by redirects, and calls the API.

import { createTokenKeep } from "tokenkeep";
import { redirects } from "tokenkeep/redirects";

const keep = createTokenKeep({ refresh: "/session/refresh", logout: "/session/logout" });
const auth = redirects(keep, { mediator: "/session" });

const element = (id: string) => document.getElementById(id)!;

let user: unknown;

function show(): void {
  const { status, claims, retryAt } = keep.session;
  element("status").textContent = {
    unknown: retryAt === null ? "One moment …" : "The server can't be reached. Trying again …",
    anonymous: "Nobody is signed in.",
    authenticated: `Signed in as ${claims?.["sub"]}.`,
  }[status];
  element("sign-in").hidden = status !== "anonymous";
  element("signed-in").hidden = status !== "authenticated";
  // Another tab can sign somebody else in.
  if (user !== claims?.["sub"]) element("answer").textContent = "";
  user = claims?.["sub"];
}

function onClick(id: string, action: () => Promise<unknown>): void {
  element(id).addEventListener("click", async () => {
    element("trouble").textContent = "";
    try {
      await action();
    } catch (error) {
      element("trouble").textContent = String(error);
    }
  });
}

onClick("sign-in", () => auth.signIn());
onClick("sign-out", () => auth.signOut());
onClick("call", async () => {
  const reply = await keep.fetch("/api/hello");
  if (!reply.ok) throw new Error(`the API answered ${reply.status}`);
  const { hello } = await reply.json();
  element("answer").textContent = `The API says hello to ${hello}.`;
});

keep.subscribe(show);
// What goes wrong here is in the session too, and the keep goes on trying.
await auth.start().catch(() => undefined);
show();
const failed = auth.takeError();
if (failed !== null)
  element("trouble").textContent = `The sign-in failed: ${failed.code} (${failed.reference})`;
