// The one engine of a worker, and the pages that share it.

import { adviser } from "../client/advice.js";
import type { Prover } from "../client/dpop.js";
import type { TokenKeepError } from "../client/error.js";
import type { SessionNumbers, Told } from "../client/home.js";
import { type Host, openHost } from "../client/host.js";
import type { Core } from "../client/load.js";
import type { Settings } from "../client/options.js";
import type { watchPage } from "../client/page.js";
import type { SignedOutReason, Transition } from "../client/types.js";
import type { SentSession } from "../hosted/protocol.js";
import * as Kind from "../hosted/protocol.js";
import { type Channel, openChannel } from "./channel.js";
import { failureOf } from "./messages.js";

/** The events of a worker that the engine hears of. */
const NETWORK = ["online", "offline"] as const;

/** Milliseconds after which pages hear what the engine has noted by itself. */
const DELAY = 50;

/** Milliseconds in which a page tells the value of a cookie. */
const PATIENCE = 2_000;

type Bfcache = Parameters<typeof watchPage>[1];

/** What a channel needs of the engine. */
export interface Shared {
  readonly host: Host;
  readonly settings: Settings;
  /** Hears that the page of a dedicated worker is stored or back: the worker sleeps meanwhile. */
  readonly bfcache: Bfcache | undefined;
  /** Tells the pages what the engine has noted since the last time. */
  note(): void;
  /** Whether nobody is signed in. */
  isAnonymous(): boolean;
  /** `channel` logs out. */
  leaves(channel: Channel): void;
  /** A page was hidden or seen. */
  look(isSeen: boolean): void;
  /** A page is back and has missed what was told meanwhile. */
  catchUp(channel: Channel, known: SessionNumbers[0] | undefined): void;
  /** A page tells the value of a cookie. */
  tellCookie(id: number, value: string | null | undefined): void;
  /** A page goes. `closed`: its keep was closed. */
  part(channel: Channel, closed: boolean): void;
}

/** Has a page join. */
export type Join = (port: MessagePort) => void;

/** An engine for the pages that join. `over` is called when it can't be joined any more. */
export function shareEngine(
  core: Core,
  settings: Settings,
  prover: Prover | null,
  isShared: boolean,
  over: () => void,
): Join {
  const channels = new Set<Channel>();
  let session: SentSession | null = null;
  /** The page that has logged out. */
  let leaver: Channel | undefined;
  /** The newest transition that the pages know of, as text. */
  let noted = "";
  /** Tells it soon. */
  let noting: ReturnType<typeof setTimeout> | undefined;
  let lastCookie = 0;
  let bfcache: Bfcache | undefined;
  const cookies = new Map<number, (value: string | null | undefined) => void>();

  const told: Told = {
    changed(numbers, json) {
      const [last, claims, reply] = session ?? [];
      const [, generation, , , expiresAt] = numbers;
      // As in the snapshot of a page: one generation is one token.
      const known = generation === last?.[1] && last[4] !== undefined;
      const said = known ? reply : json.reply();
      session =
        expiresAt === undefined
          ? [numbers, undefined, undefined]
          : [numbers, known ? claims : json.claims(), said === true ? reply : said];
      const now = session;
      each((channel) => channel.speaker.changed(now, channel === leaver));
    },
    emit(...event) {
      const [type, what] = event;
      for (const channel of channels) {
        // The answer is for the page that has asked.
        if (type === "logout-answered" && channel !== leaver) continue;
        if (type === "signed-out") signOut(channel, what.reason);
        else channel.speaker.emit(...event);
      }
    },
    refreshFailed: (error, retryAt) =>
      each(({ speaker }) => speaker.say(Kind.REFRESH_FAILED, failureOf(error), retryAt)),
    bare: () => undefined,
    lost(error: TokenKeepError) {
      over();
      each((channel) => channel.lose(error));
    },
  };
  const advise = adviser(settings.console, (line) => {
    [...channels].find(({ speaker }) => !speaker.absence())?.speaker.say(Kind.WARN, line);
  });
  const host = openHost(core, settings, told, advise, prover, {
    cookies: askCookie,
    // The engine calls this while it is opened, so `bfcache` is there below.
    watch(wake, given) {
      if (!isShared) bfcache = given;
      const watching = new AbortController();
      for (const type of NETWORK) globalThis.addEventListener?.(type, () => wake(type), watching);
      if (globalThis.navigator?.onLine === false) wake("offline");
      return () => watching.abort();
    },
  });

  /** A logout was the page's own, or that of another one. */
  function signOut(channel: Channel, reason: SignedOutReason): void {
    const isElsewhere = reason === "logout" && channel !== leaver;
    channel.speaker.emit("signed-out", { reason: isElsewhere ? "logout-elsewhere" : reason });
  }

  function each(tell: (channel: Channel) => void): void {
    for (const channel of channels) tell(channel);
  }

  /** The value of the cookie that `csrf` names: the first that a page tells. */
  function askCookie(): Promise<string | null | undefined> {
    return new Promise((resolve) => {
      const id = ++lastCookie;
      const done = (value: string | null | undefined) => {
        cookies.delete(id);
        clearTimeout(timer);
        resolve(value);
      };
      const timer = setTimeout(() => done(null), PATIENCE);
      cookies.set(id, done);
      each(({ speaker }) => speaker.say(Kind.COOKIE, id));
    });
  }

  core.worked = () => void (noting ??= setTimeout(shared.note, DELAY));

  function entries(): readonly Transition[] {
    return host.lost ? [] : host.explain();
  }

  function look(isSeen: boolean): void {
    if (isSeen) host.hear("visible", 0);
    else if (channels.size > 0 && [...channels].every((channel) => channel.isHidden))
      host.hear("hidden", 0);
  }

  const shared: Shared = {
    host,
    settings,
    bfcache,
    note() {
      const all = entries();
      // To read them was a call of the wasm too.
      clearTimeout(noting);
      noting = undefined;
      const texts = all.map((entry) => JSON.stringify(entry));
      const fresh = all.slice(1 + texts.lastIndexOf(noted));
      noted = texts.at(-1) ?? "";
      if (fresh.length === 0) return;
      each(({ speaker }) => speaker.say(Kind.ENTRIES, fresh, fresh.length === all.length));
    },
    isAnonymous: () => session?.[0][0] === "anonymous",
    leaves: (channel) => (leaver = channel),
    look,
    catchUp(channel, before) {
      const { speaker } = channel;
      if (session) {
        const [status, , , reason] = session[0];
        speaker.changed(session, channel === leaver);
        // What has begun or ended meanwhile is an event for this page too.
        const [was, is] = [before, status].map((one) => one === "authenticated");
        if (is && !was) speaker.emit("signed-in");
        if (was && !is && reason) signOut(channel, reason);
      }
      speaker.say(Kind.ENTRIES, entries(), true);
    },
    tellCookie: (id, value) => cookies.get(id)?.(value),
    part(channel, closed) {
      if (!channels.delete(channel)) return;
      if (channels.size > 0) look(false);
      else if (closed && !host.lost) {
        over();
        host.close();
      }
    },
  };

  return (port) => {
    const channel = openChannel(port, shared);
    shared.note();
    channels.add(channel);
    channel.welcome(session, entries());
    // A page that is hidden says so next.
    look(true);
  };
}
