// Runs in the page: React programs around `useSession`, and what the tests read of them.

import {
  createElement,
  type ReactNode,
  StrictMode,
  startTransition,
  useEffect,
  useLayoutEffect,
  useState,
} from "react";
import { createRoot, hydrateRoot, type Root } from "react-dom/client";
import { renderToString } from "react-dom/server.browser";
import type { TokenKeep } from "tokenkeep";
import { useSession } from "tokenkeep/react";

/** How often each component was rendered, and what each commit showed. */
const books = {
  renders: {} as Record<string, number>,
  torn: [] as string[],
  mixed: 0,
  recovered: [] as string[],
  listening: 0,
};

function count(name: string): void {
  books.renders[name] = (books.renders[name] ?? 0) + 1;
}

function Everything({ of }: { of: TokenKeep }): ReactNode {
  count("everything");
  const { status, generation } = useSession(of);
  return createElement("p", { id: "everything" }, `${status} ${generation}`);
}

function StatusAlone({ of }: { of: TokenKeep }): ReactNode {
  count("status");
  return createElement(
    "p",
    { id: "status" },
    useSession(of, (session) => session.status),
  );
}

const generationOf = (session: TokenKeep["session"]) => ({ generation: session.generation });

/**
 * A selector that makes a new object each time: written here in place, and outside of the
 * component.
 */
function Objects({ of }: { of: TokenKeep }): ReactNode {
  count("objects");
  const inPlace = useSession(of, (session) => ({ generation: session.generation }));
  const outside = useSession(of, generationOf);
  return createElement("p", { id: "objects" }, `${inPlace.generation} ${outside.generation}`);
}

function Starter({ of }: { of: TokenKeep }): ReactNode {
  useEffect(() => {
    of.start().catch(() => undefined);
  }, [of]);
  return createElement(Everything, { of });
}

function Slow({ of }: { of: TokenKeep }): ReactNode {
  const { generation } = useSession(of);
  for (const end = performance.now() + 8; performance.now() < end; );
  return createElement("i", { className: "slow" }, generation);
}

/** Reads the document after a commit: every component must show the same generation. */
function Witness({ of }: { of: TokenKeep }): ReactNode {
  const [many, setMany] = useState(false);
  useEffect(() => startTransition(() => setMany(true)), []);
  useLayoutEffect(() => {
    const shown = new Set(
      [...document.querySelectorAll(".slow")].map((element) => element.textContent),
    );
    if (shown.size > 1) books.torn.push([...shown].join());
  });
  if (many) return Array.from({ length: 40 }, (_, n) => createElement(Slow, { of, key: n }));
  return null;
}

let root: Root | undefined;

function place(): HTMLElement {
  const element = document.createElement("main");
  document.body.append(element);
  return element;
}

/** Counts the listeners of a keep. */
function counted(keep: TokenKeep): TokenKeep {
  const subscribe = (listener: () => void) => {
    const leave = keep.subscribe(listener);
    books.listening += 1;
    return () => {
      books.listening -= 1;
      leave();
    };
  };
  return new Proxy(keep, {
    get: (target, name) =>
      name === "subscribe" ? subscribe : bound(target, Reflect.get(target, name, target)),
  });
}

function bound(target: object, member: unknown): unknown {
  return typeof member === "function" ? (member.bind(target) as unknown) : member;
}

const programs = {
  books,
  strict(keep: TokenKeep) {
    root = createRoot(place());
    root.render(createElement(StrictMode, null, createElement(Starter, { of: counted(keep) })));
  },
  three(keep: TokenKeep) {
    root = createRoot(place());
    const of = counted(keep);
    root.render(
      [Everything, StatusAlone, Objects].map((part) => createElement(part, { of, key: part.name })),
    );
  },
  witness(keep: TokenKeep) {
    root = createRoot(place());
    root.render(createElement(Witness, { of: keep }));
  },
  /** What a server would send for a session that the page has already found. */
  hydrate(keep: TokenKeep) {
    const parts = [Everything, StatusAlone].map((part) =>
      createElement(part, { of: keep, key: part.name }),
    );
    const element = place();
    const html = renderToString(parts);
    element.innerHTML = html;
    root = hydrateRoot(element, parts, {
      onRecoverableError: (error) => books.recovered.push(String(error)),
    });
    return html;
  },
  unmount: () => root?.unmount(),
};

declare global {
  var programs: typeof import("./react-page.ts").programs;
}

globalThis.programs = programs;

export { programs };
