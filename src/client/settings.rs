//! The options as `js/client/options.ts` has checked and completed them; times in milliseconds.

use wasm_bindgen::prelude::*;

use crate::engine::{Backoff, Config, Lead, Origins};

#[wasm_bindgen]
extern "C" {
    /// `Settings` of `js/client/options.ts`, read member by member: reading it as a whole would bring float formatting along.
    #[wasm_bindgen(typescript_type = "Settings")]
    pub type GivenSettings;

    /// Separated by spaces, which no origin holds.
    #[wasm_bindgen(method, getter)]
    fn origins(this: &GivenSettings) -> String;
    /// Whether there is an endpoint to tell of a logout.
    #[wasm_bindgen(method, getter, js_name = tellsLogout)]
    fn tells_logout(this: &GivenSettings) -> bool;
    #[wasm_bindgen(method, getter)]
    fn coordinate(this: &GivenSettings) -> bool;
    #[wasm_bindgen(method, getter)]
    fn leeway(this: &GivenSettings) -> f64;
    #[wasm_bindgen(method, getter)]
    fn jitter(this: &GivenSettings) -> f64;
    #[wasm_bindgen(method, getter, js_name = defaultLifetime)]
    fn default_lifetime(this: &GivenSettings) -> f64;
    #[wasm_bindgen(method, getter)]
    fn timeout(this: &GivenSettings) -> f64;
    #[wasm_bindgen(method, getter, js_name = backoffBase)]
    fn backoff_base(this: &GivenSettings) -> f64;
    #[wasm_bindgen(method, getter, js_name = backoffMax)]
    fn backoff_max(this: &GivenSettings) -> f64;
}

impl GivenSettings {
    pub(super) fn origins_allowed(&self) -> Origins {
        Origins::new(self.origins().split(' ').map(str::to_owned))
    }

    pub(super) fn config(&self) -> Config {
        Config {
            lead: Lead { leeway: self.leeway() as u64, jitter: self.jitter() as u64 },
            default_lifetime: self.default_lifetime() as u64,
            timeout: self.timeout() as u64,
            backoff: Backoff { base: self.backoff_base() as u64, max: self.backoff_max() as u64 },
            coordinate: self.coordinate(),
            logout_endpoint: self.tells_logout(),
        }
    }
}
