// The package's version, as requests for key sets name it; scripts/check-manifest.mjs holds it to
// package.json.

export const VERSION = "0.2.0";
