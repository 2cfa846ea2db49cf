// Which tests of the client are not for every host, by the beginning of their names, and why. Every
// other test holds with the keep in the page, in a dedicated and in a shared worker.

const PATCHES = "it patches what the page host uses";
const ASKS = "its keep.fetch goes to an address of the authority";
const LENDS = "it needs the token in the page";
const LOADS = "it is about how the page loads the engine";

/** For the page host alone. */
export const PAGE_ONLY: Readonly<Record<string, string>> = {
  client_A4_: "no worker's script is loaded offline",
  client_A96_: LOADS,
  client_D125_: LENDS,
  client_D126_: LENDS,
  client_D127_: LENDS,
  client_D128_: LENDS,
  client_D134_: LENDS,
  client_D33_: ASKS,
  client_E114_a_frame_that_may_read_no_cookie: "a frame without an origin makes no worker",
  client_E47_the_token_travels: ASKS,
  client_F51_: LENDS,
  client_F52_a_rejection_that_a_siblings: PATCHES,
  client_F87_the_token_is_taken_out: LENDS,
  client_G61_with_locks: PATCHES,
  client_G89_: ASKS,
  client_P2_: PATCHES,
  client_P24_: PATCHES,
  client_P27_: PATCHES,
  client_P28_: LOADS,
  client_P303_: PATCHES,
  locally_the_browser_prints: "it reads the console of the page",
  client_A115_the_start_by_the_first_withToken: LENDS,
};

/** For hosts that give each tab an engine of its own. */
export const ENGINE_EACH: Readonly<Record<string, string>> = {
  client_A116_siblings: "a sibling renews a token of its own",
  client_E113_the_cookie_is_read_when_the_lock: "one tab holds the lock, another waits for it",
  client_F50_: "each tab asks the authority",
  client_G60_: "one tab holds the lock, another waits for it",
  client_P3_: "each tab has a key of its own",
  client_P300_all_tabs: "each tab asks the authority",
  client_P12_whatever: "its sessions cause more refreshes than one engine makes in a minute",
  client_H70_a_logout_that_cannot_be_told_by_offline: "Playwright takes no shared worker offline",
};
