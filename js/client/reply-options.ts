// Checks the option that says where replies hold what.

import { invalid, membersOf, named } from "./checks.js";
import type { ReplyShape } from "./types.js";

export interface ReplySettings {
  /** The option, and the steps of its path with NUL between them. */
  readonly paths: readonly (readonly [string, string])[];
  /** The header that brings the token. */
  readonly header: string | undefined;
}

const PATHS: readonly string[] = ["accessToken", "expiresIn", "expiresAt", "tokenType"];

export function readReply(given: ReplyShape = {}): ReplySettings {
  const { header, ...paths } = membersOf("reply", given);
  return {
    header: header === undefined ? header : named("reply.header", header),
    paths: Object.entries(paths as Record<string, unknown>).map(([name, path]) => {
      const steps: readonly unknown[] = Array.isArray(path) ? [...path] : [path];
      const isName = (step: unknown) => step && typeof step === "string";
      if (!PATHS.includes(name) || !steps[0] || !steps.every(isName))
        throw invalid(`reply.${name}`, "must be a path");
      return [name, steps.join("\0")];
    }),
  };
}
