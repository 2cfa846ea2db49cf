//! The settings of an engine, read from the object that `js/client/options.ts` makes of the
//! options.

use wasm_bindgen::prelude::*;

use crate::engine::{Backoff, Config, Lead, TokenTypes};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** The checked options of `createTokenKeep`. Times in milliseconds. */
export interface EngineSettings {
  readonly leeway: number;
  readonly jitter: number;
  readonly defaultLifetime: number;
  readonly timeout: number;
  readonly backoffBase: number;
  readonly backoffMax: number;
  readonly coordinate: boolean;
  /** Whether there is an endpoint to tell of a logout. */
  readonly tellsLogout: boolean;
  /** Whether the access token goes along with that call. */
  readonly authorizesLogout: boolean;
  /** Whether tokens of the type Bearer are taken, and those of the type DPoP. */
  readonly takesBearer: boolean;
  readonly takesDpop: boolean;
}
"#;

#[wasm_bindgen]
extern "C" {
    /// The checked options of `createTokenKeep`.
    #[wasm_bindgen(typescript_type = "EngineSettings")]
    pub type EngineSettings;

    #[wasm_bindgen(method, getter, structural)]
    fn leeway(this: &EngineSettings) -> f64;
    #[wasm_bindgen(method, getter, structural)]
    fn jitter(this: &EngineSettings) -> f64;
    #[wasm_bindgen(method, getter, structural, js_name = defaultLifetime)]
    fn default_lifetime(this: &EngineSettings) -> f64;
    #[wasm_bindgen(method, getter, structural)]
    fn timeout(this: &EngineSettings) -> f64;
    #[wasm_bindgen(method, getter, structural, js_name = backoffBase)]
    fn backoff_base(this: &EngineSettings) -> f64;
    #[wasm_bindgen(method, getter, structural, js_name = backoffMax)]
    fn backoff_max(this: &EngineSettings) -> f64;
    #[wasm_bindgen(method, getter, structural)]
    fn coordinate(this: &EngineSettings) -> bool;
    #[wasm_bindgen(method, getter, structural, js_name = tellsLogout)]
    fn tells_logout(this: &EngineSettings) -> bool;
    #[wasm_bindgen(method, getter, structural, js_name = authorizesLogout)]
    fn authorizes_logout(this: &EngineSettings) -> bool;
    #[wasm_bindgen(method, getter, structural, js_name = takesBearer)]
    fn takes_bearer(this: &EngineSettings) -> bool;
    #[wasm_bindgen(method, getter, structural, js_name = takesDpop)]
    fn takes_dpop(this: &EngineSettings) -> bool;
}

impl EngineSettings {
    /// The types of tokens that are taken.
    pub(super) fn types(&self) -> TokenTypes {
        TokenTypes { bearer: self.takes_bearer(), dpop: self.takes_dpop() }
    }
}

impl From<&EngineSettings> for Config {
    fn from(settings: &EngineSettings) -> Self {
        Self {
            lead: Lead { leeway: settings.leeway() as u64, jitter: settings.jitter() as u64 },
            default_lifetime: settings.default_lifetime() as u64,
            timeout: settings.timeout() as u64,
            backoff: Backoff {
                base: settings.backoff_base() as u64,
                max: settings.backoff_max() as u64,
            },
            coordinate: settings.coordinate(),
            logout_endpoint: settings.tells_logout(),
            logout_authorization: settings.authorizes_logout(),
        }
    }
}
