// Packs a file into a zlib stream (RFC 1950), longer and smaller than zlib does. A process of its
// own, because @gfx/zopfli takes the handling of uncaught errors into its hands. Alone: node
// scripts/lib/zopfli.mjs from to.zz

import { readFileSync, writeFileSync } from "node:fs";
import zopfli from "@gfx/zopfli";

const [from, to] = process.argv.slice(2);
if (from === undefined || to === undefined) throw new Error("Which file, and where to?");
writeFileSync(to, await zopfli.zlibAsync(readFileSync(from), { numiterations: 100 }));
