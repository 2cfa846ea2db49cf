// Calls to the guarded API through `keep.fetch`, and what the servers counted while they ran.

import type { TokenKeep } from "tokenkeep";
import type { Config } from "./config.ts";
import type { Counts, DemoControls } from "./demo-controls.ts";
import { button, htmlElement, onPress } from "./page.ts";
import { errorSentence } from "./words.ts";

/** As many calls as a busy page sends at once. */
export const MANY = 50;

interface Answer {
  readonly outcome: "ok" | "refused";
  /** "200", "50 of 50 answered" */
  readonly headline: string;
  readonly detail: string;
}

export function offerCalls(keep: TokenKeep, { api }: Config, demo: DemoControls | null): void {
  const offer = (id: string, call: () => Promise<Answer>) =>
    onPress(button(id), async () => {
      const before = await demo?.counts().catch(() => null);
      const answer = await call().catch((error: unknown): Answer => {
        return { outcome: "refused", headline: "No answer", detail: errorSentence(error) };
      });
      showAnswer(answer);
      const after = await demo?.counts().catch(() => null);
      showLedger(before ?? null, after ?? null);
    });

  offer("call-time", () => callOnce(keep, `${api}/api/time`));
  offer("call-me", () => callOnce(keep, `${api}/api/me`));
  offer("call-echo", () =>
    callOnce(keep, `${api}/api/echo`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ note: "Sent once, or twice after a refresh, but always whole." }),
    }),
  );
  offer("call-many", () => callMany(keep, `${api}/api/time`));
}

async function callOnce(keep: TokenKeep, url: string, init?: RequestInit): Promise<Answer> {
  const response = await keep.fetch(url, init);
  const what = `${init?.method ?? "GET"} ${new URL(url).pathname}`;
  if (response.status === 401) {
    const challenge = response.headers.get("WWW-Authenticate");
    return {
      outcome: "refused",
      headline: "401",
      detail: `${what}: ${challenge ?? "no challenge given"}`,
    };
  }
  return {
    outcome: response.ok ? "ok" : "refused",
    headline: String(response.status),
    detail: `${what}: ${await response.text()}`,
  };
}

/** Sends `MANY` calls at once, and counts the good answers. */
export async function sendMany(keep: TokenKeep, url: string): Promise<number> {
  const answers = await Promise.allSettled(Array.from({ length: MANY }, () => keep.fetch(url)));
  return answers.filter((answer) => answer.status === "fulfilled" && answer.value.ok).length;
}

async function callMany(keep: TokenKeep, url: string): Promise<Answer> {
  const started = performance.now();
  const good = await sendMany(keep, url);
  const elapsed = Math.round(performance.now() - started);
  return {
    outcome: good === MANY ? "ok" : "refused",
    headline: `${good} of ${MANY} succeeded`,
    detail: `in ${elapsed} ms`,
  };
}

function showAnswer({ outcome, headline, detail }: Answer): void {
  const panel = htmlElement("answer");
  const line = document.createElement("p");
  const status = document.createElement("b");
  status.textContent = headline;
  line.append(status, ` ${detail}`);
  panel.dataset.outcome = outcome;
  panel.replaceChildren(line);
}

function showLedger(before: Counts | null, after: Counts | null): void {
  const ledger = htmlElement("ledger");
  ledger.hidden = before === null || after === null;
  if (before === null || after === null) return;
  htmlElement("ledger-requests").textContent = String(after.requests - before.requests);
  htmlElement("ledger-refused").textContent = String(after.refused - before.refused);
  htmlElement("ledger-refreshes").textContent = String(after.refreshes - before.refreshes);
}
