// The authority's audit log, for the operator: what happened to which session, newest first. It
// holds no secret.

import type { AuditRecord, Authority } from "./authority.ts";
import { button, htmlElement, make, onPress } from "./page.ts";
import { errorSentence, timeOfDay } from "./words.ts";

export function offerAudit(authority: Authority): void {
  const rows = htmlElement("audit-rows");
  const result = htmlElement("audit-result");
  const older = button("older-records");
  let oldest: number | undefined;

  const load = async (before: number | undefined): Promise<string> => {
    const records = await authority.audit(before);
    const shown = records.map(row);
    if (before === undefined) rows.replaceChildren(...shown);
    else rows.append(...shown);
    oldest = records.at(-1)?.id ?? oldest;
    htmlElement("audit-table").hidden = rows.childElementCount === 0;
    older.hidden = records.length === 0;
    if (records.length === 0) return "There are no more records.";
    return rows.childElementCount === 1 ? "One record." : `${rows.childElementCount} records.`;
  };
  const attempt = async (before: number | undefined) => {
    result.textContent = await load(before).catch(errorSentence);
  };

  onPress(button("show-audit"), () => attempt(undefined));
  onPress(older, () => attempt(oldest));
}

function row({ at, event, severity, user, device, detail }: AuditRecord): HTMLTableRowElement {
  const made = make(
    "tr",
    {},
    make(
      "td",
      {},
      make("time", {
        dateTime: new Date(at * 1000).toISOString(),
        textContent: timeOfDay(at * 1000),
      }),
    ),
    make("th", { scope: "row", textContent: event }),
    make("td", { className: "severity", textContent: severity }),
    make("td", { textContent: user ?? "" }),
    make("td", {
      textContent: [device, detail].filter((part) => part !== null && part !== "").join("; "),
    }),
  );
  made.dataset.severity = severity;
  return made;
}
