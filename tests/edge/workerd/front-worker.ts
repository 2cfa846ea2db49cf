// Stands before a guarded Worker, for clients that hang up. workerd does not notice that a
// connection of the outside is gone until it writes to it; but a call from Worker to Worker that is
// aborted ends the called one's request at once, with all that it awaits.

interface Bindings {
  GUARDED: { fetch(request: Request, init?: RequestInit): Promise<Response> };
}

export default {
  async fetch(request: Request, { GUARDED }: Bindings): Promise<Response> {
    if (!request.headers.has("X-Hang-Up")) return GUARDED.fetch(request);
    const hangUp = new AbortController();
    const answer = GUARDED.fetch(request, { signal: hangUp.signal }).then(
      ({ status }) => Response.json(`answered ${status}`),
      () => Response.json("hung up"),
    );
    // Answered when the test wants it so.
    await fetch("https://gate.example/");
    hangUp.abort();
    return answer;
  },
};
