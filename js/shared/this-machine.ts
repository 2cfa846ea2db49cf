/**
 * The hosts that are this machine, as `URL` writes them, for a regular expression: on the way there
 * http is enough.
 */
export const THIS_MACHINE = "(localhost|127\\.[\\d.]+|\\[::1\\])";
