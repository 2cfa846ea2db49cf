// Code blocks of the documents as modules that run:
// `import { connect } from "doc:docs/recipes/streams.md#0"` is the first block of that page, to the
// letter, but for addresses that stand for others. What its prelude declares it finds among the
// globals.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Loader, Plugin } from "esbuild";
import { fencesOf, root } from "./snippets.ts";

/** The `place`th block of a document, from 0. */
export function block(path: string, place: number): { language: string; code: string } {
  const fence = fencesOf(readFileSync(join(root, path), "utf8"))[place];
  if (fence === undefined) throw new Error(`${path} has no block ${place}.`);
  return { language: fence.language, code: fence.code.join("\n") };
}

const LOADERS: Readonly<Record<string, Loader>> = {
  ts: "ts",
  tsx: "tsx",
  js: "js",
  vue: "ts",
  svelte: "js",
};

interface VueCompiler {
  parse(source: string): { descriptor: object };
  compileScript(
    descriptor: object,
    options: { id: string; inlineTemplate: true },
  ): { content: string };
}
interface SvelteCompiler {
  compile(source: string, options: { generate: "client" }): { js: { code: string } };
}

/** A component becomes a module by its framework's own compiler. */
function compiled(language: string, code: string): string {
  const need = createRequire(join(root, "package.json"));
  switch (language) {
    case "vue": {
      const { parse, compileScript } = need("vue/compiler-sfc") as VueCompiler;
      return compileScript(parse(code).descriptor, { id: "component", inlineTemplate: true })
        .content;
    }
    case "svelte":
      return (need("svelte/compiler") as SvelteCompiler).compile(code, { generate: "client" }).js
        .code;
    default:
      return code;
  }
}

/**
 * Finds `doc:<document>#<place>`.
 * @param moved what stands for an address of the documents, such as a server of the test
 */
export function blocks(moved: Readonly<Record<string, string>> = {}): Plugin {
  return {
    name: "blocks",
    setup(build) {
      build.onResolve({ filter: /^doc:/ }, ({ path }) => ({
        path: path.slice(4),
        namespace: "doc",
        sideEffects: true,
      }));
      build.onLoad({ filter: /#\d+$/, namespace: "doc" }, ({ path }) => {
        const [document = "", place = ""] = path.split("#");
        const { language, code } = block(document, Number(place));
        const loader = LOADERS[language];
        if (loader === undefined) throw new Error(`${path} is ${language}, which doesn't run.`);
        const here = Object.entries(moved).reduce(
          (text, [from, to]) => text.replaceAll(from, to),
          code,
        );
        return { contents: compiled(language, here), loader, resolveDir: root };
      });
    },
  };
}
