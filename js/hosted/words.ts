// The messages of `tokenkeep/hosted`, in place of those in js/client/words.ts: an error that the
// worker tells of brings its own.

import type { WORDS as All, RETRYABLE as Some } from "../client/words.js";

export const WORDS: Partial<typeof All> = { closed: "The keep is closed." };

export const RETRYABLE: typeof Some = [];
