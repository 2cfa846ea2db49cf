// Puts `tokenkeep/redirects` into a page.

import { type Redirects, redirects } from "tokenkeep/redirects";

declare global {
  var makeRedirects: typeof redirects;
  var auth: Redirects;
}

globalThis.makeRedirects = redirects;
