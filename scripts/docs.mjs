// Builds the documentation site into build/docs: the reference from the package's declarations
// (TypeDoc), the pages of docs/ (VitePress) and the crate's own documentation (rustdoc). It exists
// because these tools overlook faults. Here a warning of any of them fails. A link or an anchor
// that leads nowhere fails too, as does a page that the sidebar does not list, and anything that a
// page would load from elsewhere. Alone: `npm run docs`, with `-- --serve` to look at it
// afterwards.

import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "./build.mjs";
import { asCommand, must, root, run, StepFailed, step } from "./lib/run.mjs";
import { setUp } from "./setup.mjs";

const docs = join(root, "docs");
const site = join(root, "build", "docs");

/**
 * A tool of docs/node_modules.
 * @param {string} name
 * @param {readonly string[]} args
 * @param {{ echo?: boolean, seconds?: number }} [options]
 */
function tool(name, args, options) {
  return must(
    process.execPath,
    [
      join(docs, "node_modules", name, "bin", `${name}${name === "vitepress" ? ".js" : ""}`),
      ...args,
    ],
    {
      cwd: docs,
      ...options,
    },
  );
}

/** @param {{ output: string }} ended */
function withoutWarnings({ output }) {
  // A colour code before a word would hide where the word begins.
  const lines = output
    .split("\n")
    .filter((line) => /\bwarn(ing)?\b|\(!\)/i.test(line.replaceAll(/\x1b\[\d*m/g, " ")));
  if (lines.length > 0)
    throw new StepFailed("The documentation builds with warnings.", lines.join("\n"));
}

/** Builds the crate's documentation; a warning fails. */
export function buildCrateDocs() {
  return must("cargo", ["doc", "--locked", "--no-deps", "--quiet"], {
    seconds: 1200,
    env: { RUSTDOCFLAGS: "-D warnings" },
  });
}

/** Builds the site. Needs a built package and the packages of docs/. */
export async function buildDocs() {
  rmSync(site, { recursive: true, force: true });
  rmSync(join(docs, "api"), { recursive: true, force: true });
  withoutWarnings(await tool("typedoc", ["--options", "typedoc.config.mjs"]));
  rmSync(join(docs, "api", "modules.md"));
  withoutWarnings(await tool("vitepress", ["build", "."]));
  await buildCrateDocs();
  cpSync(join(root, "target", "doc"), join(site, "crate"), { recursive: true });
  await checkSite(site, await listedPages());
}

/** The addresses that the sidebar lists. @returns {Promise<string[]>} */
async function listedPages() {
  const { tsImport } = await import("tsx/esm/api");
  const { contents } = await tsImport(
    pathToFileURL(join(docs, ".vitepress", "contents.ts")).href,
    import.meta.url,
  );
  return contents.flatMap((/** @type {{ items: { link: string }[] }} */ section) =>
    section.items.map((item) => item.link),
  );
}

/** @param {string} folder @returns {string[]} */
function pagesIn(folder) {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => name.endsWith(".html") && !name.startsWith("crate/"));
}

/**
 * Fails when a page links to what is not there, loads from elsewhere, or is in no list. rustdoc
 * checks the crate's pages.
 * @param {string} folder
 * @param {readonly string[]} listed
 */
export function checkSite(folder, listed) {
  const pages = new Map(
    pagesIn(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]),
  );
  /** @type {string[]} */
  const complaints = [];
  const files = listed.map((link) =>
    (link.endsWith("/")
      ? `${link}index.html`
      : link.endsWith(".html")
        ? link
        : `${link}.html`
    ).slice(1),
  );
  for (const file of files)
    if (!existsSync(join(folder, file)))
      complaints.push(`The sidebar lists ${file}, which is not there.`);
  for (const [name, html] of pages) {
    if (!files.includes(name) && name !== "index.html" && name !== "404.html")
      complaints.push(`${name} is in no list of the sidebar.`);
    for (const [, tag, , address = ""] of html.matchAll(
      /<(a|link|script|img)\b[^>]*?\s(href|src)="([^"]*)"/g,
    )) {
      if (/^(https?:)?\/\//.test(address)) {
        if (tag !== "a") complaints.push(`${name} loads ${address} from elsewhere.`);
        continue;
      }
      if (/^[a-z]+:/i.test(address)) continue;
      const [path = "", fragment = ""] = address.split("#");
      const file = fileOf(folder, name, path);
      if (!existsSync(file)) complaints.push(`${name} links to ${address}, which is not there.`);
      else if (
        fragment !== "" &&
        !hasAnchor(pages.get(relative(folder, file).replaceAll("\\", "/")), fragment)
      )
        complaints.push(`${name} links to ${address}, an anchor that is not there.`);
    }
  }
  for (const style of readdirSync(join(folder, "assets")).filter((file) => file.endsWith(".css"))) {
    if (/url\(["']?(https?:)?\/\//.test(readFileSync(join(folder, "assets", style), "utf8")))
      complaints.push(`${style} loads from elsewhere.`);
  }
  if (complaints.length > 0)
    throw new StepFailed(
      "The documentation has links that lead nowhere, or pages that nobody finds.",
      [...new Set(complaints)].join("\n"),
    );
}

/** @param {string} folder @param {string} from @param {string} path */
function fileOf(folder, from, path) {
  if (path === "") return join(folder, from);
  const plain = decodeURIComponent(path.split("?")[0] ?? "");
  const file = plain.startsWith("/") ? join(folder, plain) : resolve(folder, dirname(from), plain);
  if (plain.endsWith("/")) return join(file, "index.html");
  return existsSync(file) || existsSync(`${file}.html`) === false ? file : `${file}.html`;
}

/** @param {string | undefined} html @param {string} fragment */
function hasAnchor(html, fragment) {
  return html === undefined || html.includes(`id="${decodeURIComponent(fragment)}"`);
}

await asCommand(import.meta.url, async () => {
  await setUp({ docs: true });
  await build({ lenient: true });
  await step("Building the documentation into build/docs", "20 s", buildDocs);
  if (process.argv.includes("--serve"))
    await run(
      process.execPath,
      [join(docs, "node_modules", "vitepress", "bin", "vitepress.js"), "preview", docs],
      {
        echo: true,
        seconds: 86_400,
      },
    );
});
