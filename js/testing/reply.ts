// The reply of a sign-in, as a fake keep reads it.

import { isLabelled } from "../client/authority.js";
import type { Session } from "../client/types.js";

/** A token that a reply brought. */
export interface Granted {
  readonly token: string;
  /** Milliseconds. `undefined`: the reply does not tell. */
  readonly lifetime: number | undefined;
}

type Members = Readonly<Record<string, unknown>>;

/** The usual names of what a keep reads of a reply, and those of other tokens. */
const READ: readonly string[] = [
  ...["access_token", "accessToken", "expires_in", "expiresIn"],
  ...["expires_at", "expiresAt", "token_type", "tokenType"],
];
const TOKENS: readonly string[] = [
  ...["access_token", "accessToken", "refresh_token", "refreshToken", "id_token", "idToken"],
];

/** The token with these members beside it; null where it can't be used. */
export function granted(token: unknown, expiresIn: unknown, type: unknown): Granted | null {
  if (typeof token !== "string" || !/^[!-~]+$/.test(token)) return null;
  if (String(type ?? "bearer").toLowerCase() !== "bearer") return null;
  const seconds = Number(expiresIn);
  return { token, lifetime: seconds > 0 ? seconds * 1000 : undefined };
}

/** The members of a JSON object. Broken JSON makes null, and anything else an empty object. */
export async function membersIn(response: Response): Promise<Members | null> {
  const text = response.ok ? (await response.clone().text()).trim() : "";
  if (text === "" || !(isLabelled(response) || text.startsWith("{"))) return {};
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === "object" && !Array.isArray(json) ? { ...json } : {};
  } catch {
    return null;
  }
}

/** The token of a reply. `undefined`: there is none; null: there is one that can't be used. */
export function grantIn(members: Members | null): Granted | null | undefined {
  if (members === null) return null;
  const { access_token = null, accessToken = null, expires_in, expiresIn = expires_in } = members;
  if (access_token === null && accessToken === null) return undefined;
  // Of two nobody knows which one counts.
  if (access_token !== null && accessToken !== null) return null;
  const { token_type, tokenType = token_type } = members;
  return granted(access_token ?? accessToken, expiresIn, tokenType);
}

/** What a reply says beside the token. */
export function replied(members: Members): Session["reply"] {
  const said = Object.entries(members).filter(([name]) => !READ.includes(name));
  const reply = JSON.parse(JSON.stringify(Object.fromEntries(said)), (name, value: unknown) =>
    TOKENS.includes(name) ? undefined : Object.freeze(value),
  ) as Members;
  return Object.keys(reply).length === 0 ? null : reply;
}
