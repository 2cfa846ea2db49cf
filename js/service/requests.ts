// The rule by which a request goes out: with the token of its origin. After a refusal there is one
// renewal and one retry. What is sent again is what was sent before, byte for byte.

import { discard } from "../client/authority.js";
import { remedyOf } from "../client/challenge.js";
import { abortable, isReplayable } from "../client/requests.js";
import { isPromise } from "../edge/options/own.js";
import type { Held } from "./entry.js";

/** What a call of one caller to one origin needs. */
export interface Lender {
  take(): Held | Promise<Held>;
  /** Another token than the one that was refused; null for none. */
  renewed(refused: Held): Promise<Held | null>;
  /** The second one was refused too. */
  rejected(refused: Held): Promise<void>;
}

/** How a caller sends. */
export interface Caller {
  /** @throws {ServiceTokenError} origin_not_listed, or why this caller may not call there */
  at(origin: string): Lender;
  readonly transport: ((request: Request) => Promise<Response>) | null;
  /** The token that the user's request came with: a request that is passed on has it still. */
  readonly inbound: string | undefined;
}

/**
 * RFC 6750 section 2.1, and RFC 9449 section 7.1 for a token that is bound to a key. The platform
 * joins two headers by a comma, which no token has.
 */
export const BEARER = /^(?:bearer|dpop) +([\w.~+/-]+=*)$/i;

/** What goes out. */
interface Outgoing {
  readonly signal: AbortSignal | null;
  /** As the caller set it. */
  readonly authorization: string | null;
  readonly isReplayable: boolean;
  /** May be called twice if it is replayable. */
  send(token: string | null): Promise<Response>;
}

export async function exchange(
  caller: Caller,
  input: RequestInfo | URL,
  init: RequestInit | undefined,
): Promise<Response> {
  const url = new URL(input instanceof Request ? input.url : input);
  // The address of a `blob:` has an origin too.
  const isCall = /^https?:$/.test(url.protocol) && !url.username && !url.password;
  const lender = caller.at(isCall ? url.origin : "");
  const outgoing = isPlain(caller, input, init)
    ? plain(url.href, init)
    : whole(caller, input, init);
  const { signal, authorization } = outgoing;
  // The caller's own goes out as it is, but not the very token with which the user came.
  const bearer = BEARER.exec(authorization ?? "")?.[1];
  const isInbound = bearer !== undefined && bearer === caller.inbound;
  if (authorization !== null && !isInbound) return outgoing.send(null);
  const taken = lender.take();
  const held = isPromise(taken) ? await abortable(signal, taken) : taken;
  const first = await outgoing.send(held.token);
  if (!isRefused(first)) return first;
  const other = await abortable(signal, lender.renewed(held));
  if (other === null || !outgoing.isReplayable) return first;
  discard(first.body);
  const second = await outgoing.send(other.token);
  if (isRefused(second)) await lender.rejected(other);
  return second;
}

/** Whether a fresh token may help. */
function isRefused(response: Response): boolean {
  if (response.status !== 401) return false;
  return remedyOf(response.headers.get("WWW-Authenticate") ?? "") === undefined;
}

/**
 * Whether `fetch` can be given the same again, without a `Request` made first. That costs more than
 * all else here. A text and a `Blob` can't be changed meanwhile, as a buffer can.
 */
function isPlain(
  { transport }: Caller,
  input: RequestInfo | URL,
  init: RequestInit | undefined,
): boolean {
  if (transport !== null || !(typeof input === "string" || input instanceof URL)) return false;
  if (init == null) return true;
  const { body = null } = init;
  // The members of an instance of a class, such as a `Request`, are not its own.
  return (
    Object.getPrototypeOf(init) === Object.prototype &&
    (body === null || typeof body === "string" || body instanceof Blob)
  );
}

function plain(url: string, init: RequestInit | undefined): Outgoing {
  const copy: RequestInit = { ...init, redirect: "manual" };
  const headers = recordOf(copy.headers);
  const [name = "Authorization"] = Object.keys(headers).filter(isAuthorization);
  return {
    signal: copy.signal ?? null,
    authorization: headers[name] ?? null,
    isReplayable: true,
    send(token) {
      if (token !== null) headers[name] = `Bearer ${token}`;
      copy.headers = headers;
      return globalThis.fetch(url, copy);
    },
  };
}

const isAuthorization = (name: string) => name.toLowerCase() === "authorization";

/** Headers as an object of the caller's kind: a `Headers` costs more than all else here. */
function recordOf(headers: HeadersInit = {}): Record<string, string> {
  const isRecord =
    Object.getPrototypeOf(headers) === Object.prototype &&
    Object.keys(headers).filter(isAuthorization).length < 2;
  return isRecord ? { ...(headers as object) } : Object.fromEntries(new Headers(headers));
}

function whole(
  { transport }: Caller,
  input: RequestInfo | URL,
  init: RequestInit | undefined,
): Outgoing {
  const made = new Request(input, init);
  // Without a mode, as on Workers, a body that was made of a stream can't be told from another.
  const isKnown = init?.body != null || made.body === null || "mode" in made;
  const replayable = isKnown && isReplayable(input, init, made);
  const request = new Request(made, { redirect: "manual" });
  // Before the header is set: it carries no token.
  let spare = replayable ? request.clone() : null;
  let next: Request | null = request;
  return {
    signal: request.signal,
    authorization: request.headers.get("Authorization"),
    isReplayable: replayable,
    send(token) {
      const sent = next as Request;
      [next, spare] = [spare, null];
      if (token !== null) sent.headers.set("Authorization", `Bearer ${token}`);
      return transport === null ? globalThis.fetch(sent) : transport(sent);
    },
  };
}
