// The demo controls of both servers: their counters, and the faults that they offer. An application
// has no such controls: don't copy this file.

import type { TokenKeep } from "tokenkeep";
import { orRefusal, withCookie } from "./authority.ts";
import type { Config } from "./config.ts";

/** The account that the page can fill in. */
export const DEMO_ACCOUNT = { username: "alice", password: "correct horse battery" };

/** The id of the account that the operator acts for: Bob's. */
export const DEMO_CUSTOMER = "c2a4e6d8-1f3b-4c5d-8e7f-9a0b1c2d3e02";

/** Signs the demo account in, where nobody is signed in. */
export async function signInIfNeeded(keep: TokenKeep, { authority }: Config): Promise<void> {
  if (keep.session.status !== "authenticated")
    await orRefusal(keep.signIn(`${authority}/session/sign-in`, withCookie(DEMO_ACCOUNT)));
}

/** What both servers have counted since they started. */
export interface Counts {
  /** Guarded calls that reached the API. */
  readonly requests: number;
  /** Guarded calls that it answered with 401. */
  readonly refused: number;
  /** Refresh calls that reached the authority. */
  readonly refreshes: number;
}

export interface DemoControls {
  counts(): Promise<Counts>;
  /** From now on the API answers 401 to the present access token. */
  refuseToken(): Promise<void>;
  /** It answers 401 to every token, fresh ones included. */
  refuseAll(): Promise<void>;
  acceptAll(): Promise<void>;
  breakRefresh(seconds: number): Promise<void>;
  setLifetime(seconds: number): Promise<void>;
  /** How long a used refresh token is accepted again. */
  setGrace(seconds: number): Promise<void>;
  /** Loses the next replies to a refresh, after the rotation. */
  loseReplies(count: number): Promise<void>;
  /** Presents the refresh token that this session used last, as a thief with a copy would. */
  replay(): Promise<{ status: number; error?: string }>;
}

export function demoControls(keep: TokenKeep, { authority, api }: Config): DemoControls {
  const ask = (path: string, body: object) =>
    fetch(`${authority}/demo/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Requested-With": "XMLHttpRequest" },
      body: JSON.stringify(body),
    });
  const configure = (settings: Record<string, number>) => expectOk(ask("settings", settings));

  return {
    async counts() {
      const [atApi, atAuthority] = await Promise.all([
        read<{ total: number; refused: number }>(`${api}/demo/stats`),
        read<{ refreshCalls: number }>(`${authority}/demo/stats`),
      ]);
      return { requests: atApi.total, refused: atApi.refused, refreshes: atAuthority.refreshCalls };
    },
    // This call goes through the keep, because the API has to remember the token.
    refuseToken: () => expectOk(keep.fetch(`${api}/demo/refuse`, { method: "POST" })),
    refuseAll: () => expectOk(fetch(`${api}/demo/refuse-all`, { method: "POST" })),
    acceptAll: () => expectOk(fetch(`${api}/demo/accept-all`, { method: "POST" })),
    breakRefresh: (seconds) => configure({ refreshOutageSeconds: seconds }),
    setLifetime: (seconds) => configure({ accessTokenSeconds: seconds }),
    setGrace: (seconds) => configure({ graceSeconds: seconds }),
    loseReplies: (count) => configure({ lostReplies: count }),
    async replay() {
      const answer = await ask("replay", { session: keep.session.claims?.["sid"] });
      await expectOk(Promise.resolve(answer));
      return (await answer.json()) as { status: number; error?: string };
    },
  };
}

async function read<T>(url: string): Promise<T> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${new URL(url).pathname} answered ${response.status}`);
  return (await response.json()) as T;
}

async function expectOk(answer: Promise<Response>): Promise<void> {
  const response = await answer;
  if (!response.ok)
    throw new Error(`${new URL(response.url).pathname} answered ${response.status}`);
}
