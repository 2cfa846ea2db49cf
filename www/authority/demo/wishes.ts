// What the demo page may ask of the authority. One wish that is unknown or out of range refuses the
// whole request.

export interface Wish {
  accessTokenSeconds?: number;
  refreshOutageSeconds?: number;
  graceSeconds?: number;
  /** How many of the next refresh replies are lost after the rotation. */
  lostReplies?: number;
  rateLimits?: "on" | "off";
}

const DAY = 24 * 60 * 60;

const RANGES: {
  readonly [name in keyof Omit<Wish, "rateLimits">]-?: readonly [least: number, most: number];
} = {
  accessTokenSeconds: [1, DAY],
  refreshOutageSeconds: [0, DAY],
  graceSeconds: [0, 300],
  lostReplies: [0, 100],
};

export function readWish(value: unknown): Wish | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const fits = Object.entries(value).every(([name, wanted]) => {
    if (name === "rateLimits") return wanted === "on" || wanted === "off";
    const [least, most] = Object.hasOwn(RANGES, name)
      ? RANGES[name as keyof typeof RANGES]
      : [1, 0];
    return Number.isSafeInteger(wanted) && wanted >= least && wanted <= most;
  });
  return fits ? (value as Wish) : null;
}
