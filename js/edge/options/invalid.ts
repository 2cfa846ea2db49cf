// The error for an option that could never be right.

import { VerifyError } from "../request/error.js";

/** The error that names the option, and says what is wrong with it. */
export function invalidOption(option: string, problem: string): VerifyError {
  return new VerifyError("config_invalid", { message: `\`${option}\` ${problem}.` });
}
