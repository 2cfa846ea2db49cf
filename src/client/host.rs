//! What the JavaScript half does for this one: the transport, the lock, the siblings, the words.
//! Only numbers cross; `js/client/host.ts` is the other side.

use js_sys::JsString;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The object that `js/client/host.ts` makes.
    pub type Host;

    /// Carries out what [`super::wire`] tells; which of the numbers count depends on `what`.
    #[wasm_bindgen(method)]
    pub(super) fn perform(this: &Host, what: u8, a: u32, b: u32, c: u32, d: u32, x: f64, y: f64);

    /// The platform's `Headers`, which `web-sys` gives no text that is JavaScript's already.
    #[wasm_bindgen(js_name = Headers)]
    pub(super) type Headers;

    #[wasm_bindgen(method, catch)]
    pub(super) fn set(this: &Headers, name: &str, value: &JsString) -> Result<(), JsValue>;
}
