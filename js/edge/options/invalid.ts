// The error for an option that could never be right, and for one that can't even be read.

import { VerifyError } from "../request/error.js";

/** The error that names the option, and says what is wrong with it. */
export function invalidOption(option: string, problem: string): VerifyError {
  return new VerifyError("config_invalid", { message: `\`${option}\` ${problem}.` });
}

/**
 * What `read` makes of an option. Where the option itself throws, as a getter or a proxy may, it is
 * config_invalid too.
 */
export function reading<T>(option: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof VerifyError) throw cause;
    throw new VerifyError("config_invalid", { message: `\`${option}\` can't be read.`, cause });
  }
}
