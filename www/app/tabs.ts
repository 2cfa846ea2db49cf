// This tab among its siblings: its letter, and a channel over which the tabs of the page tell each
// other what happened. The channel belongs to the page and serves the drawing alone. The keep has a
// channel of its own and needs neither.

import { Chronicle, type Moment } from "./moments.ts";

type Message =
  | { readonly type: "opened"; readonly tab: string }
  | { readonly type: "told"; readonly moments: readonly Moment[]; readonly to?: string }
  | { readonly type: "closed"; readonly tab: string }
  | { readonly type: "hurry"; readonly times: number };

export interface Tabs {
  /** "A" for the first tab, "B" for the next: the first letter that no open tab has. */
  readonly letter: string;
  readonly chronicle: Chronicle;
  /** Records a moment of this tab, here and in the others. */
  tell(moment: Omit<Moment, "by">): void;
  /** Asks every tab, this one too, to renew this many times in a row. */
  hurry(times: number): void;
  onHurry(listener: (times: number) => void): void;
}

const LETTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];

export async function joinTabs(): Promise<Tabs> {
  const chronicle = new Chronicle();
  const hurried = new Set<(times: number) => void>();
  const letter = await claimLetter();
  const channel = new BroadcastChannel("tokenkeep-demo");
  const send = (message: Message) => channel.postMessage(message);
  const own = () => chronicle.moments.filter(({ by }) => by === letter);

  channel.addEventListener("message", ({ data: message }: MessageEvent<Message>) => {
    if (message.type === "opened") send({ type: "told", moments: own(), to: message.tab });
    if (message.type === "told" && (message.to ?? letter) === letter)
      message.moments.forEach((moment) => chronicle.add(moment));
    if (message.type === "closed") chronicle.forget(message.tab);
    if (message.type === "hurry") hurried.forEach((listener) => listener(message.times));
  });
  addEventListener("pagehide", () => send({ type: "closed", tab: letter }));
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) send({ type: "told", moments: own() });
  });
  send({ type: "opened", tab: letter });

  return {
    letter,
    chronicle,
    tell(told) {
      const moment = { ...told, by: letter };
      chronicle.add(moment);
      send({ type: "told", moments: [moment] });
    },
    hurry(times) {
      send({ type: "hurry", times });
      hurried.forEach((listener) => listener(times));
    },
    onHurry: (listener) => void hurried.add(listener),
  };
}

/**
 * A letter is a lock that the tab holds while it is open. The browser frees it at the tab's end.
 */
async function claimLetter(): Promise<string> {
  for (const letter of LETTERS) if (await holds(`tokenkeep-demo-tab-${letter}`)) return letter;
  return "Z";
}

function holds(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    void navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      return lock === null ? undefined : new Promise((free) => addEventListener("pagehide", free));
    });
  });
}
