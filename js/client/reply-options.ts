// Checks the option that says where replies hold what.

import type { ReplyMember } from "../../build/client/client.js";
import { invalid, membersOf, named } from "./checks.js";
import type { ReplyShape } from "./types.js";

export interface ReplySettings {
  /** The steps of each path that is named. */
  readonly paths: readonly (readonly [ReplyMember, readonly string[]])[];
  /** The header that brings the token. */
  readonly header: string | undefined;
}

const PATHS: readonly string[] = [
  "accessToken",
  "expiresIn",
  "expiresAt",
  "tokenType",
] satisfies ReplyMember[];

export function readReply(given: ReplyShape = {}): ReplySettings {
  const { header, ...paths } = membersOf("reply", given);
  return {
    header: header === undefined ? header : named("reply.header", header),
    paths: Object.entries(paths as Record<string, unknown>).map(([name, path]) => {
      const steps: readonly unknown[] = Array.isArray(path) ? [...path] : [path];
      const isName = (step: unknown): step is string => typeof step === "string" && !!step;
      if (!PATHS.includes(name)) throw invalid(`reply.${name}`, "is no option");
      if (!steps[0] || !steps.every(isName)) throw invalid(`reply.${name}`, "must be a path");
      return [name as ReplyMember, steps];
    }),
  };
}
