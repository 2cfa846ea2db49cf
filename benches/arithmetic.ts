// Sums up many measurements of one thing: their middle, and how far they lie apart.

export interface Measure {
  readonly value: number;
  /** Half of all rounds lie between these two. */
  readonly low: number;
  readonly high: number;
}

/** The value at this part of the sorted list, interpolated between neighbours. */
export function quantile(list: readonly number[], part: number): number {
  if (list.length === 0 || !list.every(Number.isFinite))
    throw new Error(`no figures to take the middle of: ${list.join(", ") || "none"}`);
  const sorted = [...list].sort((one, other) => one - other);
  const place = (sorted.length - 1) * part;
  const [below, above] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!];
  return below + (above - below) * (place - Math.floor(place));
}

export function median(list: readonly number[]): number {
  return quantile(list, 0.5);
}

export function measureOf(list: readonly number[]): Measure {
  return { value: median(list), low: quantile(list, 0.25), high: quantile(list, 0.75) };
}

/** What one takes beyond the other, round by round. */
export function differenceOf(one: readonly number[], other: readonly number[]): Measure {
  return measureOf(one.map((time, round) => time - (other[round] ?? Number.NaN)));
}

/**
 * The ratio of two contestants, round by round: whatever slows the machine for a while slows both.
 * `nothing` is the cost of the measuring itself and is taken off both sides.
 */
export function ratioOf(one: readonly number[], other: readonly number[], nothing = 0): Measure {
  if (one.length !== other.length)
    throw new Error(`${one.length} rounds of one, ${other.length} of the other`);
  return measureOf(
    one.map(
      (time, round) => Math.max(0, time - nothing) / ((other[round] ?? Number.NaN) - nothing),
    ),
  );
}
