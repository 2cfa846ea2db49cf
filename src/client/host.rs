//! What the JavaScript half lends to this one: the transport, the words of errors and events, the session snapshot.
//! Numbers cross here; their words are in `js/client/words.ts`.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The object that `js/client/keep.ts` makes.
    pub type Host;

    /// The application's transport, or `fetch`.
    #[wasm_bindgen(method, catch)]
    pub(super) fn transport(this: &Host, request: &web_sys::Request) -> Result<js_sys::Promise, JsValue>;

    /// Makes a `TokenKeepError`. `status` 0 and a negative `retry_after` (seconds) stand for none.
    #[wasm_bindgen(method)]
    pub(super) fn error(this: &Host, kind: u8, status: u16, retry_after: f64) -> JsValue;

    /// The session changed. Moments are epoch milliseconds; NaN stands for none. `claims` is JSON text.
    #[wasm_bindgen(method)]
    pub(super) fn changed(this: &Host, status: u8, generation: u32, expires_at: f64, refreshing: bool, retry_at: f64, reason: u8, claims: Option<&str>);

    #[wasm_bindgen(method, js_name = signedIn)]
    pub(super) fn signed_in(this: &Host);

    #[wasm_bindgen(method, js_name = signedOut)]
    pub(super) fn signed_out(this: &Host, reason: u8);

    #[wasm_bindgen(method)]
    pub(super) fn refreshed(this: &Host, generation: u32, by_sibling: bool);

    #[wasm_bindgen(method, js_name = refreshFailed)]
    pub(super) fn refresh_failed(this: &Host, error: JsValue, retry_at: f64);

    #[wasm_bindgen(method, js_name = userChanged)]
    pub(super) fn user_changed(this: &Host);

    #[wasm_bindgen(method, js_name = stepUp)]
    pub(super) fn step_up(this: &Host, acr_values: Vec<String>, max_age: f64, url: &str);

    #[wasm_bindgen(method, js_name = rejectedFreshToken)]
    pub(super) fn rejected_fresh_token(this: &Host, url: &str);
}
