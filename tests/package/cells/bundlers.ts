// Bundlers, each with as little configuration as it works with, for the same page.

import { cpSync, existsSync, writeFileSync } from "node:fs";
import {
  type Cell,
  copies,
  inProject,
  NOT_THERE,
  PAGE,
  type Project,
  project,
  type Seen,
  seenOn,
  together,
  tool,
  whileServing,
} from "./cell.ts";

interface Bundler {
  readonly place: string;
  /** Configuration. The entry of a program goes to a file of its own name. */
  readonly files: Readonly<Record<string, string>>;
  /** Members of its package.json. */
  readonly manifest?: Readonly<Record<string, unknown>>;
  readonly build: (made: Project, program: Program) => Promise<unknown>;
  /** It takes modules only, without React. */
  readonly plain?: true;
  /** How it brings the wasm along; left out, the file is copied by hand. */
  readonly wasm?: string;
}

interface Program {
  readonly entry: string;
  readonly out: string;
  /** It has a worker, by the name of its own file. */
  readonly hasWorker: boolean;
  /** How often each wasm is to be in the output. */
  readonly wanted: { readonly client: number; readonly edge?: number };
}
const PROGRAMS: readonly Program[] = [
  { entry: "app.js", out: "out", hasWorker: false, wanted: { client: 1, edge: 1 } },
  { entry: "slim.js", out: "out-slim", hasWorker: false, wanted: { client: 1 } },
  // In the worker.
  { entry: "hosted.js", out: "out-hosted", hasWorker: true, wanted: { client: 1 } },
  // In the page and in the worker.
  { entry: "host.js", out: "out-host", hasWorker: true, wanted: { client: 2 } },
];
/** The page of a program. */
const pageOf = (entry: string) => PAGE.replace("app.js", entry);
/** The modules to begin with, for bundlers that find no worker by its address. */
const entriesOf = ({ entry, hasWorker }: Program) =>
  hasWorker ? [entry, "token.worker.js"] : [entry];

const pack = (name: string) => `
  import bundler from "${name}";
  const [entry, out] = process.argv.slice(2);
  const configuration = {
    mode: "production",
    context: process.cwd(),
    entry: "./" + entry,
    output: { path: process.cwd() + "/" + out, filename: entry, chunkFilename: "[id].js", clean: true },
    // Its warnings are advice about sizes.
    performance: false,
  };
  const run = ${name === "webpack" ? "bundler" : "bundler.rspack"};
  run(configuration, (error, stats) => {
    if (error || stats.hasErrors()) throw error ?? new Error(stats.toString());
    const warnings = stats
      .toJson({ warnings: true })
      .warnings.map(({ message }) => message);
    if (warnings.length > 0) throw new Error(warnings.join("\\n"));
  });`;

const script = (made: Project, { entry, out }: Program) =>
  inProject(made, process.execPath, ["build.mjs", entry, out]);
const ASSET = 'export const wasm = new URL("tokenkeep/client.wasm", import.meta.url);\n';

const bundlers: readonly Bundler[] = [
  {
    place: "Vite 8, build",
    files: {},
    wasm: 'export { default as wasm } from "tokenkeep/client.wasm?url";\n',
    build(made, { entry, out }) {
      made.write("index.html", pageOf(entry));
      return inProject(made, tool("vite"), [
        "build",
        "--base",
        "./",
        "--outDir",
        out,
        "--logLevel",
        "warn",
      ]);
    },
  },
  { place: "webpack 5", files: { "build.mjs": pack("webpack") }, wasm: ASSET, build: script },
  { place: "Rspack 2", files: { "build.mjs": pack("@rspack/core") }, wasm: ASSET, build: script },
  {
    place: "Rollup 4",
    plain: true,
    files: {
      "rollup.config.mjs": `import resolve from "@rollup/plugin-node-resolve";
export default { plugins: [resolve()] };
`,
    },
    build: (made, program) =>
      inProject(made, tool("rollup"), [
        "-c",
        "--failAfterWarnings",
        ...entriesOf(program).flatMap((entry) => ["--input", entry]),
        "--dir",
        program.out,
        "--format",
        "es",
      ]),
  },
  {
    place: "esbuild",
    files: {},
    wasm: 'export { default as wasm } from "tokenkeep/client.wasm";\n',
    build: (made, program) =>
      inProject(made, tool("esbuild"), [
        ...entriesOf(program),
        "--bundle",
        "--format=esm",
        "--minify",
        `--outdir=${program.out}`,
        "--loader:.wasm=file",
        "--log-level=warning",
      ]),
  },
  {
    place: "Parcel 2",
    files: { "package-lock.json": "{}" },
    // It reads the manifest that lies beside a lock file, and without this looks at no `exports`.
    manifest: { "@parcel/resolver-default": { packageExports: true } },
    wasm: 'export const wasm = new URL("npm:tokenkeep/client.wasm", import.meta.url);\n',
    build(made, { entry, out }) {
      made.write("index.html", pageOf(entry));
      return inProject(made, tool("parcel"), [
        "build",
        "index.html",
        "--dist-dir",
        out,
        "--public-url",
        "./",
        "--no-cache",
        "--no-source-maps",
      ]);
    },
  },
];

/** Of the places that run plain.js. */
const noCommonJs: Seen = { react: "- React is CommonJS, which is not imported there as it is" };
const builds: readonly Cell[] = bundlers.map(
  ({ place, files, manifest = {}, build, plain, wasm }) => ({
    place,
    table: "pages",
    absent: plain ? noCommonJs : {},
    async run(bench) {
      const own = wasm === undefined ? files : { ...files, "wasm.js": wasm };
      const made = await project(place, own, manifest);
      const seen: Seen[] = [];
      for (const each of PROGRAMS) {
        const program = plain && each.entry === "app.js" ? { ...each, entry: "plain.js" } : each;
        await build(made, program);
        const out = made.at(program.out);
        if (!existsSync(`${out}/index.html`))
          writeFileSync(`${out}/index.html`, pageOf(program.entry));
        if (program.entry === "slim.js" && wasm === undefined)
          cpSync(made.at("node_modules/tokenkeep/dist/client.wasm"), `${out}/client.wasm`);
        const at = bench.authority.cell(`${place} ${program.out}`, out);
        const copied = copies(out, program.wanted);
        const inOut = copied === "ok" ? "ok" : `${program.entry}: ${copied}`;
        seen.push(await seenOn(bench, `${at}/`, at), { wasm: inOut });
      }
      return together(seen);
    },
  }),
);

/** The pages of the programs, for places that build none. */
const PAGES = ["slim", "hosted", "host"].map((name) => [name, `${name}.html`] as const);

const dev: Cell = {
  place: "Vite 8, dev server",
  table: "pages",
  absent: NOT_THERE.asInstalled,
  async run(bench) {
    const serve = `import { createServer } from "vite";
const server = await createServer({ server: { port: 0 }, logLevel: "warn" });
await server.listen();
console.log("at " + server.resolvedUrls.local[0]);
`;
    const made = await project(this.place, {
      "index.html": PAGE,
      ...Object.fromEntries(PAGES.map(([name, page]) => [page, pageOf(`${name}.js`)])),
      "wasm.js": 'export { default as wasm } from "tokenkeep/client.wasm?url";\n',
      "serve.mjs": serve,
    });
    return whileServing(made, ["serve.mjs"], /at (http\S+)/, async (origin) => {
      const seen: Seen[] = [];
      for (const page of ["", ...PAGES.map(([, page]) => page)]) {
        const at = bench.authority.cell(`${this.place} ${page}`, made.folder);
        seen.push(await seenOn(bench, `${origin}${page}`, at));
      }
      return together(seen);
    });
  },
};

/** No bundler at all: the files of the package as they are, found by an import map. */
const plain: Cell = {
  place: "<script type=module>, import map",
  table: "pages",
  absent: { ...NOT_THERE.asInstalled, ...noCommonJs },
  async run(bench) {
    const entries = ["slim", "hosted", "redirects", "edge"];
    const imports = Object.fromEntries([
      ["tokenkeep", "./tokenkeep/dist/index.js"],
      ...entries.map((name) => [`tokenkeep/${name}`, `./tokenkeep/dist/${name}.js`]),
    ]);
    const map = `<script type="importmap">${JSON.stringify({ imports })}</script><script`;
    const mapped = (entry: string) => pageOf(entry).replace("<script", map);
    const made = await project(this.place.replaceAll(/\W+/g, "-"), {
      "out/index.html": mapped("plain.js"),
      ...Object.fromEntries(PAGES.map(([name, page]) => [`out/${page}`, mapped(`${name}.js`)])),
      "out/wasm.js": 'export const wasm = fetch("./tokenkeep/dist/client.wasm");\n',
    });
    cpSync(made.at("node_modules/tokenkeep"), made.at("out/tokenkeep"), { recursive: true });
    for (const name of ["plain", "slim", "hosted", "host", "client", "verifier", "outcomes"])
      cpSync(made.at(`${name}.js`), made.at(`out/${name}.js`));
    // A worker has no import map.
    made.write("out/token.worker.js", 'import "./tokenkeep/dist/worker.js";\n');
    const seen: Seen[] = [];
    for (const page of ["", ...PAGES.map(([, page]) => page)]) {
      const at = bench.authority.cell(`plain ${page}`, made.at("out"));
      seen.push(await seenOn(bench, `${at}/${page}`, at));
    }
    return together(seen);
  },
};

export const bundlerCells: readonly Cell[] = [dev, ...builds, plain];
