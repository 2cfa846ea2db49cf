// What a script gets that an attacker has brought into this page, with the token in the page, in a
// worker, and in a worker that all tabs share. The script is real, and it plays on a second keep of
// the same session. It shows whether it has got a token, and never the token.

import type { TokenKeep } from "tokenkeep";
import type { Config } from "./config.ts";
import { type Host, hostOption } from "./hosts.ts";
import { button, htmlElement, make, onPress } from "./page.ts";
import { errorSentence } from "./words.ts";

/** A JWT somewhere in a text. */
const TOKEN = /eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}/;

/** What to try, in the order of the table in docs/threat-model.md. */
const TRIES = {
  passing: "See the token pass through patched functions",
  memory: "Read the memory that it lies in",
  asking: "Ask the refresh endpoint for a token of its own",
  using: "Use the session through the keep",
} as const;

export function offerHosts(config: Config): void {
  const result = htmlElement("host-result");
  const rows = htmlElement("host-rows");
  htmlElement("host").hidden = false;
  const play = async (host: Host): Promise<string> => {
    const got = await playOn(host, config);
    rows.replaceChildren(
      ...Object.entries(TRIES).map(([name, text]) =>
        make(
          "tr",
          {},
          make("th", { scope: "row", textContent: text }),
          make("td", { textContent: got.has(name as keyof typeof TRIES) ? "yes" : "no" }),
        ),
      ),
    );
    htmlElement("host-table").hidden = false;
    return got.has("passing") || got.has("memory")
      ? "The script has your access token."
      : "The script has not seen your access token. It can still ask for one as this page does, unless a policy forbids it.";
  };
  for (const host of ["page", "dedicated", "shared"] as const)
    onPress(button(`host-${host}`), async () => {
      result.textContent = await play(host).catch(errorSentence);
    });
}

/** Plays the script on a keep of this host. The result names what it has got. */
async function playOn(
  host: Host,
  { authority, api }: Config,
): Promise<ReadonlySet<keyof typeof TRIES>> {
  const got = new Set<keyof typeof TRIES>();
  const texts: string[] = [];
  const memories: WebAssembly.Memory[] = [];
  const restore = patch(texts, memories);
  let keep: TokenKeep | undefined;
  try {
    // A copy of the package that nobody has loaded before the script was there.
    const fresh = `/tokenkeep.js?played=${Date.now()}`;
    const { createTokenKeep } = (await import(fresh)) as typeof import("tokenkeep");
    keep = createTokenKeep({
      refresh: `${authority}/session/refresh`,
      origins: [api],
      ...hostOption(host, "token"),
    });
    const session = await keep.start();
    if (session.status !== "authenticated") throw new Error("Sign in first.");
    const answer = await keep.fetch(`${api}/api/time`);
    if (answer.ok) got.add("using");
    if (texts.some((text) => TOKEN.test(text))) got.add("passing");
    if (memories.some(({ buffer }) => TOKEN.test(new TextDecoder("latin1").decode(buffer))))
      got.add("memory");
    const asked = await fetch(`${authority}/session/refresh`, {
      method: "POST",
      credentials: "include",
      headers: { "X-Requested-With": "XMLHttpRequest" },
    });
    if (TOKEN.test(await asked.text())) got.add("asking");
    return got;
  } finally {
    restore();
    keep?.close();
  }
}

/**
 * Patches what a token passes through in a page: `texts` gets what comes by, `memories` the memory
 * of each wasm. Returns the function that takes the patches back.
 */
function patch(texts: string[], memories: WebAssembly.Memory[]): () => void {
  const { set } = Headers.prototype;
  const { postMessage } = MessagePort.prototype;
  const { instantiate } = WebAssembly;
  Headers.prototype.set = function (name, value) {
    texts.push(value);
    set.call(this, name, value);
  };
  MessagePort.prototype.postMessage = function (this: MessagePort, message: unknown, ...rest: []) {
    texts.push(JSON.stringify(message));
    postMessage.call(this, message, ...rest);
  } as typeof postMessage;
  WebAssembly.instantiate = (async (...given: Parameters<typeof instantiate>) => {
    const made = (await instantiate(
      ...given,
    )) as unknown as WebAssembly.WebAssemblyInstantiatedSource;
    for (const one of Object.values(made.instance.exports))
      if (one instanceof WebAssembly.Memory) memories.push(one);
    return made;
  }) as unknown as typeof instantiate;
  return () => {
    Headers.prototype.set = set;
    MessagePort.prototype.postMessage = postMessage;
    WebAssembly.instantiate = instantiate;
  };
}
