// Checks what neither the compiler nor clippy can: that no room of src/ names one that it may not
// depend on, that no room of js/ imports from one, and that the pure rooms (token, engine, verify)
// have nothing that is awaited and no code of their own for wasm32. Clocks, randomness and
// formatting are clippy's (clippy.toml); web types would not compile natively. `npm run check` runs
// it. Alone: `node scripts/check-purity.mjs`.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, posix, relative, sep } from "node:path";
import { asCommand, root, StepFailed } from "./lib/run.mjs";

/**
 * The layers by folder under src/: whether one is pure, and which others it may not name (the
 * arrows of the design point one way).
 */
const layers = [
  { name: "token", pure: true, mayNotName: ["engine", "verify", "client", "edge"] },
  { name: "engine", pure: true, mayNotName: ["verify", "client", "edge"] },
  { name: "verify", pure: true, mayNotName: ["token", "engine", "client", "edge"] },
  { name: "client", pure: false, mayNotName: ["verify", "edge"] },
  { name: "edge", pure: false, mayNotName: ["engine", "client"] },
];

/**
 * The rooms of js/, and which others each may import from. The files beside the rooms are those of
 * dist/, which lead into them.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
const mayImport = {
  shared: [],
  client: ["shared"],
  hosted: ["client", "shared"],
  worker: ["hosted", "client", "shared"],
  edge: ["shared"],
  discovery: ["edge", "shared"],
  jwe: ["edge", "shared"],
  logout: ["edge", "shared"],
  oauth: ["edge", "shared"],
  introspection: ["oauth", "edge", "shared"],
  service: ["oauth", "edge", "shared"],
  mediator: ["oauth", "edge", "shared"],
  redis: ["mediator", "edge", "shared"],
  testing: ["client", "edge", "shared"],
};

/** `target_arch`: code for wasm32 alone could name web types. */
const impure = /\b(async|target_arch)\b|\.\s*await\b/g;

/**
 * Blanks out comments and the insides of string and character literals, keeping the line numbers.
 * @param {string} source
 */
export function codeOf(source) {
  const token =
    /\/\/[^\n]*|\/\*|\b[bc]?r(#*)"[\s\S]*?"\1|"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\\n]|\\.[^'\n]*)'/g;
  let code = "";
  let from = 0;
  for (let match = token.exec(source); match !== null; match = token.exec(source)) {
    let end = token.lastIndex;
    if (match[0] === "/*") end = endOfBlockComment(source, end);
    code += source.slice(from, match.index) + source.slice(match.index, end).replace(/[^\n]/g, " ");
    from = end;
    token.lastIndex = end;
  }
  return code + source.slice(from);
}

/**
 * Where a block comment ends; in Rust they nest.
 * @param {string} source
 * @param {number} from just after its opening
 */
function endOfBlockComment(source, from) {
  const mark = /\/\*|\*\//g;
  mark.lastIndex = from;
  let depth = 1;
  for (let match = mark.exec(source); match !== null; match = mark.exec(source)) {
    depth += match[0] === "/*" ? 1 : -1;
    if (depth === 0) return mark.lastIndex;
  }
  return source.length;
}

/**
 * The words in one file that its layer may not use, as `line: word`.
 * @param {string} source
 * @param {(typeof layers)[number]} layer
 */
export function impuritiesOf(source, layer) {
  const code = codeOf(source);
  const others = layer.mayNotName.join("|");
  const named = new RegExp(
    `\\b(${others})\\s*::|\\b(crate|super)\\s*::\\s*(\\{[^;]*\\b)?(${others})\\b`,
    "g",
  );
  // Tests may hold two rooms against each other.
  const [shipped = ""] = code.split(/^#\[cfg\(.*\btest\b/m);
  const matches = [...(layer.pure ? shipped.matchAll(impure) : []), ...shipped.matchAll(named)];
  return matches.map(
    (match) => `${code.slice(0, match.index).split("\n").length}: ${match[0].replace(/\s+/g, " ")}`,
  );
}

/**
 * @param {string} folder the one that holds src/
 * @returns {string[]} every slip, as `path:line: word`
 */
export function findImpurities(folder) {
  const found = [];
  for (const layer of layers) {
    const place = join(folder, "src", layer.name);
    if (!existsSync(place)) continue;
    // A module's tests.rs is a test, as what follows `#[cfg(test)]` in a file is.
    const shipped = readdirSync(place, { recursive: true, encoding: "utf8" }).filter(
      (name) => name.endsWith(".rs") && basename(name) !== "tests.rs",
    );
    for (const path of shipped) {
      const file = join(place, path);
      found.push(
        ...impuritiesOf(readFileSync(file, "utf8"), layer).map(
          (slip) => `${relative(folder, file)}:${slip}`,
        ),
      );
    }
  }
  return found;
}

/**
 * @param {string} folder the one that holds js/
 * @returns {string[]} every import of a room from one that it may not know, as `path:line: from`
 */
export function findStrayImports(folder) {
  const files = readdirSync(join(folder, "js"), { recursive: true, encoding: "utf8" })
    .map((name) => name.split(sep).join("/"))
    .filter((name) => /^[^/]+\/.+\.ts$/.test(name));
  return files.flatMap((name) => {
    const room = name.split("/")[0] ?? "";
    const known = [room, ...(mayImport[room] ?? [])];
    const source = readFileSync(join(folder, "js", name), "utf8");
    const stray = [...source.matchAll(/\bfrom "(\.[^"]+)"|\bimport\("(\.[^"]+)"\)/g)].filter(
      (match) => {
        const to = posix.join(posix.dirname(name), match[1] ?? match[2] ?? "").split("/");
        return to.length > 1 && to[0] !== ".." && !known.includes(to[0] ?? "");
      },
    );
    return stray.map(
      ({ 0: text, index }) => `js/${name}:${source.slice(0, index).split("\n").length}: ${text}`,
    );
  });
}

/** Throws a StepFailed that lists the slips of this project, if there are any. */
export function checkPurity() {
  for (const name of ["token", "engine"]) {
    if (!existsSync(join(root, "src", name)))
      throw new StepFailed(`src/${name} is gone: tell scripts/check-purity.mjs where it went.`);
  }
  const found = [...findImpurities(root), ...findStrayImports(root)];
  if (found.length > 0)
    throw new StepFailed("A layer names what it may not know.", found.join("\n"));
}

await asCommand(import.meta.url, async () => {
  checkPurity();
  console.log("No room names one that it may not; the pure ones await nothing.");
});
