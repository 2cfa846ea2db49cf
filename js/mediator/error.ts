// The errors of `tokenkeep/mediator`.

import { VerifyError } from "../edge/request/error.js";

/** An option that could never be right: code "config_invalid". */
export class MediatorError extends VerifyError {
  override readonly name = "MediatorError";
}

/** The error that names the option, and says what is wrong with it. */
export function invalidOption(option: string, problem: string): MediatorError {
  return new MediatorError("config_invalid", { message: `\`${option}\` ${problem}.` });
}
