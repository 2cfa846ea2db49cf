// Reads and checks the command line.

import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import type { Target } from "./backend.ts";
import type { DpopMode } from "./dpop.ts";
import { rowsFor } from "./rows.ts";
import type { SessionSource } from "./sessions.ts";

export const USAGE = `npx -p tokenkeep tokenkeep-contract <base URL> [options]

Checks from outside whether a backend keeps the contract that tokenkeep relies on: its refresh
and logout endpoints, their cookie, CORS, rotation and limits. Paths are resolved against the
base URL. It signs in up to six times, refreshes some fifty times and logs out. Use a test
account.

  --sign-in <path>       where to sign in, by POST
  --body <text|@file>    what to send there: JSON, else form data
  --cookie <name=value|@file>
                         instead of a sign-in: the refresh cookie of a session;
                         up to four times, each for a session of its own
  --cookie-name <name>   which cookie carries the session, if the sign-in sets several
  --origin <origin>      the origin of the application's page (default: the backend's own)
  --refresh <path>       default session/refresh
  --logout <path>        default session/logout
  --csrf-header <line>   default "X-Requested-With: XMLHttpRequest"
  --header <line>        a further header for every call; may be repeated
  --session-cookie <how> "rotating" (default): each refresh sets a new one; "stable": it stays
                         the same while the session lives
  --dpop <how>           checks proofs of possession too (RFC 9449): "accepted", or "required"
                         where the backend gives no token without one
  --grace <seconds>      how long the backend's grace window is (default 20).
                         The checks wait until it is over
  --burst <number>       how many refreshes to send in search of a limit (default 30; 0: none)
  --skip <row>           a row not to check; may be repeated
  --json                 print JSON
  --help                 print this

Ends with 1 when a row fails, with 2 when the checks can't begin. Cookies, tokens, the body of
the sign-in and the values of headers are never printed.`;

export interface Options {
  readonly target: Target;
  readonly source: SessionSource;
  readonly hasStableCookie: boolean;
  readonly dpop?: DpopMode;
  readonly graceSeconds: number;
  readonly burst: number;
  readonly skip: readonly string[];
  readonly json: boolean;
}

/** The command line is wrong. */
export class WrongUsage extends Error {
  override readonly name = "WrongUsage";
}

const several = { type: "string", multiple: true, default: [] as string[] } as const;

/** Null when the command line asks for help. */
export async function readOptions(args: readonly string[]): Promise<Options | null> {
  const { values, positionals } = parse(args);
  if (values.help) return null;
  const [given, ...rest] = positionals;
  if (given === undefined || rest.length > 0)
    throw new WrongUsage("Which backend? Give one base URL.");
  const base = address("the base URL", given);
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  // They take no part in resolving paths, and the address is printed.
  [base.search, base.hash] = ["", ""];
  const origin = values.origin ?? base.origin;
  if (address("--origin", origin).origin !== origin)
    throw new WrongUsage(
      "--origin wants an origin such as https://app.example.com, without a path.",
    );
  const odd = values.skip.find((id) => !rowsFor(true).some((row) => row.id === id));
  if (odd !== undefined) throw new WrongUsage(`There is no row ${odd}.`);
  if ((values["sign-in"] === undefined) !== (values.body === undefined))
    throw new WrongUsage("--sign-in and --body go together.");
  if (!/^(rotating|stable)$/.test(values["session-cookie"]))
    throw new WrongUsage("--session-cookie wants rotating or stable.");
  const { dpop } = values;
  if (dpop !== undefined && dpop !== "accepted" && dpop !== "required")
    throw new WrongUsage("--dpop wants accepted or required.");
  if (values["sign-in"] !== undefined && values.cookie.length > 0)
    throw new WrongUsage("Give --sign-in or --cookie, not both.");
  return {
    target: {
      base,
      refresh: address("--refresh", values.refresh, base),
      logout: address("--logout", values.logout, base),
      origin,
      csrf: header("--csrf-header", values["csrf-header"]),
      headers: values.header.map((line) => header("--header", line)),
    },
    source: {
      signIn:
        values["sign-in"] === undefined || values.body === undefined
          ? null
          : {
              url: address("--sign-in", values["sign-in"], base),
              body: await textOrFile("--body", values.body),
            },
      cookies: await Promise.all(
        values.cookie.map(async (text) => cookie(await textOrFile("--cookie", text))),
      ),
      cookieName: values["cookie-name"] ?? null,
    },
    hasStableCookie: values["session-cookie"] === "stable",
    ...(dpop === undefined ? {} : { dpop }),
    graceSeconds: wholeNumber("--grace", values.grace),
    burst: wholeNumber("--burst", values.burst),
    skip: values.skip,
    json: values.json,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        "sign-in": { type: "string" },
        body: { type: "string" },
        cookie: several,
        "cookie-name": { type: "string" },
        origin: { type: "string" },
        refresh: { type: "string", default: "session/refresh" },
        logout: { type: "string", default: "session/logout" },
        "csrf-header": { type: "string", default: "X-Requested-With: XMLHttpRequest" },
        header: several,
        "session-cookie": { type: "string", default: "rotating" },
        dpop: { type: "string" },
        grace: { type: "string", default: "20" },
        burst: { type: "string", default: "30" },
        skip: several,
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    throw new WrongUsage(error instanceof Error ? error.message : String(error));
  }
}

function address(option: string, text: string, base?: URL): URL {
  const url = URL.canParse(text, base) ? new URL(text, base) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new WrongUsage(`${option} is no http or https URL.`);
  if (url.username !== "" || url.password !== "")
    throw new WrongUsage(`${option} must hold no user name or password.`);
  return url;
}

function header(option: string, line: string): readonly [string, string] {
  const colon = line.indexOf(":");
  const pair = [line.slice(0, Math.max(colon, 0)).trim(), line.slice(colon + 1).trim()] as const;
  try {
    // Refuses an empty name too.
    new Headers([[...pair]]);
  } catch {
    throw new WrongUsage(`${option} wants a line such as "X-Requested-With: XMLHttpRequest".`);
  }
  return pair;
}

/** The message does not repeat the value. */
function cookie(text: string): readonly [string, string] {
  const line = text.trim();
  const equals = line.indexOf("=");
  if (equals < 1 || equals === line.length - 1 || /[^\x21-\x7e]|;/.test(line))
    throw new WrongUsage("--cookie wants name=value.");
  return [line.slice(0, equals), line.slice(equals + 1)];
}

function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new WrongUsage(`${option} wants a whole number.`);
  return Number(text);
}

/** Everybody on the machine can see a secret on the command line, so a file can hold it. */
async function textOrFile(option: string, text: string): Promise<string> {
  if (!text.startsWith("@")) return text;
  try {
    return await readFile(text.slice(1), "utf8");
  } catch {
    // Does not repeat the name: it may be a password that begins with @.
    throw new WrongUsage(`The file of ${option} can't be read.`);
  }
}
