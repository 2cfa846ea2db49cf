// Visits a backend and judges what came back, row by row. Tests and the command both start here.

import { Backend, type Target } from "./backend.ts";
import { rowsFor } from "./rows.ts";
import { Secrets } from "./secrets.ts";
import { CannotBegin } from "./sessions.ts";
import type { Result } from "./verdict.ts";
import { type VisitOptions, visit } from "./visit.ts";

export interface Finding {
  readonly id: string;
  readonly result: Result;
  readonly expected: string;
  readonly came: string;
  readonly why: string;
}

export interface CheckOptions extends VisitOptions {
  readonly target: Target;
  /** Rows that are not judged. */
  readonly skip: readonly string[];
}

/** Throws CannotBegin when the backend can't be reached or lets nobody in. */
export async function checkContract(options: CheckOptions): Promise<readonly Finding[]> {
  const secrets = new Secrets();
  const { target, skip, say } = options;
  addGiven(secrets, options);
  const seen = await visit(new Backend(target, secrets), {
    ...options,
    say: (text) => say(secrets.printable(text)),
  }).catch((error: unknown) => {
    if (error instanceof CannotBegin) throw new CannotBegin(secrets.printable(error.message));
    // A fault of the kit itself. Its message may hold what was sent.
    throw new Error(secrets.printable(String(error)));
  });
  const rows = rowsFor(options.dpop !== undefined);
  const verdicts = rows.map(({ id, judge }) =>
    skip.includes(id)
      ? ({ result: "not checked", came: "left out by --skip" } as const)
      : judge(seen),
  );
  const came = secrets.allPrintable(verdicts.map((verdict) => verdict.came));
  return rows.map(({ id, expected, why }, index) => ({
    id,
    result: verdicts[index]?.result ?? "not checked",
    expected,
    came: came[index] ?? "",
    why,
  }));
}

/** What the operator gave: cookies, headers, the sign-in's body, and the queries of addresses. */
function addGiven(secrets: Secrets, { target, source }: CheckOptions): void {
  for (const [, value] of source.cookies) secrets.add(value);
  for (const [, value] of [...target.headers, target.csrf]) secrets.addHeader(value);
  for (const url of [target.refresh, target.logout, source.signIn?.url])
    for (const value of url?.searchParams.values() ?? []) secrets.add(value);
  if (source.signIn === null) return;
  secrets.add(source.signIn.body.trim());
  secrets.addAll(parsed(source.signIn.body));
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return [...new URLSearchParams(body).values()];
  }
}
