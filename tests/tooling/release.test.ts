// What prevents a release.

import assert from "node:assert/strict";
import { test } from "node:test";
import { obstacles } from "../../scripts/release.mjs";

const manifest = {
  version: "1.2.3",
  repository: { type: "git", url: "git+https://git.example.com/tokenkeep.git" },
  homepage: "https://tokenkeep.example.com",
  bugs: { url: "https://git.example.com/tokenkeep/issues" },
};
const ready = {
  package: JSON.stringify(manifest),
  cargo: '[package]\nname = "tokenkeep"\nversion = "1.2.3"\n',
  changelog: "# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-11-22\n",
  status: "",
  tags: "v1.2.2\n",
};

test("a version whose changes are written down, committed and not tagged can be released", () => {
  assert.deepEqual(obstacles(ready), []);
});

test("whatever is missing for a release is told, each by itself", () => {
  const broken: [Partial<typeof ready>, RegExp][] = [
    [{ package: JSON.stringify({ ...manifest, version: "next" }) }, /"next" is no version/],
    ...(["repository", "homepage", "bugs"] as const).flatMap((member) =>
      [undefined, "", "the usual place", {}, "http://plain.example.com"].map(
        (value): [Partial<typeof ready>, RegExp] => [
          { package: JSON.stringify({ ...manifest, [member]: value }) },
          new RegExp(`^package\\.json has no "${member}": .*our own\\.$`),
        ],
      ),
    ),
    [{ cargo: 'version = "1.2.2"\n' }, /Cargo\.toml has version 1\.2\.2, package\.json 1\.2\.3/],
    [{ changelog: "## [Unreleased]\n" }, /no heading "## \[1\.2\.3\] - YYYY-MM-DD"/],
    [{ changelog: "## [1.2.3]\n" }, /no heading/],
    [{ status: " M js/index.ts\n" }, /changes that no commit has/],
    [{ tags: "v1.2.2\nv1.2.3\n" }, /tag v1\.2\.3 exists/],
  ];
  for (const [change, told] of broken)
    assert.match(obstacles({ ...ready, ...change }).join("\n"), told);
});
