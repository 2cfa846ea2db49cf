// Every event of a keep.

import type { TokenKeepEvents } from "tokenkeep";

const all: Readonly<Record<keyof TokenKeepEvents, true>> = {
  change: true,
  "signed-in": true,
  "signed-out": true,
  refreshed: true,
  "refresh-failed": true,
  "step-up": true,
  "rejected-fresh-token": true,
  "user-changed": true,
  "logout-answered": true,
};

export const EVENT_TYPES = Object.keys(all) as (keyof TokenKeepEvents)[];
