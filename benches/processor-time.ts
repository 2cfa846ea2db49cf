// The processor time of a process, of all its threads together. On a busy machine it says more than
// the wall clock, because waiting for a core costs nothing.

import { existsSync, readdirSync, readFileSync } from "node:fs";

/** The processor time of a process so far in microseconds. Null if the system does not tell it. */
export function processorTime(pid: number): number | null {
  const threads = `/proc/${pid}/task`;
  if (!existsSync(threads)) return null;
  let nanoseconds = 0;
  for (const thread of readdirSync(threads)) {
    try {
      nanoseconds += Number(readFileSync(`${threads}/${thread}/schedstat`, "utf8").split(" ")[0]);
    } catch {
      // The thread has just ended.
    }
  }
  return nanoseconds / 1000;
}

/** The youngest process of this name among the descendants of this one. */
export function descendantNamed(name: string): number | null {
  if (!existsSync("/proc")) return null;
  const parents = new Map<number, { parent: number; name: string }>();
  for (const pid of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const [, command = "", rest = ""] = /\((.*)\) (.*)$/s.exec(stat) ?? [];
      parents.set(Number(pid), { parent: Number(rest.split(" ")[1]), name: command });
    } catch {
      // The process has just ended.
    }
  }
  const isOurs = (pid: number): boolean =>
    pid === process.pid || (parents.has(pid) && isOurs(parents.get(pid)?.parent ?? 0));
  const found = [...parents].filter(
    ([pid, one]) => one.name.startsWith(name) && pid !== process.pid && isOurs(pid),
  );
  return found.at(-1)?.[0] ?? null;
}
