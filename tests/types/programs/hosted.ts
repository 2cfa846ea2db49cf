// `tokenkeep/hosted` and `tokenkeep/worker`, with each of the hosts. Nothing here runs: the type
// check is the test.

import {
  createTokenKeep,
  type Session,
  TokenKeepError,
  type TokenKeepOptions,
} from "tokenkeep/hosted";
import { seal } from "tokenkeep/worker";

const options: TokenKeepOptions = {
  refresh: "/session/refresh",
  signInOrigins: ["https://login.example.com"],
};

export function each(): Promise<Session>[] {
  const hosts: NonNullable<TokenKeepOptions["host"]>[] = [
    new Worker("/token.js", { type: "module" }),
    new SharedWorker("/token.js", { type: "module" }),
    () => new Worker("/token.js", { type: "module" }),
    () => new SharedWorker("/token.js", { type: "module" }),
  ];
  return hosts.map((host) => createTokenKeep({ ...options, host }).start());
}

export function inWorker(): string | undefined {
  try {
    seal(options);
    return undefined;
  } catch (error) {
    return error instanceof TokenKeepError ? error.code : undefined;
  }
}
