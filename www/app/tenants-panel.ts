// Two tenants at once, with a keep for each. Both sessions live side by side, and each tenant's API
// refuses the other's token.

import type { TokenKeep } from "tokenkeep";
import { withCookie } from "./authority.ts";
import type { Config } from "./config.ts";
import { DEMO_ACCOUNT } from "./demo-controls.ts";
import { button, htmlElement, onPress } from "./page.ts";
import { errorSentence } from "./words.ts";

interface Party {
  readonly tenant: string;
  readonly keep: TokenKeep;
  /** The address of its API. */
  readonly api: string;
}

/** `base`: where the second tenant's routes begin. */
export function offerTenants(
  main: TokenKeep,
  south: TokenKeep,
  { authority, api }: Config,
  base: string,
): void {
  const result = htmlElement("tenants-result");
  const parties: readonly Party[] = [
    { tenant: "main", keep: main, api: `${api}/api` },
    { tenant: "south", keep: south, api: `${api}${base}/api` },
  ];

  for (const { tenant, keep } of parties) {
    const show = () => (htmlElement(`tenant-${tenant}`).textContent = standing(keep));
    keep.subscribe(show);
    show();
  }

  htmlElement("tenants").hidden = false;
  onPress(button("south-sign-in"), async () => {
    const sign = async () => {
      const reply = await south.signIn(
        `${authority}${base}/session/sign-in`,
        withCookie(DEMO_ACCOUNT),
      );
      return reply.ok
        ? "Signed in to south. Its cookie, its keys and its token are its own."
        : `The authority answered ${reply.status}.`;
    };
    result.textContent = await sign().catch(errorSentence);
  });
  onPress(button("south-log-out"), async () => {
    result.textContent = await south
      .logout()
      .then(() => "Signed out of south alone.", errorSentence);
  });
  onPress(button("try-all-four"), async () => {
    const statuses = await Promise.all(
      parties.flatMap((from) => parties.map((to) => tryCall(from, to))),
    );
    result.textContent = statuses.every((right) => right)
      ? "Each token opens its own tenant’s API and no other."
      : "Sign in to both tenants first, then each token opens its own API and no other.";
  });
}

/** Calls one tenant's API with the other's token, shows the status, returns whether it is right. */
async function tryCall(from: Party, to: Party): Promise<boolean> {
  const cell = htmlElement(`cell-${from.tenant}-${to.tenant}`);
  const status = await from.keep.fetch(`${to.api}/me`).then(
    (response) => response.status,
    () => null,
  );
  cell.textContent = status === null ? "no answer" : String(status);
  cell.dataset.outcome = status === 200 ? "ok" : "refused";
  return (status === 200) === (from === to) && from.keep.session.status === "authenticated";
}

function standing({ session }: TokenKeep): string {
  if (session.status === "unknown") return "Not asked yet";
  return session.status === "authenticated"
    ? `Signed in, generation ${session.generation}`
    : "Signed out";
}
