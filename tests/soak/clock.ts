// The clock of a page or of a worker, which the driver moves. Runs before any other script there.
// Time goes on by itself as well. A move runs the timers that are due by then, as a browser does
// after a laptop has slept. It also keeps the memories of the wasm, for the search after a logout.

/** The name of the channel on which a page tells its workers of a move. */
const CHANNEL = "soak clock";

export const clock = `(() => {
  let ahead = 0;
  const { setTimeout: start, clearTimeout: stop, Date: { now: wall } } = globalThis;
  const monotonic = performance.now.bind(performance);
  const timers = new Map();
  performance.now = () => monotonic() + ahead;
  Date.now = () => wall() + ahead;
  globalThis.setTimeout = (run, wait = 0, ...given) => {
    const ring = () => {
      timers.delete(id);
      run(...given);
    };
    const id = start(ring, wait);
    timers.set(id, { due: performance.now() + wait, ring });
    return id;
  };
  globalThis.clearTimeout = (id) => {
    timers.delete(id);
    stop(id);
  };
  const move = (ms) => {
    ahead += ms;
    const due = [...timers].filter(([, timer]) => timer.due <= performance.now());
    for (const [id, timer] of due.sort(([, a], [, b]) => a.due - b.due)) {
      if (!timers.has(id)) continue;
      stop(id);
      timer.ring();
    }
  };
  const channel = new BroadcastChannel(${JSON.stringify(CHANNEL)});
  channel.onmessage = ({ data }) => move(data);

  const memories = [];
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = async (...given) => {
    const made = await instantiate.apply(WebAssembly, given);
    const { exports } = made.instance ?? made;
    memories.push(...Object.values(exports).filter((one) => one instanceof WebAssembly.Memory));
    return made;
  };

  globalThis.soak = {
    /** Moves the clock of every page and worker of this origin. */
    move(ms) {
      channel.postMessage(ms);
      move(ms);
    },
    bytes: () => memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0),
    texts: () => memories.map(({ buffer }) => new TextDecoder("latin1").decode(buffer)),
  };
})();
`;
