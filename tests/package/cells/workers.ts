// Workers of a page: a dedicated one and a service worker, bundled by esbuild, each at work by itself while the page only listens.

import { type Cell, copies, inProject, PAGE, project, seenOn, tool } from "./cell.ts";

const TELL = `
  const at = new URLSearchParams(location.search).get("at");
  const { port1, port2 } = new MessageChannel();
  const answer = new Promise((resolve) => (port1.onmessage = ({ data }) => resolve(data)));
  (await worker()).postMessage(at, [port2]);
  document.body.insertAdjacentHTML("beforeend", '<pre id="seen"></pre>');
  const seen = await answer;
  document.querySelector("pre").textContent = JSON.stringify(seen);
  document.querySelector("pre").id = "seen";`;

const kinds = {
  "dedicated worker": 'const worker = async () => new Worker("./worker.js", { type: "module" });',
  "service worker": `const worker = async () => {
    await navigator.serviceWorker.register("./worker.js", { type: "module" });
    return (await navigator.serviceWorker.ready).active;
  };`,
};

export const workerCells: readonly Cell[] = Object.entries(kinds).map(([place, worker]) => ({
  place,
  async run(bench) {
    const made = await project(place, { "out/index.html": PAGE, "out/app.js": worker + TELL.replace('<pre id="seen">', "<pre>") });
    await inProject(made, tool("esbuild"), [
      "worker.js",
      "--bundle",
      "--format=esm",
      "--minify",
      "--outfile=out/worker.js",
      "--log-level=warning",
    ]);
    const at = bench.authority.cell(place, made.at("out"));
    return { ...(await seenOn(bench, `${at}/?at=${encodeURIComponent(at)}`)), wasm: copies(made.at("out"), { client: 1, edge: 1 }) };
  },
}));
