// Whether what a long run holds stays level.

import assert from "node:assert/strict";

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/**
 * Fails where the last quarter of the samples is more than a tenth and `slack` above the second
 * one. In the first quarter caches fill up.
 * @param samples bytes, at even distances
 */
export function assertLevel(what: string, samples: readonly number[], slack: number): string {
  const quarter = Math.floor(samples.length / 4);
  assert.ok(quarter >= 2, `${what}: ${samples.length} samples are too few`);
  const before = median(samples.slice(quarter, 2 * quarter));
  const after = median(samples.slice(-quarter));
  const said = `${what}: ${megabytes(before)} in the second quarter, ${megabytes(after)} in the last`;
  assert.ok(after <= before * 1.1 + slack, said);
  return said;
}

const megabytes = (bytes: number): string => `${(bytes / 1_048_576).toFixed(2)} MB`;
