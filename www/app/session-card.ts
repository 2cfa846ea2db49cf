// The session card: one of three faces, the countdown to the next renewal, and the figures. It
// draws `keep.session`, at each change and once a second, and knows nothing else.

import type { Session, TokenKeep } from "tokenkeep";
import { htmlElement, showText } from "./page.ts";
import { dueAt } from "./witness.ts";
import { countdown, signedOutSentence, span, timeOfDay } from "./words.ts";

/** The keep's `leeway`: seconds before expiry at which a renewal is due at the latest. */
export const LEEWAY_SECONDS = 60;

const faces = {
  unknown: htmlElement("face-unknown"),
  anonymous: htmlElement("face-anonymous"),
  authenticated: htmlElement("face-authenticated"),
};
const card = htmlElement("session");
const title = htmlElement("session-title");
const life = htmlElement("life");

/** Keeps the card in step with the keep. */
export function showSession(keep: TokenKeep): void {
  let drawn: Session | null = null;
  let lifetime = 0;

  const draw = () => {
    const session = keep.session;
    if (session.expiresAt !== null && session.expiresAt !== drawn?.expiresAt)
      lifetime = session.expiresAt - Date.now();
    if (session !== drawn) {
      drawState(session, lifetime);
      announce(session, drawn);
      drawn = session;
    }
    drawTime(session, lifetime);
  };

  keep.subscribe(draw);
  setInterval(draw, 1000);
  draw();
}

function drawState(session: Session, lifetime: number): void {
  card.dataset.status = session.status;
  card.dataset.generation = String(session.generation);
  card.dataset.refreshing = String(session.refreshing);
  card.dataset.degraded = String(session.degraded);
  htmlElement("status-text").textContent = statusWord(session);
  showFace(session.status);
  showText(htmlElement("reason"), signedOutSentence(session.reason));

  const signedIn = session.status === "authenticated";
  htmlElement("who").textContent = signedIn ? personOf(session) : "";
  htmlElement("generation").textContent = signedIn ? String(session.generation) : "";
  htmlElement("lifetime").textContent = signedIn ? span(lifetime) : "";
  htmlElement("expires-at").textContent =
    session.expiresAt === null ? "" : timeOfDay(session.expiresAt);
}

/**
 * Shows one face at a time. If the focus is in a face that hides, it moves to the card's heading,
 * not to the top of the page.
 */
function showFace(status: Session["status"]): void {
  const losesFocus = Object.entries(faces).some(
    ([name, face]) => name !== status && face.contains(document.activeElement),
  );
  for (const [name, face] of Object.entries(faces)) face.hidden = name !== status;
  if (losesFocus) title.focus();
}

function drawTime(session: Session, lifetime: number): void {
  const now = Date.now();
  const time = htmlElement("countdown");
  if (session.expiresAt === null) {
    time.textContent = "";
  } else {
    const due = dueAt(session, lifetime, LEEWAY_SECONDS);
    time.textContent = countdown(due - now);
    life.style.setProperty("--elapsed", String(clamp(1 - (session.expiresAt - now) / lifetime)));
    life.style.setProperty("--due", String(clamp(1 - (session.expiresAt - due) / lifetime)));
  }
  const trouble = troubleSentence(session, now);
  const undecided = session.status === "unknown";
  showText(htmlElement("degraded"), undecided ? null : trouble);
  showText(
    htmlElement("undecided"),
    undecided ? (trouble ?? "Asking the authority for a session.") : null,
  );
}

/** Why renewals fail and when the next one is tried. Null when all is well. */
function troubleSentence(session: Session, now: number): string | null {
  if (!session.degraded) return null;
  const next =
    session.retryAt === null || session.retryAt <= now
      ? "Trying again now."
      : `Trying again in ${Math.ceil((session.retryAt - now) / 1000)}\u00a0s.`;
  return session.status === "authenticated"
    ? `The last renewal failed. ${next} Calls go on with the present token.`
    : `The authority can’t be asked. ${next}`;
}

function statusWord(session: Session): string {
  if (session.degraded) return "Degraded";
  if (session.status === "unknown") return "Looking";
  if (session.status === "anonymous") return "Signed out";
  return session.refreshing ? "Renewing" : "Signed in";
}

/** Tells a screen reader of the changes that matter to a person. Renewals are not told. */
function announce(session: Session, before: Session | null): void {
  const announcer = htmlElement("announcer");
  if (session.status !== before?.status) {
    if (session.status === "authenticated")
      announcer.textContent = `Signed in as ${personOf(session)}.`;
    if (session.status === "anonymous") announcer.textContent = "Signed out.";
  } else if (session.degraded !== before.degraded) {
    announcer.textContent = session.degraded
      ? "Renewals are failing; trying again."
      : "Renewals work again.";
  }
}

function personOf(session: Session): string {
  const { name, sub } = session.claims ?? {};
  if (typeof name === "string") return name;
  return typeof sub === "string" ? sub : "an unnamed user";
}

function clamp(share: number): number {
  return Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : 0;
}
