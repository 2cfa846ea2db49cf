// Angular's zone.js counts the timers that start in a zone. It calls an application stable when
// none is left. So the keep's own timers start in no zone of the application.

interface Zone {
  run<T>(call: () => T): T;
  wrap<T>(listener: T, source: string): T;
}

const zones = () => (globalThis as { Zone?: { root?: Zone; current?: Zone } }).Zone;

/** Calls in the root zone, where zone.js counts nothing. */
export function outsideZones<T>(call: () => T): T {
  const root = zones()?.root;
  return typeof root?.run === "function" ? root.run(call) : call();
}

/** The listener, to be called in the zone that is current now, as event listeners are. */
export function inThisZone<T>(listener: T): T {
  const current = zones()?.current;
  return typeof current?.wrap === "function" ? current.wrap(listener, "tokenkeep") : listener;
}
