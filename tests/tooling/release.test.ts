// What scripts/release.mjs takes for an obstacle.

import assert from "node:assert/strict";
import { test } from "node:test";
import { obstacles } from "../../scripts/release.mjs";

const ready = {
  package: JSON.stringify({ version: "1.2.3" }),
  cargo: '[package]\nname = "tokenkeep"\nversion = "1.2.3"\n',
  changelog: "# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-11-22\n",
  status: "",
  tags: "v1.2.2\n",
};

test("a version with its changes written down, committed and not yet tagged, is to be released", () => {
  assert.deepEqual(obstacles(ready), []);
});

test("whatever is missing for a release is told, each by itself", () => {
  const broken: [Partial<typeof ready>, RegExp][] = [
    [{ package: JSON.stringify({ version: "next" }) }, /"next" is no version/],
    [{ cargo: 'version = "1.2.2"\n' }, /Cargo\.toml has version 1\.2\.2, package\.json 1\.2\.3/],
    [{ changelog: "## [Unreleased]\n" }, /no heading "## \[1\.2\.3\] - YYYY-MM-DD"/],
    [{ changelog: "## [1.2.3]\n" }, /no heading/],
    [{ status: " M js/index.ts\n" }, /changes that no commit has/],
    [{ tags: "v1.2.2\nv1.2.3\n" }, /tag v1\.2\.3 exists/],
  ];
  for (const [change, told] of broken)
    assert.match(obstacles({ ...ready, ...change }).join("\n"), told);
});
