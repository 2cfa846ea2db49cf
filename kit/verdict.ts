// A row: a demand of the contract, the reason for it, and how to judge it from the visit.

import type { Answer } from "./backend.ts";
import type { Observed, Step } from "./visit.ts";

export type Result = "pass" | "warn" | "fail" | "not checked";

export interface Verdict {
  readonly result: Result;
  /**
   * What came; for a row that was not checked, the reason. It may hold secrets. They are hidden
   * before it is cut or printed.
   */
  readonly came: string;
}

export interface Row {
  readonly id: string;
  readonly expected: string;
  /** Where the contract says it, and what goes wrong without it. */
  readonly why: string;
  readonly judge: (seen: Observed) => Verdict;
}

export function pass(came: string): Verdict {
  return { result: "pass", came };
}

/** The backend works, and could work better. */
export function warn(came: string): Verdict {
  return { result: "warn", came };
}

export function fail(came: string): Verdict {
  return { result: "fail", came };
}

export function notChecked(reason: string): Verdict {
  return { result: "not checked", came: reason };
}

/** Judges an answer if the call was made and met no limit. */
export function given(step: Step, judge: (answer: Answer) => Verdict): Verdict {
  return answered(step, (answer) =>
    answer.status === 429 ? notChecked("a limit stood in the way: 429") : judge(answer),
  );
}

/** Judges an answer if the call was made. */
export function answered(step: Step, judge: (answer: Answer) => Verdict): Verdict {
  if (!isMade(step)) return notChecked(step.reason);
  return step.status === 0 ? fail(`no answer: ${step.trouble}`) : judge(step);
}

export function isMade(step: Step): step is Answer {
  return "status" in step;
}

/** The worst of several verdicts, with what came for each that is as bad. */
export function all(verdicts: readonly Verdict[]): Verdict {
  const order: readonly Result[] = ["fail", "warn", "pass", "not checked"];
  const worst =
    order.find((result) => verdicts.some((verdict) => verdict.result === result)) ?? "not checked";
  const came = verdicts.filter(({ result }) => result === worst).map((verdict) => verdict.came);
  return { result: worst, came: [...new Set(came)].join("; ") };
}

/** Judges by the first refresh, if it was granted. */
export function granted(seen: Observed, judge: (answer: Answer) => Verdict): Verdict {
  return given(seen.refresh, (answer) =>
    answer.status === 200 || answer.status === 201
      ? judge(answer)
      : notChecked("no refresh succeeded"),
  );
}

/** A header's value, unchanged: secrets are hidden later, in the whole verdict. */
export function quoted(text: string | null): string {
  return text ?? "none";
}

export function isJson(answer: Answer): boolean {
  const type = (answer.headers.get("Content-Type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  return (
    (type === "application/json" || type.endsWith("+json")) &&
    typeof answer.json === "object" &&
    answer.json !== null &&
    !Array.isArray(answer.json)
  );
}

/** An answer's status and the kind of its body. */
export function described(answer: Answer): string {
  if (answer.status === 0) return `no answer: ${answer.trouble}`;
  if (answer.body === "") return `${answer.status}`;
  const type = answer.headers.get("Content-Type")?.split(";")[0] ?? null;
  const kind = isJson(answer) ? "JSON" : type === null ? "of no type" : quoted(type);
  return `${answer.status} ${kind}`;
}
