export type SignInErrorCode = 
"cancelled"
 | "expired"
 | "interaction_required"
 | "step_up_failed"
 | "not_admitted"
 | "no_refresh_token"
 | "session_too_large"
 | "provider_unavailable"
 | "provider_error"
 | "misconfigured";
