// Reads what a page says. Whatever protocol.ts does not have makes `undefined`.

import { INPUTS, MEMBERS, type SentInit, type SettleInput } from "../hosted/protocol.js";

export interface ReadRequest {
  readonly url: string;
  readonly init: RequestInit;
  readonly replayable: boolean;
}

export function inputOf(given: unknown): SettleInput | undefined {
  return INPUTS.find((input) => input === given);
}

export function requestOf(given: readonly unknown[]): ReadRequest | undefined {
  const [url, members, headers, body = null, replayable] = given;
  if (typeof url !== "string" || !URL.canParse(url)) return undefined;
  if (typeof members !== "object" || members === null) return undefined;
  if (!Array.isArray(headers) || !headers.every(isHeader)) return undefined;
  if (!isBody(body) || typeof replayable !== "boolean") return undefined;
  const init: Record<string, unknown> = { headers, body, ...(body && { duplex: "half" }) };
  // `Request` refuses a value that the Fetch standard does not have.
  for (const name of [...MEMBERS, "priority"] as const) {
    const value = (members as SentInit)[name];
    if (value === undefined) continue;
    if (typeof value !== "string" && typeof value !== "boolean") return undefined;
    init[name] = value;
  }
  return { url, init, replayable };
}

/** A name and a value. `Request` refuses what no header can be. */
function isHeader(given: unknown): given is [string, string] {
  return (
    Array.isArray(given) && given.length === 2 && given.every((part) => typeof part === "string")
  );
}

function isBody(given: unknown): given is ArrayBuffer | Blob | ReadableStream | null {
  return (
    given === null ||
    given instanceof ArrayBuffer ||
    given instanceof Blob ||
    given instanceof ReadableStream
  );
}
