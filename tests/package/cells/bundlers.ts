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
  tool,
  whileServing,
} from "./cell.ts";

interface Bundler {
  readonly place: string;
  /** Configuration. `app.js`, or `plain.js`, goes to out/app.js; `slim.js` to out-slim/app.js. */
  readonly files: Readonly<Record<string, string>>;
  readonly build: (made: Project, program: Program) => Promise<unknown>;
  /** It takes modules only, without React. */
  readonly plain?: true;
  /** How it brings the wasm along; left out, the file is copied by hand. */
  readonly wasm?: string;
}

type Program = {
  readonly entry: "app.js" | "plain.js" | "slim.js";
  readonly out: "out" | "out-slim";
};
const PROGRAMS: readonly Program[] = [
  { entry: "app.js", out: "out" },
  { entry: "slim.js", out: "out-slim" },
];

const pack = (name: string) => `
  import bundler from "${name}";
  const [entry, out] = process.argv.slice(2);
  const configuration = {
    mode: "production",
    context: process.cwd(),
    entry: "./" + entry,
    output: { path: process.cwd() + "/" + out, filename: "app.js", clean: true },
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
      made.write("index.html", PAGE.replace("app.js", entry));
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
    build: (made, { entry, out }) =>
      inProject(made, tool("rollup"), [
        "-c",
        "--failAfterWarnings",
        "--input",
        entry,
        "--dir",
        out,
        "--entryFileNames",
        "app.js",
        "--format",
        "es",
      ]),
  },
  {
    place: "esbuild",
    files: {},
    wasm: 'export { default as wasm } from "tokenkeep/client.wasm";\n',
    build: (made, { entry, out }) =>
      inProject(made, tool("esbuild"), [
        entry,
        "--bundle",
        "--format=esm",
        "--minify",
        `--outfile=${out}/app.js`,
        "--loader:.wasm=file",
        "--log-level=warning",
      ]),
  },
];

/** Of the places that run plain.js. */
const noCommonJs: Seen = { react: "- React is CommonJS, which is not imported there as it is" };
const inPage: Seen = {
  ...NOT_THERE.types,
  ...NOT_THERE.noServer,
  ...NOT_THERE.noTests,
  ...NOT_THERE.noSockets,
};

const builds: readonly Cell[] = bundlers.map(({ place, files, build, plain, wasm }) => ({
  place,
  absent: plain ? { ...inPage, ...noCommonJs } : inPage,
  async run(bench) {
    const made = await project(place, {
      ...files,
      ...(wasm === undefined ? {} : { "wasm.js": wasm }),
    });
    const seen: Seen[] = [];
    for (const program of PROGRAMS) {
      await build(
        made,
        plain && program.entry === "app.js" ? { ...program, entry: "plain.js" } : program,
      );
      const out = made.at(program.out);
      if (!existsSync(`${out}/index.html`)) writeFileSync(`${out}/index.html`, PAGE);
      if (program.entry === "slim.js" && wasm === undefined)
        cpSync(made.at("node_modules/tokenkeep/dist/client.wasm"), `${out}/client.wasm`);
      const at = bench.authority.cell(`${place} ${program.out}`, out);
      const copied = copies(
        out,
        program.entry === "slim.js" ? { client: 1 } : { client: 1, edge: 1 },
      );
      seen.push(await seenOn(bench, `${at}/?at=${encodeURIComponent(at)}`), { wasm: copied });
    }
    const wrong = seen.find(({ wasm: said = "ok" }) => said !== "ok")?.wasm;
    return { ...Object.assign({}, ...seen), wasm: wrong ?? "ok" };
  },
}));

const dev: Cell = {
  place: "Vite 8, dev server",
  absent: { ...inPage, ...NOT_THERE.asInstalled },
  async run(bench) {
    const serve = `import { createServer } from "vite";
const server = await createServer({ server: { port: 0 }, logLevel: "warn" });
await server.listen();
console.log("at " + server.resolvedUrls.local[0]);
`;
    const made = await project(this.place, {
      "index.html": PAGE,
      "slim.html": PAGE.replace("app.js", "slim.js"),
      "wasm.js": 'export { default as wasm } from "tokenkeep/client.wasm?url";\n',
      "serve.mjs": serve,
    });
    const at = bench.authority.cell(this.place, made.folder);
    const slim = bench.authority.cell(`${this.place} slim`, made.folder);
    return whileServing(made, ["serve.mjs"], /at (http\S+)/, async (origin) => ({
      ...(await seenOn(bench, `${origin}?at=${encodeURIComponent(at)}`)),
      ...(await seenOn(bench, `${origin}slim.html?at=${encodeURIComponent(slim)}`)),
    }));
  },
};

/** No bundler at all: the files of the package as they are, found by an import map. */
const plain: Cell = {
  place: "<script type=module>, import map",
  absent: { ...inPage, ...NOT_THERE.asInstalled, ...noCommonJs },
  async run(bench) {
    const imports = {
      tokenkeep: "./tokenkeep/dist/index.js",
      "tokenkeep/slim": "./tokenkeep/dist/slim.js",
      "tokenkeep/edge": "./tokenkeep/dist/edge.js",
    };
    const map = `<script type="importmap">${JSON.stringify({ imports })}</script><script`;
    const made = await project(this.place.replaceAll(/\W+/g, "-"), {
      "out/index.html": PAGE.replace("<script", map).replace("app.js", "plain.js"),
      "out/slim.html": PAGE.replace("<script", map).replace("app.js", "slim.js"),
      "out/wasm.js": 'export const wasm = fetch("./tokenkeep/dist/client.wasm");\n',
    });
    cpSync(made.at("node_modules/tokenkeep"), made.at("out/tokenkeep"), { recursive: true });
    for (const file of ["plain.js", "slim.js", "exercise.js"])
      cpSync(made.at(file), made.at(`out/${file}`));
    const [at, slim] = [
      bench.authority.cell("plain", made.at("out")),
      bench.authority.cell("plain slim", made.at("out")),
    ];
    return {
      ...(await seenOn(bench, `${at}/?at=${encodeURIComponent(at)}`)),
      ...(await seenOn(bench, `${slim}/slim.html?at=${encodeURIComponent(slim)}`)),
    };
  },
};

export const bundlerCells: readonly Cell[] = [dev, ...builds, plain];
