// The edge suite in Node, each case under its id.

import { test } from "node:test";
import { cases } from "./suite/all.ts";

for (const { name, run } of cases) test(name, () => run(null));
