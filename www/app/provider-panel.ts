// A second way to sign in: by a redirect to an OpenID provider, through the mediator. Its session
// is another one, with a keep of its own.

import { createTokenKeep } from "tokenkeep";
import { redirects } from "tokenkeep/redirects";
import { button, htmlElement, onPress } from "./page.ts";
import { errorSentence } from "./words.ts";

export function offerProvider(): void {
  const keep = createTokenKeep({ refresh: "/session/refresh", logout: "/session/logout" });
  const auth = redirects(keep, { mediator: "/session" });
  const result = htmlElement("provider-result");
  const complain = (error: unknown) => void (result.textContent = errorSentence(error));

  const show = () => {
    const { status, claims } = keep.session;
    const isIn = status === "authenticated";
    htmlElement("provider-session").textContent = isIn
      ? `Signed in by the provider as ${claims?.["sub"]}.`
      : "Not signed in at the provider.";
    button("provider-sign-in").hidden = isIn;
    button("provider-sign-out").hidden = !isIn;
  };
  keep.subscribe(show);
  show();

  onPress(button("provider-sign-in"), () => auth.signIn().catch(complain));
  onPress(button("provider-sign-out"), () => auth.signOut().catch(complain));
  htmlElement("provider").hidden = false;
  void auth
    .start()
    .catch(complain)
    .finally(() => {
      const failed = auth.takeError();
      if (failed !== null) result.textContent = `The sign-in failed: ${failed.code}.`;
    });
}
