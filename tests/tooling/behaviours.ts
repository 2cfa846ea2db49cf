// Reads docs/behaviours.md: the ids of the behaviours, and their halves.

import { readFileSync } from "node:fs";

export interface Behaviour {
  readonly half: "client" | "edge" | "mediator" | "service";
  /** A letter for the group and a number, which is the half's. */
  readonly id: string;
  readonly text: string;
}

const page = readFileSync(new URL("../../docs/behaviours.md", import.meta.url), "utf8");

/** What the ids of a half begin with, and its heading on the page. */
const HALVES = [
  ["edge", "The verifier"],
  ["mediator", "The mediator"],
  ["service", "Service tokens"],
] as const;

/** The behaviours in the order of the page. */
export const behaviours: readonly Behaviour[] = page.split(/^## /m).flatMap((section) => {
  const half = HALVES.find(([, title]) => section.startsWith(title))?.[0] ?? "client";
  const lines = section.matchAll(/^- `([A-Z]\d+)` (\S.*)$/gm);
  return [...lines].map(([, id = "", text = ""]) => ({ half, id, text }) as const);
});
