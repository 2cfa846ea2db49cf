//! The options as the JavaScript half has checked and completed them; times in milliseconds.

use serde::Deserialize;

use crate::engine::{Backoff, Config, Lead};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Settings {
    pub(super) refresh: Endpoint,
    pub(super) logout: Option<Endpoint>,
    pub(super) origins: Vec<String>,
    /// Names the lock and the channel; tells apart several keeps on one origin.
    pub(super) name: String,
    coordinate: bool,
    leeway: f64,
    jitter: f64,
    default_lifetime: f64,
    timeout: f64,
    backoff_base: f64,
    backoff_max: f64,
}

#[derive(Deserialize)]
pub(super) struct Endpoint {
    pub(super) url: String,
    pub(super) method: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<String>,
}

impl Settings {
    pub(super) fn config(&self) -> Config {
        Config {
            lead: Lead { leeway: self.leeway as u64, jitter: self.jitter as u64 },
            default_lifetime: self.default_lifetime as u64,
            timeout: self.timeout as u64,
            backoff: Backoff { base: self.backoff_base as u64, max: self.backoff_max as u64 },
            coordinate: self.coordinate,
            logout_endpoint: self.logout.is_some(),
        }
    }
}
