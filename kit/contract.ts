// The checks as a whole: visits a backend and judges what came back, row by row. The one thing that
// tests and the command share.

import { Backend, type Target } from "./backend.ts";
import { rows } from "./rows.ts";
import { Secrets } from "./secrets.ts";
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
  /** Rows that the operator doesn't want to be judged by. */
  readonly skip: readonly string[];
}

/** Throws CannotBegin when the backend can't be reached or lets nobody in. */
export async function checkContract(options: CheckOptions): Promise<readonly Finding[]> {
  const secrets = new Secrets();
  const { source, target, skip } = options;
  source.cookies.forEach(([, value]) => secrets.add(value));
  [...target.headers, target.csrf].forEach(([, value]) => secrets.add(value));
  if (source.signIn !== null) secrets.addAll(parsed(source.signIn.body));

  const seen = await visit(new Backend(target, secrets), options);
  return rows.map(({ id, expected, why, judge }) => {
    const { result, came } = skip.includes(id)
      ? ({ result: "not checked", came: "left out by --skip" } as const)
      : judge(seen);
    return { id, result, expected, came: secrets.hide(came), why };
  });
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return [...new URLSearchParams(body).values()];
  }
}
