// Where a keep of this page can have its token: in the page, in a worker, or in a worker that all
// tabs share.

import type { TokenKeepOptions } from "tokenkeep";

export type Host = "page" | "dedicated" | "shared";

const WORKER = "/token.worker.js";

/** Trusted Types: this page makes workers of this one address. */
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(): string },
  ): { createScriptURL(input: string): string };
}
const policy = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy(
  "token-worker",
  { createScriptURL: () => WORKER },
);

/** The option `host` of a keep. `name`: tabs share the worker of this name. */
export function hostOption(host: Host, name: string): Pick<TokenKeepOptions, "host"> {
  const url = policy?.createScriptURL(WORKER) ?? WORKER;
  if (host === "dedicated") return { host: () => new Worker(url, { type: "module" }) };
  if (host === "shared") return { host: () => new SharedWorker(url, { type: "module", name }) };
  return {};
}
