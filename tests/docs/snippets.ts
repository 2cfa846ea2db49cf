// The code blocks of the documentation as modules, for tsc: each by itself, so that what a reader
// copies is complete. What a block takes for granted is declared in a comment right above it, which
// no reader of the rendered page sees:
//
//   <!-- prelude
//   declare function showSignIn(reason: string | null): void;
//   -->
//
// A block whose first line is a comment with a file's name (`// keep.ts`) is that file: the other
// blocks of its document can import it.

import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

export interface Snippet {
  /** The line of the block's first line of code in its document, from 1. */
  readonly line: number;
  /** Of the module that is checked. */
  readonly extension: "ts" | "tsx" | "mjs";
  readonly prelude: readonly string[];
  readonly code: readonly string[];
}

const EXTENSIONS: Readonly<Record<string, Snippet["extension"]>> = {
  ts: "ts",
  mts: "ts",
  typescript: "ts",
  tsx: "tsx",
  js: "mjs",
  mjs: "mjs",
  javascript: "mjs",
  jsx: "tsx",
  vue: "ts",
  svelte: "ts",
};

/** A fenced block of a document, as it stands there. */
export interface Fence {
  /** The line of its first line of code, from 1. */
  readonly line: number;
  readonly language: string;
  readonly prelude: readonly string[];
  readonly code: readonly string[];
}

/** All fenced blocks of a document, in order. */
export function fencesOf(markdown: string): Fence[] {
  const lines = markdown.split(/\r?\n/);
  const fences: Fence[] = [];
  let prelude: string[] = [];
  for (let place = 0; place < lines.length; place += 1) {
    const line = lines[place] ?? "";
    if (/^\s*<!-- prelude$/.test(line)) {
      const end = endOf(lines, place, (later) => later.trim() === "-->");
      prelude = lines.slice(place + 1, end);
      place = end;
      continue;
    }
    const [, indent = "", fence = "", language = ""] =
      /^(\s*)(`{3,}|~{3,})\s*([\w-]*)/.exec(line) ?? [];
    if (fence === "") {
      if (line.trim() !== "" && prelude.length > 0)
        throw new Error(`The prelude before line ${place + 1} has no code block right below it.`);
      continue;
    }
    const end = endOf(
      lines,
      place,
      (later) =>
        later.trimStart().startsWith(fence) && later.trim().replaceAll(fence.charAt(0), "") === "",
    );
    const code = lines
      .slice(place + 1, end)
      .map((text) => (text.startsWith(indent) ? text.slice(indent.length) : text));
    fences.push({ line: place + 2, language: language.toLowerCase(), prelude, code });
    prelude = [];
    place = end;
  }
  return fences;
}

/**
 * The blocks of a document whose language is TypeScript or JavaScript, or that have a script of it
 * (Vue, Svelte).
 */
export function snippetsOf(markdown: string): Snippet[] {
  return fencesOf(markdown).flatMap(({ line, language, prelude, code }) => {
    const extension = EXTENSIONS[language];
    if (extension === undefined) return [];
    const inside = language === "vue" || language === "svelte" ? scriptOf(code) : { skip: 0, code };
    return [{ line: line + inside.skip, extension, prelude, code: inside.code }];
  });
}

function endOf(lines: readonly string[], from: number, isEnd: (line: string) => boolean): number {
  const end = lines.findIndex((line, place) => place > from && isEnd(line));
  if (end === -1) throw new Error(`What begins in line ${from + 1} has no end.`);
  return end;
}

function scriptOf(code: readonly string[]): { skip: number; code: string[] } {
  const from = code.findIndex((line) => /^<script\b.*\blang="ts"/.test(line));
  if (from === -1)
    throw new Error('A component\'s block has no <script lang="ts">, so nobody can check it.');
  return {
    skip: from + 1,
    code: code.slice(
      from + 1,
      endOf(code, from, (line) => line === "</script>"),
    ),
  };
}

/**
 * The documents of the project that its repository knows or could know: what is generated is left
 * out.
 */
export function documents(): string[] {
  const listed = execFileSync(
    "git",
    ["ls-files", "--cached", "--others", "--exclude-standard", "--", "*.md"],
    {
      cwd: root,
      encoding: "utf8",
    },
  );
  return [...new Set(listed.split("\n"))]
    .filter((path) => path !== "" && existsSync(join(root, path)))
    .sort();
}

/** How applications are set up: a bundler's resolution, the page's globals with Node's. */
const tsconfig = {
  compilerOptions: {
    target: "es2022",
    module: "esnext",
    moduleResolution: "bundler",
    moduleDetection: "force",
    jsx: "react-jsx",
    lib: ["es2023", "dom", "dom.iterable", "dom.asynciterable"],
    types: ["node"],
    strict: true,
    allowJs: true,
    checkJs: true,
    skipLibCheck: true,
    noEmit: true,
  },
  include: ["**/*"],
};

/** The name of the file that a block is, where its first line says one. */
export function nameOf(code: readonly string[]): string | null {
  return /^\/\/ ([\w./-]+\.(?:tsx?|mjs))$/.exec(code[0] ?? "")?.[1] ?? null;
}

/**
 * Checks documents against the built package; gives what is wrong by document, each complaint with
 * the line in it. `name` keeps runs apart; their modules stay in build/snippets/ for looking at.
 */
export async function check(
  name: string,
  given: Readonly<Record<string, string>>,
): Promise<Map<string, string[]>> {
  const folder = join(root, "build", "snippets", name);
  rmSync(folder, { recursive: true, force: true });
  const found = new Map(Object.keys(given).map((path) => [path, [] as string[]]));
  const modules = new Map<string, { path: string; snippet: Snippet }>();
  for (const [path, markdown] of Object.entries(given)) {
    for (const snippet of snippetsOf(markdown)) {
      const name = nameOf(snippet.code) ?? `${snippet.line}.${snippet.extension}`;
      const file = `${path}/${name}`;
      modules.set(file, { path, snippet });
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), [...snippet.prelude, ...snippet.code, ""].join("\n"));
    }
  }
  if (modules.size === 0) return found;
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));

  const output = await tsc(folder);
  for (const line of output.split("\n")) {
    const [, file = "", row = "0", problem = ""] =
      /^(.+?)\((\d+),\d+\): error (.*)$/.exec(line) ?? [];
    const module = modules.get(file.replaceAll("\\", "/"));
    if (module !== undefined) {
      const { path, snippet } = module;
      const place = Number(row) - snippet.prelude.length;
      found
        .get(path)
        ?.push(
          place > 0
            ? `${path}:${snippet.line + place - 1}: ${problem}`
            : `${path}:${snippet.line}, prelude: ${problem}`,
        );
    } else if (/error TS/.test(line)) {
      throw new Error(line);
    }
  }
  return found;
}

function tsc(folder: string): Promise<string> {
  const program = join(root, "node_modules", "typescript", "bin", "tsc");
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [program, "-p", folder, "--pretty", "false"],
      { cwd: folder, maxBuffer: 1 << 24 },
      (error, stdout, stderr) => {
        // 1 and 2: it has complaints. Without any, something else went wrong.
        if (error !== null && !/error TS/.test(stdout))
          reject(new Error(`tsc: ${error.message}\n${stdout}${stderr}`));
        else resolve(stdout);
      },
    );
  });
}
