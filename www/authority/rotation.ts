// Rotation: a refresh token is good for one use. Its use gives the successor, and for a short while
// gives the same successor again. A used token that comes back later is a copy in somebody's hands.
//
// The grace window (RFC 9700 section 4.14.2 leaves it to us). A reply can be lost after the
// database has rotated: by a reload, a dead network, a closed laptop. The browser then has only the
// used token, so within the window the used token gets the successor again. Four bounds keep this
// from being a second life for stolen tokens:
//  - The same successor, never another one. A thief who is in time shares one token with the owner.
//    The first of the two to renew makes the other's a used token, which raises the alarm after the
//    window.
//  - Only while the successor is unused. Once it is used, the browser has had the reply, and its
//    predecessor gets no token. It raises no alarm yet: of requests that left together, one can
//    arrive after the next token is in use. The answer is to try again, and the browser then sends
//    the cookie that it has by that time.
//  - The window is counted from the first use and is never extended.
//  - Never across a raise. A step-up makes the session stronger, and seals no successor for its
//    predecessor: a copy of the weaker token must not gain the second factor. Within the window the
//    predecessor is refused and raises no alarm, since its owner may have lost the reply. The price
//    is a new sign-in after a lost reply.

import { hashOf, newRefreshToken } from "./refresh-tokens.ts";
import { seal, unseal } from "./sealing.ts";
import { living, type Row, SESSION_COLUMNS, type Session, sessionFrom } from "./sessions.ts";

/** The standing of a refresh token that was presented. */
export type Standing =
  /** The newest of its family. */
  | "current"
  /** Used within the window, and the successor is unused: the reply may have been lost. */
  | "predecessor"
  /** Used within the window, and the successor is used too: the request came late. */
  | "late"
  /** Used within the window by a raise: the session is stronger than this token ever was. */
  | "outranked"
  /** Used, and the window is over: somebody has a copy. */
  | "reused";

/** The result of a use. Without a token, the outcome is the standing that explains why. */
export type Rotation =
  | { outcome: "rotated" | "repeated"; session: Session; refreshToken: string }
  | { outcome: Exclude<Standing, "current">; session: Session };

export interface Presented {
  tenantId: string;
  refreshToken: string;
  now: number;
  graceSeconds: number;
}

interface TokenRow extends Row {
  successor: string | null;
  sealed: string | null;
  used_at: number | null;
  successor_is_used: number;
}

const READ = `
  SELECT ${SESSION_COLUMNS},
         successor.hash AS successor, successor.sealed, successor.issued_at AS used_at,
         EXISTS (SELECT 1 FROM refresh_tokens WHERE predecessor = successor.hash)
           AS successor_is_used
    FROM refresh_tokens AS presented
    JOIN families ON families.id = presented.family_id
    JOIN accounts ON accounts.id = families.account_id
    LEFT JOIN refresh_tokens AS successor ON successor.predecessor = presented.hash
   WHERE presented.hash = ?1 AND families.tenant_id = ?2 AND ${living("?3")}`;

/**
 * The living session of a token, and the standing of the token. Null when the token is unknown or
 * its session has ended.
 */
export async function find(
  db: D1Database,
  presented: Presented,
): Promise<{ session: Session; standing: Standing } | null> {
  const { refreshToken, tenantId, now } = presented;
  const row = await db
    .prepare(READ)
    .bind(await hashOf(refreshToken), tenantId, now)
    .first<TokenRow>();
  return row === null ? null : { session: sessionFrom(row), standing: standingOf(row, presented) };
}

/**
 * Uses a refresh token, or uses it again within the window. Null when it is unknown or its session
 * has ended. A raise takes only the newest token of its family, and makes the session stronger in
 * the same transaction.
 *
 * Using a token *is* inserting its successor, in one statement, and the column `predecessor` is
 * unique. There is no moment between looking and marking. Parallel uses of one token have one
 * winner; the others read the winner's successor in the same transaction. The successor inherits
 * the end of the family and never outlives it (RFC 10017 forbids a rotation to extend a session
 * that was given an end).
 */
export async function rotate(
  db: D1Database,
  presented: Presented,
  { raise = false }: { raise?: boolean } = {},
): Promise<Rotation | null> {
  const { refreshToken, tenantId, now } = presented;
  const used = await hashOf(refreshToken);
  const successor = newRefreshToken();
  const hash = await hashOf(successor);
  const sealed = raise ? null : await seal(successor, successorOf(refreshToken, hash));
  // A batch is one transaction.
  const results = await db.batch<TokenRow>([
    db
      .prepare(
        `INSERT INTO refresh_tokens (hash, family_id, predecessor, sealed, issued_at)
         SELECT ?1, families.id, used.hash, ?2, ?5
           FROM refresh_tokens AS used
           JOIN families ON families.id = used.family_id
           JOIN accounts ON accounts.id = families.account_id
          WHERE used.hash = ?3 AND families.tenant_id = ?4 AND ${living("?5")}
         ON CONFLICT (predecessor) DO NOTHING`,
      )
      .bind(hash, sealed, used, tenantId, now),
    // The token is used now, and its own predecessor must not get it any more.
    db
      .prepare(
        `UPDATE refresh_tokens SET sealed = NULL
          WHERE hash = ?1 AND EXISTS (SELECT 1 FROM refresh_tokens WHERE hash = ?2)`,
      )
      .bind(used, hash),
    db
      .prepare(
        `UPDATE families SET last_used_at = ?2, stepped_up_at = coalesce(?3, stepped_up_at)
          WHERE id = (SELECT family_id FROM refresh_tokens WHERE hash = ?1)`,
      )
      .bind(hash, now, raise ? now : null),
    db.prepare(READ).bind(used, tenantId, now),
  ]);
  const row = results.at(-1)?.results[0];
  if (row === undefined) return null;
  const session = sessionFrom(row);
  if (row.successor === hash) return { outcome: "rotated", session, refreshToken: successor };
  const standing = standingOf(row, presented);
  if (standing === "current") throw new Error("a token that was used has no successor");
  if (raise || standing !== "predecessor" || row.sealed === null || row.successor === null)
    return { outcome: standing, session };
  return {
    outcome: "repeated",
    session,
    refreshToken: await unseal(row.sealed, successorOf(refreshToken, row.successor)),
  };
}

function standingOf(
  { successor, sealed, used_at, successor_is_used }: TokenRow,
  { now, graceSeconds }: Presented,
): Standing {
  if (successor === null || used_at === null) return "current";
  if (now - used_at >= graceSeconds) return "reused";
  if (successor_is_used) return "late";
  return sealed === null ? "outranked" : "predecessor";
}

/**
 * Seals a successor under its predecessor. The tables hold only hashes of either, so that nobody
 * who reads them opens the seal.
 */
function successorOf(predecessor: string, hash: string) {
  return { secret: predecessor, purpose: "tokenkeep refresh token successor", context: hash };
}
