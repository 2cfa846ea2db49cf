// The parameters of a token request that no option may set.

/** Those that the client's authentication sets. No grant may change them. */
export const AUTHENTICATES = /^(grant_type|client_(id|secret|assertion(_type)?))$/;

/** Those, and what the grants set beside them. */
export const RESERVED =
  /^(grant_type|client_(id|secret|assertion(_type)?)|(subject|actor|requested)_token(_type)?|audience|resource|scope)$/;
