// A TypeScript compiler, set loose on a project as a user's would be.

import { execFile } from "node:child_process";
import { type Project, root } from "../package/project.ts";

export interface Compiler {
  readonly tsc: string;
  readonly options?: Readonly<Record<string, unknown>>;
}

export const newest: Compiler = { tsc: `${root}/node_modules/.bin/tsc` };

/** What a compiler has to say of the programs of a project. */
export function complaints(
  { folder, write }: Project,
  { tsc, options = {} }: Compiler,
  files: readonly string[],
): Promise<string> {
  const compilerOptions = {
    target: "es2022",
    lib: ["es2022", "dom", "dom.iterable"],
    types: [],
    strict: true,
    skipLibCheck: false,
    noEmit: true,
    module: "esnext",
    moduleResolution: "bundler",
    ...options,
  };
  write("tsconfig.json", JSON.stringify({ compilerOptions, files }));
  return new Promise((resolve) =>
    execFile(tsc, ["-p", folder, "--pretty", "false"], { cwd: folder }, (_error, stdout, stderr) =>
      resolve(stdout + stderr),
    ),
  );
}
