// The entry point `tokenkeep/react`: the session of a keep as React state. It takes the keep as an
// argument and holds nothing of the client's code, so an application has that once.

"use client";

import { useCallback, useMemo, useSyncExternalStore } from "react";
import { UNKNOWN } from "./client/session.js";
import type { Session, TokenKeep } from "./client/types.js";

/** What the hook needs of a keep, so a test can stand in for it with two members. */
export type SessionSource = Pick<TokenKeep, "session" | "subscribe">;

/**
 * The session of `keep`; renders again when anything in it changes, at each renewal too.
 *
 * It reads and starts nothing: call `keep.start()` where the application starts. On a server, and
 * while hydrating what a server rendered, the session is the "unknown" one.
 */
export function useSession(keep: SessionSource): Session;
/**
 * What `select` makes of the session; renders again only when that changes, by `Object.is`.
 *
 * ```ts
 * const name = useSession(keep, (session) => session.claims?.name);
 * ```
 */
export function useSession<T>(keep: SessionSource, select: (session: Session) => T): T;
export function useSession<T>(keep: SessionSource, select?: (session: Session) => T): Session | T {
  const subscribe = useCallback((listener: () => void) => keep.subscribe(listener), [keep]);
  const read = useMemo(() => reader(() => keep.session, select), [keep, select]);
  const readOnServer = useMemo(() => reader(() => UNKNOWN, select), [select]);
  return useSyncExternalStore(subscribe, read, readOnServer);
}

/**
 * React asks more than once for a snapshot and wants the same answer, also from a selector that
 * makes a new object each time.
 */
function reader<T>(
  session: () => Session,
  select: ((session: Session) => T) | undefined,
): () => Session | T {
  let last: { session: Session; selected: Session | T } | undefined;
  return () => {
    const current = session();
    if (last?.session !== current)
      last = { session: current, selected: select === undefined ? current : select(current) };
    return last.selected;
  };
}
