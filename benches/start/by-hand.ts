// The code that people write without a library: it asks for the session, keeps the token in a
// variable and sets it on a call.
//
// Each of these programs is a function, as in an application. For code at the top level of a module
// Chromium would parse the whole file again, to record the line that reads a reply.

async function start(): Promise<number> {
  const reply = await fetch("/session/refresh", {
    method: "POST",
    credentials: "include",
    headers: { "X-Requested-With": "XMLHttpRequest" },
  });
  const { access_token: token } = (await reply.json()) as { access_token: string };
  const answer = await fetch("/api", { headers: { Authorization: `Bearer ${token}` } });
  const { ok } = (await answer.json()) as { ok: boolean };
  return ok ? performance.now() : -1;
}

globalThis.answered = await start();

declare global {
  /** Milliseconds since the navigation began. -1 if the answer was wrong. */
  var answered: number | undefined;
}

export {};
