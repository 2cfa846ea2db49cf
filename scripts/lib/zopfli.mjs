// Packs a file as gzip does, but longer and smaller. A process of its own, because @gfx/zopfli
// takes the handling of uncaught errors into its hands. Alone: node scripts/lib/zopfli.mjs from
// to.gz

import { readFileSync, writeFileSync } from "node:fs";
import zopfli from "@gfx/zopfli";

const [from, to] = process.argv.slice(2);
if (from === undefined || to === undefined) throw new Error("Which file, and where to?");
writeFileSync(to, await zopfli.gzipAsync(readFileSync(from), { numiterations: 100 }));
