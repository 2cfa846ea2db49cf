// What a row is: something that the contract wants, why, and how to tell from the visit whether it
// is so.

import type { Answer } from "./backend.ts";
import type { Observed, Step } from "./visit.ts";

export type Result = "pass" | "warn" | "fail" | "not checked";

export interface Verdict {
  readonly result: Result;
  /**
   * What came instead, or in accordance; for what was not checked, the reason. It may hold
   * secrets, and is neither cut nor printed before they are hidden.
   */
  readonly came: string;
}

export interface Row {
  readonly id: string;
  readonly expected: string;
  /** Where it is written, and what goes wrong without it. */
  readonly why: string;
  readonly judge: (seen: Observed) => Verdict;
}

export function pass(came: string): Verdict {
  return { result: "pass", came };
}

/** Works, but not as well as it could. */
export function warn(came: string): Verdict {
  return { result: "warn", came };
}

export function fail(came: string): Verdict {
  return { result: "fail", came };
}

export function notChecked(reason: string): Verdict {
  return { result: "not checked", came: reason };
}

/** Judges an answer if the call was made, and got as far as an answer of its own. */
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

/** The verdict of several parts: the worst, with what came for each that is no better. */
export function all(verdicts: readonly Verdict[]): Verdict {
  const order: readonly Result[] = ["fail", "warn", "pass", "not checked"];
  const worst =
    order.find((result) => verdicts.some((verdict) => verdict.result === result)) ?? "not checked";
  const came = verdicts.filter(({ result }) => result === worst).map((verdict) => verdict.came);
  return { result: worst, came: [...new Set(came)].join("; ") };
}

/** A refresh that shows what a granted one looks like; without one there is nothing to judge by. */
export function granted(seen: Observed, judge: (answer: Answer) => Verdict): Verdict {
  return given(seen.refresh, (answer) =>
    answer.status === 200 || answer.status === 201
      ? judge(answer)
      : notChecked("no refresh succeeded"),
  );
}

/** What a backend wrote in a header, as it is: Secrets makes verdicts fit to be printed. */
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

/** What an answer is, in a few words: its status and the kind of its body. */
export function described(answer: Answer): string {
  if (answer.status === 0) return `no answer: ${answer.trouble}`;
  if (answer.body === "") return `${answer.status}`;
  const type = answer.headers.get("Content-Type")?.split(";")[0] ?? null;
  return `${answer.status} ${isJson(answer) ? "JSON" : type === null ? "of no type" : quoted(type)}`;
}
