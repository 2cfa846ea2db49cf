// The reference as Markdown, from the declarations that the package ships: a page for each entry
// point, functions first. TypeDoc reads them with a compiler of its own (docs/package.json),
// because it can't use TypeScript 7.

import { readFileSync } from "node:fs";

/** @type {{ exports: Record<string, string | { types?: string }> }} */
const { exports } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const entryPoints = Object.values(exports).flatMap((target) =>
  typeof target === "string" || target.types === undefined ? [] : [`../${target.types}`],
);

/** @typedef {import("typedoc").TypeDocOptions} TypeDocOptions */
/** @typedef {import("typedoc-plugin-markdown").PluginOptions} PluginOptions */
/** @type {Partial<TypeDocOptions> & Partial<PluginOptions>} */
const options = {
  entryPoints,
  tsconfig: "tsconfig.reference.json",
  plugin: ["typedoc-plugin-markdown"],
  out: "api",
  router: "module",
  readme: "none",
  entryFileName: "modules",
  disableSources: true,
  hideBreadcrumbs: true,
  hidePageHeader: true,
  pageTitleTemplates: {
    module: ({ name }) => (name === "index" ? "tokenkeep" : `tokenkeep/${name}`),
  },
  groupOrder: ["Functions", "Interfaces", "Type Aliases", "Classes"],
  sort: ["source-order"],
  useCodeBlocks: true,
  expandObjects: true,
  parametersFormat: "table",
  interfacePropertiesFormat: "table",
  typeDeclarationFormat: "table",
  sanitizeComments: true,
  // Two names that differ in their case alone would have one anchor.
  useHTMLAnchors: true,
  excludeExternals: true,
  validation: { notDocumented: true },
  requiredToBeDocumented: ["Class", "Function", "Interface", "Method", "TypeAlias", "Constructor"],
  treatWarningsAsErrors: true,
};

// TypeDoc takes its options from the default export.
export default options;
