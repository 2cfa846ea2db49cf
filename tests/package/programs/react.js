// The hook in a page: renders what it says, and waits until React shows that the keep has found
// nobody signed in.

import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { createTokenKeep } from "tokenkeep";
import { useSession } from "tokenkeep/react";

/** @param {string} at the address of the cell */
export async function exerciseReact(at) {
  const keep = createTokenKeep({ refresh: `${at}/session/refresh`, origins: [new URL(at).origin], name: `${at} react` });
  const place = document.createElement("p");
  document.body.append(place);
  const root = createRoot(place);
  const Status = () => useSession(keep, ({ status }) => status);
  root.render(createElement(Status));
  const shown = new Promise((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error(`the hook still says "${place.textContent}"`)), 20_000);
    new MutationObserver(() => {
      if (place.textContent !== "anonymous") return;
      clearTimeout(limit);
      resolve(undefined);
    }).observe(place, { childList: true, characterData: true, subtree: true });
  });
  await Promise.all([keep.start(), shown]);
  root.unmount();
  keep.close();
}
