// CommonJS that takes the package, which has ES modules only, by `require`.

const { exports: targets } = require("tokenkeep/package.json");

/** @type {string[]} */
const wrong = [];
for (const [entry, target] of Object.entries(targets)) {
  if (typeof target === "string") continue;
  const name = `tokenkeep${entry.slice(1)}`;
  try {
    if (Object.keys(require(name)).length === 0) wrong.push(`${name} exports nothing`);
  } catch (error) {
    wrong.push(`${name}: ${error}`);
  }
}
console.log(JSON.stringify({ require: wrong.length === 0 ? "ok" : wrong.join("; ") }));
