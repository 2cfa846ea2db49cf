// Builds the demo page into a folder of static files: the page's own modules bundled into main.js,
// the published package in tokenkeep.js beside it, the style sheets in one file, and the rest
// unchanged. It exists so that `npm start`, the tests and the screenshots serve the same page.
// Needs dist/. Alone: node www/app/build.mjs <folder>

import { copyFile, mkdir, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));

/**
 * @param {string} target the folder that the built page replaces
 * @returns {Promise<void>}
 */
export async function buildApp(target) {
  // Built beside the folder first, so that a server of the folder never finds half of a page.
  const outDir = `${target}.new`;
  await rm(outDir, { recursive: true, force: true });
  await mkdir(outDir, { recursive: true });
  await build({
    entryPoints: [join(here, "main.ts"), join(here, "app.css")],
    outdir: outDir,
    bundle: true,
    format: "esm",
    target: "es2022",
    // The package stays a file of its own, as from a CDN or an import map.
    alias: {
      tokenkeep: "/tokenkeep.js",
      "tokenkeep/redirects": packageFile("tokenkeep/redirects"),
    },
    external: ["/tokenkeep.js", "/geist.woff2"],
    logLevel: "warning",
  });
  const files = {
    "index.html": join(here, "index.html"),
    "favicon.svg": join(here, "favicon.svg"),
    "geist.woff2": packageFile("@fontsource-variable/geist/files/geist-latin-wght-normal.woff2"),
    "tokenkeep.js": packageFile("tokenkeep"),
    // What the package loads beside it for bound tokens and for a worker, and the worker's script.
    "dpop.js": join(dirname(packageFile("tokenkeep")), "dpop.js"),
    "worker-home.js": join(dirname(packageFile("tokenkeep")), "worker-home.js"),
    "token.worker.js": packageFile("tokenkeep/worker"),
  };
  for (const [name, source] of Object.entries(files)) await copyFile(source, join(outDir, name));
  await rm(target, { recursive: true, force: true });
  await rename(outDir, target);
}

/** @param {string} specifier resolved as for any importer of the package */
function packageFile(specifier) {
  return fileURLToPath(import.meta.resolve(specifier));
}

if (argv[1] !== undefined && resolve(argv[1]) === fileURLToPath(import.meta.url)) {
  const outDir = argv[2];
  if (outDir === undefined) throw new Error("which folder? node www/app/build.mjs <folder>");
  await buildApp(resolve(outDir));
}
