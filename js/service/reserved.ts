// The parameters of a token request that no option may set.

/** The parameters that the client's authentication sets. No grant may change them. */
export const AUTHENTICATES = /^(grant_type|client_(id|secret|assertion(_type)?))$/;
/** Those that the grants set beside them. */
export const GRANTS = /^((subject|actor|requested)_token(_type)?|audience|resource|scope)$/;
