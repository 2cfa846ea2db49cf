// The demo page: builds a keep for each tenant, shows what they do, and restores the session that
// the browser may have.

import { createTokenKeep, type TokenKeep, TokenKeepError } from "tokenkeep";
import { offerActing } from "./acting-panel.ts";
import { offerAudit } from "./audit-panel.ts";
import { authorityAt } from "./authority.ts";
import { offerCalls } from "./call-panel.ts";
import { offerChain } from "./chain-panel.ts";
import { type Config, loadConfig } from "./config.ts";
import { listPanels } from "./contents.ts";
import { demoControls } from "./demo-controls.ts";
import { offerFaults } from "./fault-panel.ts";
import { offerHosts } from "./host-panel.ts";
import { offerKeys } from "./keys-panel.ts";
import { listMoments } from "./moment-list.ts";
import type { Moment } from "./moments.ts";
import { button, htmlElement, onPress, showText } from "./page.ts";
import { offerPoint } from "./point-panel.ts";
import { offerProvider } from "./provider-panel.ts";
import { drawScore } from "./score.ts";
import { LEEWAY_SECONDS, showSession } from "./session-card.ts";
import { offerSessions } from "./sessions-panel.ts";
import { offerSignIn } from "./sign-in-form.ts";
import { offerStepUp } from "./step-up-panel.ts";
import { joinTabs, type Tabs } from "./tabs.ts";
import { offerTenants } from "./tenants-panel.ts";
import { offerTheft } from "./theft-panel.ts";
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
  listMoments(tabs);
  drawScore(tabs);

  const keep = keepOf("main", config.authority, config, tabs);
  const authority = authorityAt(config.authority, keep);
  const demo = config.demo ? demoControls(keep, config) : null;
  showSession(keep);
  offerSignIn(keep, config);
  offerCalls(keep, config, demo);
  offerStepUp(keep, config, authority);
  offerSessions(keep, authority, tabs);
  offerKeys(authority, tabs);
  offerAudit(authority);
  if (demo !== null) {
    offerPoint(keep, config, demo, tabs);
    offerFaults(keep, demo, tabs);
    offerTheft(keep, config, tabs);
    offerChain(keep, config);
    offerActing(keep, config, authority);
    offerHosts(config);
  }
  if (config.south !== null)
    offerTenants(
      keep,
      keepOf("south", config.authority + config.south, config, tabs),
      config,
      config.south,
    );
  if (config.provider) offerProvider();
  listPanels();
  // A failed renewal or logout is an event and a state of the session. The timeline and the card
  // show both.
  const renewed = htmlElement("session-result");
  onPress(button("renew"), async () => {
    renewed.textContent = await keep
      .refresh()
      .then(({ generation }) => `Renewed: this is token ${generation}.`, errorSentence);
  });
  onPress(button("log-out"), () =>
    keep.logout().then(nothing, (error: unknown) => showText(fatal, errorSentence(error))),
  );

  await restore(keep);
}

/**
 * Makes a keep for one tenant and watches it. Its origins include the authority, for the operator's
 * calls.
 */
function keepOf(tenant: string, base: string, { authority, api }: Config, tabs: Tabs): TokenKeep {
  const tell = (moment: Omit<Moment, "by" | "lane">) => tabs.tell({ ...moment, lane: tenant });
  const keep = createTokenKeep({
    refresh: `${base}/session/refresh`,
    logout: `${base}/session/logout`,
    origins: [api, authority],
    leeway: LEEWAY_SECONDS,
    transport: watchedTransport(api, tell),
  });
  watch(keep, LEEWAY_SECONDS, tell);
  return keep;
}

/** Starts the keep. While the authority is unreachable, it goes on trying, and the card says so. */
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
