// What crosses between the two halves: numbers. src/client/mod.rs and src/client/wire.rs are the
// other side, in the same order.

/** What happened, for `Keep.input`. Those up to `unauthorized` are waited for. */
export const enum Input {
  start,
  refresh,
  logout,
  signIn,
  request,
  /** With the milliseconds that the token has to live. */
  lend,
  /** With the generation of the token, like the two after the next. */
  unauthorized,
  retryRefused,
  accepted,
  /** With the call. */
  unreachable,
  /** With the ticket, like the next. */
  locked,
  lockDenied,
  hidden,
  visible,
  offline,
  online,
  restored,
  close,
  /** With the call: no request can be made of the endpoint. */
  unsendable,
}

/** What is to be done, with what. Moments are epoch milliseconds, NaN for none. */
export const enum Output {
  /** The call; so the next two. */
  sendRefresh,
  sendLogout,
  abort,
  /** The ticket; so the next. */
  lock,
  unlock,
  /** The waiter, the `Outcome`, a failure's kind and status; its seconds to wait. */
  settle,
  /** The numbers of a message. */
  tell,
  /** Status, generation, whether a refresh is on, reason; moments of expiry and of the retry. */
  changed,
  signedIn,
  /** The reason. */
  signedOut,
  /** The generation, and whether it was a sibling's. */
  refreshed,
  /** A failure's kind and status; its seconds to wait, moment of the retry. */
  refreshFailed,
  userChanged,
  /**
   * One transition: step, why, four times the status before plus that after, generation; moment.
   */
  entry,
}

/** Four whole numbers and two others; what they are is told above. */
export type Numbers = readonly [a: number, b: number, c: number, d: number, x: number, y: number];

/** How a wait ends. */
export const enum Outcome {
  done,
  token,
  anonymous,
  giveUp,
  failed,
}

/** NaN crosses where there is no number. */
export function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
