// The demo page: builds one keep, shows what it does, and restores the session that the browser may have.

import { createTokenKeep, TokenKeepError, type TokenKeep } from "tokenkeep";
import { offerCalls } from "./call-panel.ts";
import { loadConfig, type Config } from "./config.ts";
import { demoControls } from "./demo-controls.ts";
import { offerFaults } from "./fault-panel.ts";
import { button, htmlElement, onPress, showText } from "./page.ts";
import { LEEWAY_SECONDS, showSession } from "./session-card.ts";
import type { Moment } from "./moments.ts";
import { offerSignIn } from "./sign-in-form.ts";
import { listMoments } from "./moment-list.ts";
import { drawScore } from "./score.ts";
import { joinTabs } from "./tabs.ts";
import { watch, watchedTransport } from "./witness.ts";
import { errorSentence } from "./words.ts";

const fatal = htmlElement("fatal");

try {
  await open(await loadConfig());
} catch (error) {
  showText(fatal, `This page can’t start. ${errorSentence(error)}`);
}

async function open(config: Config): Promise<void> {
  showOrigins(config);
  const tabs = await joinTabs();
  const tell = (moment: Omit<Moment, "by" | "lane">) => tabs.tell({ ...moment, lane: "main" });
  const keep = createTokenKeep({
    refresh: `${config.authority}/session/refresh`,
    logout: `${config.authority}/session/logout`,
    origins: [config.api],
    leeway: LEEWAY_SECONDS,
    transport: watchedTransport(config.api, tell),
  });
  const demo = config.demo ? demoControls(keep, config) : null;

  showSession(keep);
  listMoments(tabs);
  drawScore(tabs);
  watch(keep, LEEWAY_SECONDS, tell);
  offerSignIn(keep, config);
  offerCalls(keep, config, demo);
  if (demo !== null) offerFaults(keep, demo, tabs);
  // A failed renewal or logout is an event and a state of the session; the timeline and the card tell of both.
  onPress(button("renew"), () => keep.refresh().then(nothing, nothing));
  onPress(button("log-out"), () => keep.logout().then(nothing, (error: unknown) => showText(fatal, errorSentence(error))));

  await restore(keep);
}

/** An authority that is out of reach is no reason to give up: the keep goes on trying, and the card says so. */
async function restore(keep: TokenKeep): Promise<void> {
  try {
    await keep.start();
  } catch (error) {
    if (!(error instanceof TokenKeepError && error.retryable)) throw error;
  }
}

function showOrigins({ authority, api }: Config): void {
  htmlElement("origin-page").textContent = location.origin;
  htmlElement("origin-authority").textContent = authority;
  htmlElement("origin-api").textContent = api;
}

function nothing(): void {}
