// Workers of a page: a dedicated one and a service worker, bundled by esbuild, each at work by
// itself while the page only listens.

import { cpSync } from "node:fs";
import {
  type Cell,
  copies,
  inProject,
  NOT_THERE,
  PAGE,
  project,
  type Seen,
  seenOn,
  together,
  tool,
} from "./cell.ts";

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

const PROGRAMS = [
  { entry: "worker.js", out: "out", wanted: { client: 1, edge: 1 } },
  { entry: "slim-worker.js", out: "out-slim", wanted: { client: 1 } },
];

export const workerCells: readonly Cell[] = Object.entries(kinds).map(([place, worker]) => ({
  place,
  table: "pages",
  absent: { ...NOT_THERE.noPage, ...NOT_THERE.isWorker },
  async run(bench) {
    const made = await project(place);
    const seen: Seen[] = [];
    for (const { entry, out, wanted } of PROGRAMS) {
      made.write(`${out}/index.html`, PAGE);
      made.write(`${out}/app.js`, worker + TELL.replace('<pre id="seen">', "<pre>"));
      await inProject(made, tool("esbuild"), [
        entry,
        "--bundle",
        "--format=esm",
        "--minify",
        `--outfile=${out}/worker.js`,
        "--log-level=warning",
      ]);
      if (out === "out-slim")
        cpSync(made.at("node_modules/tokenkeep/dist/client.wasm"), made.at(`${out}/client.wasm`));
      const at = bench.authority.cell(`${place} ${out}`, made.at(out));
      seen.push({
        ...(await seenOn(bench, `${at}/`, at)),
        wasm: copies(made.at(out), wanted),
      });
    }
    return together(seen);
  },
}));
