// What tabs tell each other, written by a test. The numbers are those of src/client/messages.rs
// once more: tabs with two releases of the package may be open at a time, so they must not change.

const KINDS = {
  asking: 1,
  standing: 2,
  "signed-in": 3,
  "signed-out": 4,
  refreshed: 5,
  rejected: 6,
  pause: 7,
  "turn-over": 8,
};
const FLAGS = { signedIn: 1, visible: 2, subject: 4, time: 8 };

export type Kind = keyof typeof KINDS;

export interface Message {
  readonly version: number;
  readonly epoch: number;
  readonly kind: number;
  readonly flags: number;
  readonly high: number;
  readonly low: number;
  readonly time: number;
}

/** The members of a message, in their order on the channel. */
export function message(
  kind: Kind,
  epoch: number,
  flags: readonly (keyof typeof FLAGS)[] = [],
  others: Partial<Message> = {},
): number[] {
  const whole: Message = {
    version: 1,
    epoch,
    kind: KINDS[kind],
    flags: flags.reduce((sum, flag) => sum + FLAGS[flag], 0),
    high: 0,
    low: 0,
    time: 0,
    ...others,
  };
  return Object.values(whole);
}

/** The epoch of a message that came from the channel. */
export function epochOf([, epoch = Number.NaN]: readonly number[]): number {
  return epoch;
}
