// Serves pages: reads what each says first, and lets it join the one engine of this worker.

import { adviser } from "../client/advice.js";
import { TokenKeepError } from "../client/error.js";
import type { Core } from "../client/load.js";
import { readOptions, type Settings } from "../client/options.js";
import { type LoadProver, proverFrom } from "../client/proofs.js";
import type { TokenKeepOptions } from "../client/types.js";
import type { Hello } from "../hosted/protocol.js";
import * as Kind from "../hosted/protocol.js";
import { type Join, shareEngine } from "./engine.js";
import { failureOf, speakerTo } from "./messages.js";

/** The most characters of options that are read. */
const LONGEST = 65_536;

interface Sealed {
  readonly settings: Settings;
  /** The settings as text, to be compared. */
  readonly text: string;
}

/**
 * Serves the pages of this worker with engines that `load` brings, and with what makes proofs.
 * Returns `seal`.
 */
export function serve(
  load: () => Promise<Core>,
  loadProver: LoadProver,
): (options: TokenKeepOptions) => void {
  const isShared = isScope("SharedWorkerGlobalScope");
  let sealed: Sealed | undefined;
  /** A page has come, which is too late for `seal`. */
  let isLate = false;
  let opening: Promise<Join> | null = null;
  /** Made with the first settings, which stay. */
  let bringProver: ReturnType<typeof proverFrom> | undefined;

  function open({ settings }: Sealed): Promise<Join> {
    const over = () => void (opening = null);
    bringProver ??= proverFrom(settings.dpop, loadProver);
    opening ??= Promise.all([load(), bringProver()]).then(
      ([core, prover]) => shareEngine(core, settings, prover, isShared, over),
      (error: unknown) => {
        over();
        throw error;
      },
    );
    return opening;
  }

  async function hear({ data }: MessageEvent<unknown>): Promise<void> {
    if (!isHello(data)) return;
    isLate = true;
    const { tokenkeep, settings, base, port } = data;
    const { say } = speakerTo(port);
    try {
      if (!tokenkeep.includes(Kind.VERSION))
        throw new TokenKeepError("worker_unavailable", { message: OLD, retryable: false });
      const given = sealing(fromText(settings), base);
      sealed ??= given;
      if (sealed.text !== given.text) throw invalid("The worker is sealed with other options.");
      const join = await open(sealed);
      join(port);
    } catch (error) {
      const { code, retryable } = error as TokenKeepError;
      if (code === "wasm_unavailable" && !retryable) {
        const advise = adviser(sealed!.settings.console, (line) => say(Kind.WARN, line));
        advise(code, globalThis.location.href);
      }
      say(Kind.REFUSED, failureOf(error));
    }
  }

  if (isShared)
    globalThis.addEventListener("connect", (event) => {
      (event as MessageEvent).ports[0]!.onmessage = hear;
    });
  else if (isScope("DedicatedWorkerGlobalScope")) globalThis.addEventListener("message", hear);

  return (options) => {
    if (isLate || sealed) throw invalid("seal() comes too late: call it once, before any await.");
    sealed = sealing(options);
  };
}

function isScope(name: string): boolean {
  const scope = (globalThis as Record<string, unknown>)[name];
  return typeof scope === "function" && globalThis instanceof scope;
}

function isHello(data: unknown): data is Hello {
  const { tokenkeep, settings, base, port } = Object(data) as Partial<Hello>;
  return (
    Array.isArray(tokenkeep) &&
    typeof settings === "string" &&
    (base === undefined || typeof base === "string") &&
    settings.length <= LONGEST &&
    port instanceof MessagePort
  );
}

/** The options that a page has sent. Its `host` is this worker. */
function fromText(text: string): TokenKeepOptions {
  try {
    const { host: _, ...options } = JSON.parse(text) as TokenKeepOptions;
    return options;
  } catch {
    throw invalid("The options are no JSON.");
  }
}

/** What the options come to. Relative addresses count from `base`. */
function sealing(options: TokenKeepOptions, base?: string): Sealed {
  const settings = readOptions(options, base);
  const text = JSON.stringify(settings, (_, value: unknown) =>
    value instanceof Headers ? [...value] : value,
  );
  return { settings, text };
}

function invalid(message: string): TokenKeepError {
  return new TokenKeepError("config_invalid", { message });
}

const OLD = "Another version of the page is open.";
