// How tests, benches and pictures start Chromium.

import { env } from "node:process";

/** The path of Chromium. Scripts that set up name it in the variable CHROMIUM. */
export const executablePath = env["CHROMIUM"] ?? "/usr/bin/chromium";

/**
 * The path of Chromium without its windows, Debian's chromium-headless-shell. Playwright drives it
 * unless it is told otherwise: the same engine, and a page costs half of the processor's time. It
 * is named in the variable HEADLESS_SHELL; else this is Chromium itself.
 */
export const shellPath = env["HEADLESS_SHELL"] ?? executablePath;

/**
 * The popup of the address bar. It is a page of its own, which each new window loads and which
 * takes a core for half a second.
 */
const popup = ["WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup"];

/** What Playwright switches off for pages and the network. */
const playwrights = [
  "AimEnabled",
  "AvoidCorsURLLoaderRestartOnRedirect",
  "AvoidUnnecessaryBeforeUnloadCheckSync",
  "DestroyProfileOnBrowserClose",
  "HttpsFirstBalancedModeAutoEnable",
  "HttpsUpgrades",
  "LensOverlay",
  "MediaRouter",
  "NetworkTimeServiceQuerying",
  "OptimizationHints",
  "PaintHolding",
  "PreconnectToSearch",
  "ThirdPartyStoragePartitioning",
];

/** Runs in a container, and sends nothing but what a page asks for. */
export const plainArgs = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  `--disable-features=${popup.join(",")}`,
];

/** For Playwright. Chromium obeys the last list of features only, so that it names Playwright's. */
export const args = [...plainArgs, `--disable-features=${[...popup, ...playwrights].join(",")}`];
