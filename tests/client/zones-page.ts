// Runs in a page with Angular's zone.js: a zone that, as Angular's does, knows which timers and
// requests it waits for.

import "zone.js";
import { createTokenKeep } from "tokenkeep";

const scheduled: string[] = [];

const zones = {
  createTokenKeep,
  application: Zone.current.fork({
    name: "application",
    onScheduleTask(parent, _, target, task) {
      if (task.type === "macroTask") scheduled.push(task.source);
      return parent.scheduleTask(target, task);
    },
  }),
  /** All that the zone has ever had to wait for, such as "setTimeout". */
  scheduled,
};

declare global {
  var zones: typeof import("./zones-page.ts").zones;
}

globalThis.zones = zones;

export { zones };
