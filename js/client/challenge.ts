// `WWW-Authenticate` (RFC 9110 section 11.6.1), read for what a refused token asks of the client
// (RFC 6750 section 3, RFC 9470 section 3).

/** Another login is asked for: stronger, or more recent. No refresh can give that. */
export interface StepUp {
  /** Acceptable authentication context classes, most wanted first. */
  readonly acrValues: readonly string[];
  /** Most seconds since the login; null for none told. */
  readonly maxAge: number | null;
}

/**
 * One part of a field: a scheme, or a name with its value, quoted or not.
 * `challenge = auth-scheme [ 1*SP ( token68 / #auth-param ) ]`, a list of them with the commas of
 * both lists mixed: a token followed by `=` is a parameter of the challenge before it, any other
 * token begins a challenge. The token68 of a scheme such as `Negotiate` is passed over, and so is
 * its padding where that reads as `name=`.
 */
const PART =
  /[ \t,]*([\w!#-'*+.^`|~-]+)(?![\w!#-'*+.^`|~-])[ \t]*(?:(=)[ \t]*(?:(?=[=,]|$)=*|"([^"\\]*(?:\\.[^"\\]*)*)"|([\w!#-'*+.^`|~-]+))|(?![ \t=])(?:[\w.~+/-]+=*[ \t]*(?=,|$))?)/gsy;

/**
 * What the value of a
 * `WWW-Authenticate` field asks for, several fields being joined by commas. `undefined`: a fresh
 * token may help; `null`: no login can, for more scope is asked for. A field that is missing (a
 * cross-origin API must expose it) is empty, and one that makes no sense counts up to where it
 * does.
 */
export function remedyOf(field: string): StepUp | null | undefined {
  // Those of schemes that carry bearer tokens, each by its parameters; of several with one name the
  // first counts.
  const challenges: Map<string, string>[] = [];
  let challenge = new Map<string, string>();
  for (const [
    ,
    word = "",
    equals,
    quoted,
    value = quoted?.replace(/\\(.)/gs, "$1"),
  ] of field.matchAll(PART)) {
    const name = word.toLowerCase();
    if (equals === undefined) {
      challenge = new Map();
      if (name === "bearer" || name === "dpop") challenges.push(challenge);
    } else if (value !== undefined && !challenge.has(name)) {
      challenge.set(name, value);
    }
  }
  for (const parameters of challenges) {
    const error = parameters.get("error");
    if (error === "insufficient_scope") return null;
    if (error !== "insufficient_user_authentication") continue;
    const age = parameters.get("max_age") ?? "";
    return {
      acrValues: parameters.get("acr_values")?.match(/\S+/g) ?? [],
      maxAge: /^\d+$/.test(age) ? Number(age) : null,
    };
  }
  return undefined;
}
