// All rows of the table, in the order in which they are printed.

import { addressRows } from "./rows/address.ts";
import { callerRows } from "./rows/callers.ts";
import { cookieRows } from "./rows/cookie.ts";
import { dpopRows } from "./rows/dpop.ts";
import { logoutRows } from "./rows/logout.ts";
import { replyRows } from "./rows/reply.ts";
import { rotationRows } from "./rows/rotation.ts";
import type { Row } from "./verdict.ts";

export const rows: readonly Row[] = [
  ...addressRows,
  ...cookieRows,
  ...callerRows,
  ...replyRows,
  ...rotationRows,
  ...logoutRows,
];

/** With those about DPoP, or without. */
export function rowsFor(withDpop: boolean): readonly Row[] {
  return withDpop ? [...rows, ...dpopRows] : rows;
}
