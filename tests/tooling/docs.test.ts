// What the check of the documentation says of sites with one fault each, and of one without.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { checkSite } from "../../scripts/docs.mjs";

const folder = mkdtempSync(join(tmpdir(), "tokenkeep-docs-"));
after(() => rmSync(folder, { recursive: true }));

const good = {
  "index.html":
    '<a href="/guide.html#two">Guide</a><a href="https://example.com">Elsewhere</a>' +
    '<script src="/assets/app.js"></script>',
  "guide.html":
    '<h2 id="two">Two</h2><a href="#two">here</a><a href="./">home</a><a href="index">home</a>' +
    '<a href="mailto:a@example.com">write</a>',
  "assets/app.js": "",
  "assets/style.css": "p { background: url(/assets/app.js) }",
};

/** What is said of the good site with these files in place of its own. */
function complaintsOf(
  name: string,
  changed: Readonly<Record<string, string>>,
  listed = ["/guide"],
): string[] {
  const site = join(folder, name);
  for (const [path, text] of Object.entries({ ...good, ...changed })) {
    mkdirSync(dirname(join(site, path)), { recursive: true });
    writeFileSync(join(site, path), text);
  }
  try {
    checkSite(site, listed);
    return [];
  } catch (error) {
    return (error as { output: string }).output.split("\n");
  }
}

test("a site whose links lead somewhere passes", () => {
  assert.deepEqual(complaintsOf("good", {}), []);
});

test("missing pages, links and anchors and pages that no list has are told", () => {
  assert.deepEqual(
    complaintsOf("page", {
      "guide.html": '<h2 id="two"></h2><a class="x" href="/nothing.html">x</a>',
    }),
    ["guide.html links to /nothing.html, which is not there."],
  );
  assert.deepEqual(complaintsOf("anchor", { "guide.html": "<h2>Two</h2>" }), [
    "index.html links to /guide.html#two, an anchor that is not there.",
  ]);
  assert.deepEqual(complaintsOf("listless", { "deep/lost.html": "" }), [
    "deep/lost.html is in no list of the sidebar.",
  ]);
  assert.deepEqual(complaintsOf("missing", {}, ["/guide", "/api/"]), [
    "The sidebar lists api/index.html, which is not there.",
  ]);
});

test("whatever a page would load from elsewhere is told", () => {
  assert.deepEqual(
    complaintsOf("image", {
      "guide.html": '<b id="two"></b><img alt="" src="//cdn.example/a.png">',
    }),
    ["guide.html loads //cdn.example/a.png from elsewhere."],
  );
  assert.deepEqual(
    complaintsOf("font", {
      "assets/style.css": "@font-face { src: url('https://cdn.example/f.woff2') }",
    }),
    ["style.css loads from elsewhere."],
  );
});
