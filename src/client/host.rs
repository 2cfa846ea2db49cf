//! What the JavaScript half does for this one: the transport, the lock, the siblings, the words. Only numbers cross, and
//! the texts that are public anyway; `js/client/host.ts` is the other side.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The object that `js/client/host.ts` makes.
    pub type Host;

    /// Answers a waiter: `outcome` by the numbers of [`super::driver::outcome`], and a failure where there is one.
    #[wasm_bindgen(method)]
    pub(super) fn settle(this: &Host, waiter: u32, outcome: u8, kind: u8, status: u16, retry_after: f64);

    /// POSTs to the refresh (or logout) endpoint and brings the answer back by `refreshed`, `unreachable` or `loggedOut`.
    #[wasm_bindgen(method)]
    pub(super) fn send(this: &Host, call: u32, logout: bool);

    #[wasm_bindgen(method)]
    pub(super) fn abort(this: &Host, call: u32);

    /// Asks for the origin-wide lock; the answer comes back by `locked`.
    #[wasm_bindgen(method)]
    pub(super) fn lock(this: &Host, ticket: u32);

    /// Gives the lock back, or stops asking for it.
    #[wasm_bindgen(method)]
    pub(super) fn unlock(this: &Host, ticket: u32);

    /// Tells the siblings.
    #[wasm_bindgen(method)]
    pub(super) fn tell(this: &Host, message: &[f64]);

    /// The session changed: status, generation, moment of expiry, whether a refresh is on, moment of the retry, reason.
    /// Moments are epoch milliseconds, NaN for none. `claims` is JSON text.
    #[wasm_bindgen(method)]
    pub(super) fn changed(this: &Host, numbers: &[f64], claims: Option<&str>);

    /// An event by the numbers of [`super::driver::Driver::emit`].
    #[wasm_bindgen(method)]
    pub(super) fn emit(this: &Host, event: u8, numbers: &[f64]);

    /// A 401 asked for a stronger login. `max_age` in seconds, NaN for none.
    #[wasm_bindgen(method, js_name = stepUp)]
    pub(super) fn step_up(this: &Host, acr_values: JsValue, max_age: f64, url: &str);

    /// One transition: moment, status before and after, generation.
    #[wasm_bindgen(method)]
    pub(super) fn entry(this: &Host, event: &str, numbers: &[f64], note: Option<&str>);
}
