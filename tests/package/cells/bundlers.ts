// Bundlers, each with as little configuration as it works with, for the same page.

import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { copies, inProject, PAGE, project, seenOn, tool, whileServing, type Bench, type Cell, type Project, type Seen } from "./cell.ts";

interface Bundler {
  readonly place: string;
  /** Configuration, and a page where the bundler wants to see it. */
  readonly files: Readonly<Record<string, string>>;
  readonly build: (made: Project) => Promise<unknown>;
}

const node = (script: string) => (made: Project) => inProject(made, process.execPath, [script]);

const pack = (name: string) => `
  import bundler from "${name}";
  const configuration = { mode: "production", context: process.cwd(), entry: "./app.js", output: { path: process.cwd() + "/out", filename: "app.js", clean: true } };
  ${name === "webpack" ? "const run = bundler" : "const run = bundler.rspack"};
  run(configuration, (error, stats) => {
    if (error || stats.hasErrors()) throw error ?? new Error(stats.toString());
    const warnings = stats.toJson({ warnings: true }).warnings.map(({ message }) => message).filter((message) => !/size limit|lazy load/.test(message));
    if (warnings.length > 0) throw new Error(warnings.join("\\n"));
  });`;

const bundlers: readonly Bundler[] = [
  { place: "Vite 8, build", files: { "index.html": PAGE }, build: (made) => inProject(made, tool("vite"), ["build", "--base", "./", "--outDir", "out", "--logLevel", "warn", "--target", "es2022"]) },
  { place: "webpack 5", files: { "build.mjs": pack("webpack") }, build: node("build.mjs") },
  { place: "Rspack 2", files: { "build.mjs": pack("@rspack/core") }, build: node("build.mjs") },
  {
    place: "Rollup 4",
    files: { "rollup.config.mjs": 'import resolve from "@rollup/plugin-node-resolve";\nexport default { input: "app.js", output: { file: "out/app.js", format: "es" }, plugins: [resolve()] };\n' },
    build: (made) => inProject(made, tool("rollup"), ["-c", "--failAfterWarnings"]),
  },
  {
    place: "esbuild",
    files: {},
    build: (made) => inProject(made, tool("esbuild"), ["app.js", "--bundle", "--format=esm", "--minify", "--outfile=out/app.js", "--log-level=warning"]),
  },
];

/** Brings a page to what a bundler made, opens it and counts. */
async function open(bench: Bench, made: Project, place: string): Promise<Seen> {
  const out = made.at("out");
  mkdirSync(out, { recursive: true });
  if (!place.startsWith("Vite")) writeFileSync(`${out}/index.html`, PAGE);
  const at = bench.authority.cell(place, out);
  return { ...(await seenOn(bench, `${at}/?at=${encodeURIComponent(at)}`)), wasm: copies(out, { client: 1, edge: 1 }) };
}

const builds: readonly Cell[] = bundlers.map(({ place, files, build }) => ({
  place,
  async run(bench) {
    const made = await project(place, files);
    await build(made);
    return open(bench, made, place);
  },
}));

const dev: Cell = {
  place: "Vite 8, dev server",
  async run(bench) {
    const serve = 'import { createServer } from "vite";\nconst server = await createServer({ server: { port: 0 }, logLevel: "warn" });\nawait server.listen();\nconsole.log(`at ${server.resolvedUrls.local[0]}`);\n';
    const made = await project(this.place, { "index.html": PAGE, "serve.mjs": serve });
    const at = bench.authority.cell(this.place, made.folder);
    return whileServing(made, ["serve.mjs"], /at (http\S+)/, (origin) => seenOn(bench, `${origin}?at=${encodeURIComponent(at)}`));
  },
};

/** No bundler at all: the files of the package as they are, found by an import map. */
const plain: Cell = {
  place: "<script type=module>, import map",
  async run(bench) {
    const imports = { tokenkeep: "./tokenkeep/dist/index.js", "tokenkeep/edge": "./tokenkeep/dist/edge.js" };
    const map = `<script type="importmap">${JSON.stringify({ imports })}</script><script`;
    const made = await project(this.place.replaceAll(/\W+/g, "-"), { "out/index.html": PAGE.replace("<script", map) });
    cpSync(made.at("node_modules/tokenkeep"), made.at("out/tokenkeep"), { recursive: true });
    for (const file of ["app.js", "exercise.js"]) cpSync(made.at(file), made.at(`out/${file}`));
    const at = bench.authority.cell("plain", made.at("out"));
    return seenOn(bench, `${at}/?at=${encodeURIComponent(at)}`);
  },
};

export const bundlerCells: readonly Cell[] = [dev, ...builds, plain];
