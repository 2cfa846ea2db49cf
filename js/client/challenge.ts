// Reads `WWW-Authenticate` (RFC 9110 section 11.6.1) for what the client has to do about a refused
// token (RFC 6750 section 3, RFC 9470 section 3).

/** The API asks for another login: a stronger or a more recent one. A refresh can't give that. */
export interface StepUp {
  /** Acceptable authentication context classes, the preferred one first. */
  readonly acrValues: readonly string[];
  /** The most seconds since the login; null when the API names none. */
  readonly maxAge: number | null;
}

/**
 * One part of a field: a scheme, or a name with its value, quoted or not.
 *
 * The grammar is a list of `challenge = auth-scheme [ 1*SP ( token68 / #auth-param ) ]`, and commas
 * separate both challenges and parameters. A token with `=` behind it is a parameter of the
 * challenge before it; any other token begins a challenge. The token68 of a scheme such as
 * `Negotiate` is skipped, and its padding too where that reads as `name=`.
 */
const PART =
  /[ \t,]*([\w!#-'*+.^`|~-]+)(?![\w!#-'*+.^`|~-])[ \t]*(?:(=)[ \t]*(?:(?=[=,]|$)=*|"([^"\\]*(?:\\.[^"\\]*)*)"|([\w!#-'*+.^`|~-]+))|(?![ \t=])(?:[\w.~+/-]+=*[ \t]*(?=,|$))?)/gsy;

/**
 * What a `WWW-Authenticate` field asks for; several fields are joined by commas. `undefined`: a
 * fresh token may help. `null`: no login helps, since the API asks for more scope.
 *
 * A missing field is empty (a cross-origin API has to expose it). A malformed field counts up to
 * its first fault.
 */
export function remedyOf(field: string): StepUp | null | undefined {
  for (const parameters of challengesOf(field)) {
    const error = parameters.get("error");
    if (error === "insufficient_scope") return null;
    if (error !== "insufficient_user_authentication") continue;
    const age = parameters.get("max_age") ?? "";
    return {
      acrValues: Object.freeze(parameters.get("acr_values")?.match(/\S+/g) ?? []),
      maxAge: /^\d+$/.test(age) ? Number(age) : null,
    };
  }
  return undefined;
}

/**
 * The challenges of schemes that carry access tokens, by their parameters. Of several parameters
 * with one name the first counts.
 */
export function challengesOf(field: string): readonly Map<string, string>[] {
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
  return challenges;
}
