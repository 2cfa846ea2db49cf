//! The browser half in a real browser: what crosses between wasm and JavaScript, the timers, and the memory.

#![cfg(all(target_arch = "wasm32", feature = "client"))]
#![expect(non_snake_case, reason = "tests bear the ids of behaviours")]

use js_sys::{Array, Float64Array, Object, Promise, Uint8Array};
use tokenkeep::client::{Body, GivenSettings, Host, Keep};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::Request;

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen(inline_js = r#"
// A host that writes down what it is asked for.
export function recordingHost() {
  const calls = [];
  const names = ["settle", "send", "abort", "lock", "unlock", "tell", "changed", "emit", "stepUp", "entry"];
  const host = { calls };
  for (const name of names) host[name] = (...given) => { calls.push([name, ...given.map((value) => ArrayBuffer.isView(value) ? value.slice() : value)]); };
  return host;
}
export const settings = (coordinate) => ({
  origins: "https://api.example.com http://localhost:8080", tellsLogout: true, coordinate, leeway: 60000, jitter: 0,
  defaultLifetime: 300000, timeout: 10000, backoffBase: 1000, backoffMax: 60000,
});
export const callsOf = (host, name) => host.calls.filter(([known]) => known === name);
export const allCalls = (host) => JSON.stringify(host.calls);
export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
// Made at run time from parts, so that no whole copy of it stands among the program's constants.
export const secret = (length) => Array.from({ length }, () => "abcdefghijklmnopqrstuvwxyz"[Math.floor(Math.random() * 26)]).join("");
// How often any half of `secret` stands in wasm memory.
export function copiesIn(memory, secret) {
  const bytes = new Uint8Array(memory.buffer);
  const needle = Uint8Array.from(secret.slice(0, secret.length >> 1), (letter) => letter.charCodeAt(0));
  let copies = 0;
  outer: for (let at = bytes.indexOf(needle[0]); at >= 0; at = bytes.indexOf(needle[0], at + 1)) {
    for (let offset = 1; offset < needle.length; offset++) if (bytes[at + offset] !== needle[offset]) continue outer;
    copies++;
  }
  return copies;
}
"#)]
extern "C" {
    #[wasm_bindgen(js_name = recordingHost)]
    fn recording_host() -> Object;
    fn settings(coordinate: bool) -> GivenSettings;
    #[wasm_bindgen(js_name = callsOf)]
    fn calls_of(host: &Object, name: &str) -> Array;
    fn sleep(milliseconds: u32) -> Promise;
    fn secret(length: u32) -> JsValue;
    #[wasm_bindgen(js_name = copiesIn)]
    fn copies_in(memory: &JsValue, secret: &JsValue) -> u32;
    #[wasm_bindgen(js_name = allCalls)]
    fn all_calls(host: &Object) -> String;
}

/// A keep with its recording host.
fn keep(coordinate: bool) -> (Keep, Object) {
    let host = recording_host();
    (Keep::new(&settings(coordinate), host.clone().unchecked_into::<Host>()), host)
}

/// A refresh reply of a JSON text.
fn body(json: &str) -> Body {
    let mut body = Body::new();
    for chunk in json.as_bytes().chunks(7) {
        assert!(body.push(&Uint8Array::from(chunk)));
    }
    body
}

fn json() -> Option<String> {
    Some("application/json".to_owned())
}

/// The last call of that name, as an array of its arguments.
fn last(host: &Object, name: &str) -> Array {
    calls_of(host, name).pop().unchecked_into::<Array>().slice(1, u32::MAX)
}

fn numbers(value: JsValue) -> Vec<f64> {
    value.unchecked_into::<Float64Array>().to_vec()
}

#[wasm_bindgen_test]
fn a_start_asks_the_host_and_its_answer_changes_the_session() {
    let (keep, host) = keep(false);
    let waiter = keep.start();
    assert_eq!(last(&host, "send").get(1), JsValue::FALSE);
    let call = last(&host, "send").get(0).as_f64().unwrap() as u32;
    keep.refreshed(
        call,
        200,
        json(),
        None,
        None,
        body(r#"{"access_token":"e30.eyJzdWIiOiJhbGljZSJ9.x","expires_in":900}"#),
    );
    let settled = last(&host, "settle");
    assert_eq!((settled.get(0).as_f64(), settled.get(1).as_f64()), (Some(f64::from(waiter)), Some(0.0)));
    let changed = last(&host, "changed");
    assert_eq!(numbers(changed.get(0))[..2], [2.0, 1.0]);
    assert_eq!(changed.get(1).as_string().as_deref(), Some(r#"{"sub":"alice"}"#));
}

#[wasm_bindgen_test]
fn the_token_goes_into_the_header_and_nowhere_else() {
    let (keep, host) = keep(false);
    let request = Request::new_with_str("https://api.example.com/").unwrap();
    assert_eq!(keep.authorize(&request), 0);
    assert!(keep.adopt("the-token", 900.0));
    assert_eq!(keep.authorize(&request), 1);
    assert_eq!(request.headers().get("authorization").unwrap().as_deref(), Some("Bearer the-token"));
    assert_eq!(keep.token().as_deref(), Some("the-token"));
    assert!(!all_calls(&host).contains("the-token"));
}

#[wasm_bindgen_test]
fn client_F57_what_no_header_may_carry_is_no_token() {
    let (keep, _host) = keep(false);
    for text in ["", "a b", "a\r\nX: y", "tok\u{e9}n"] {
        assert!(!keep.adopt(text, 900.0), "{text:?}");
    }
}

#[wasm_bindgen_test]
fn client_E41_only_listed_origins_are_allowed() {
    let (keep, _host) = keep(false);
    assert!(keep.allows("https://api.example.com/x") && keep.allows("http://localhost:8080/"));
    assert!(!keep.allows("https://example.com/x") && !keep.allows("http://localhost/"));
}

#[wasm_bindgen_test]
async fn client_B8_a_timer_of_the_browser_fires_the_renewal() {
    let (keep, host) = keep(false);
    keep.adopt("t", 1.0);
    assert_eq!(calls_of(&host, "send").length(), 0);
    for _ in 0..60 {
        JsFuture::from(sleep(50)).await.unwrap();
        if calls_of(&host, "send").length() > 0 {
            return;
        }
    }
    panic!("a token of one second was not renewed within three");
}

#[wasm_bindgen_test]
async fn client_J84_after_close_no_timer_fires() {
    let (keep, host) = keep(false);
    keep.adopt("t", 1.0);
    keep.close();
    let calls = calls_of(&host, "send").length();
    JsFuture::from(sleep(1_200)).await.unwrap();
    assert_eq!(calls_of(&host, "send").length(), calls);
}

#[wasm_bindgen_test]
fn client_F50_a_date_is_compared_with_the_servers_own_clock() {
    let (keep, host) = keep(false);
    let waiter = keep.refresh();
    let call = last(&host, "send").get(0).as_f64().unwrap() as u32;
    let wait = Some("Wed, 21 Oct 2015 07:30:00 GMT".to_owned());
    let date = Some("Wed, 21 Oct 2015 07:28:00 GMT".to_owned());
    keep.refreshed(call, 503, json(), wait, date, body("{}"));
    let settled: Vec<_> = last(&host, "settle").iter().map(|number| number.as_f64().unwrap()).collect();
    assert_eq!(settled, [f64::from(waiter), 4.0, 2.0, 503.0, 120.0]);
}

#[wasm_bindgen_test]
fn client_F58_a_body_over_the_cap_is_cut_off() {
    let mut body = Body::new();
    let chunk = Uint8Array::new_with_length(40_000);
    assert!(body.push(&chunk));
    assert!(!body.push(&chunk));
}

#[wasm_bindgen_test]
fn a_chunk_is_wiped_when_it_has_been_read() {
    let chunk = Uint8Array::from(&b"secret"[..]);
    Body::new().push(&chunk);
    assert_eq!(chunk.to_vec(), [0; 6]);
}

#[wasm_bindgen_test]
fn client_G62_what_no_sibling_writes_is_ignored() {
    let (keep, host) = keep(true);
    keep.adopt("t", 900.0);
    let changes = calls_of(&host, "changed").length();
    let epoch = numbers(last(&host, "tell").get(0))[1];
    let logout = [1.0, epoch + 1.0, 4.0, 0.0, 0.0, 0.0, 0.0];
    for (index, odd) in
        [(0, 2.0), (0, f64::NAN), (1, -1.0), (1, 0.5), (1, f64::INFINITY), (1, 1e17), (2, 99.0), (4, 1e300)]
    {
        let mut message = logout;
        message[index] = odd;
        keep.hear(&message);
    }
    keep.hear(&[]);
    keep.hear(&logout[..6]);
    keep.hear(&[&logout[..], &[0.0]].concat());
    assert_eq!(calls_of(&host, "changed").length(), changes);
    keep.hear(&logout);
    assert_eq!(calls_of(&host, "changed").length(), changes + 1, "the real one is heard");
}

#[wasm_bindgen_test]
fn messages_to_siblings_are_numbers() {
    let (keep, host) = keep(true);
    keep.adopt("e30.eyJzdWIiOiJhbGljZSJ9.x", 900.0);
    let message = numbers(last(&host, "tell").get(0));
    assert_eq!((message.len(), message[0], &message[2..4]), (7, 1.0, &[3.0, 4.0][..]));
    assert!(message[1] <= js_sys::Date::now(), "the first epoch is the wall clock's");
    assert!(message[4] > 0.0 || message[5] > 0.0, "a hash of the user");
}

#[wasm_bindgen_test]
fn a_sign_in_reply_comes_back_without_its_token() {
    let (keep, host) = keep(false);
    let turn = keep.sign_in();
    assert_eq!(last(&host, "settle").get(0).as_f64(), Some(f64::from(turn)));
    let rest = keep.signed_in(turn, Some(body(r#"{"user":"alice","access_token":"t","expires_in":900}"#)));
    assert_eq!(rest.as_deref(), Some(&br#"{"user":"alice","expires_in":900}"#[..]));
    assert_eq!(keep.token().as_deref(), Some("t"));
    let turn = keep.sign_in();
    assert_eq!(keep.signed_in(turn, Some(body(r#"{"user":"alice"}"#))), None);
    let turn = keep.sign_in();
    assert_eq!(
        keep.signed_in(turn, Some(body(r#"{"access_token":""}"#))),
        Some(Vec::new()),
        "there is one and it is none"
    );
}

#[wasm_bindgen_test]
fn client_D31_a_step_up_challenge_is_told_and_needs_no_refresh() {
    let (keep, host) = keep(false);
    let challenge = r#"Bearer error="insufficient_user_authentication", acr_values="a b", max_age=5"#;
    assert!(!keep.renewable(Some(challenge.to_owned()), "https://api.example.com/x"));
    let told = last(&host, "stepUp");
    assert_eq!(told.get(0).unchecked_into::<Array>().join(","), "a,b");
    assert_eq!(
        (told.get(1).as_f64(), told.get(2).as_string().as_deref()),
        (Some(5.0), Some("https://api.example.com/x"))
    );
    assert!(keep.renewable(None, "https://api.example.com/x"));
    assert!(!keep.renewable(Some("Bearer error=insufficient_scope".to_owned()), "https://api.example.com/x"));
}

#[wasm_bindgen_test]
fn client_H72_after_logout_no_copy_of_the_token_is_left_in_memory() {
    let memory = wasm_bindgen::memory();
    let secret = secret(400);
    let (keep, host) = keep(false);
    keep.start();
    let call = last(&host, "send").get(0).as_f64().unwrap() as u32;
    // The reply is written by JavaScript: no constant and no text of Rust's ever held the token.
    let reply = js_sys::JsString::from(r#"{"expires_in":900,"access_token":""#).concat(&secret).concat(&"\"}".into());
    let codes: Array = (0..reply.length()).map(|at| JsValue::from(reply.char_code_at(at))).collect();
    let encoded = Uint8Array::new(&codes);
    let mut body = Body::new();
    for start in (0..encoded.length()).step_by(100) {
        assert!(body.push(&encoded.slice(start, encoded.length().min(start + 100))));
    }
    keep.refreshed(call, 200, json(), None, None, body);
    assert_eq!(copies_in(&memory, &secret), 1, "the one that is kept");
    assert_eq!(keep.authorize(&Request::new_with_str("https://api.example.com/").unwrap()), 1);
    keep.request();
    assert_eq!(copies_in(&memory, &secret), 1, "sending it made no other");
    keep.logout();
    assert_eq!(copies_in(&memory, &secret), 0);
    assert!(keep.token().is_none());
}

#[wasm_bindgen_test]
fn explain_tells_the_transitions_in_order() {
    let (keep, host) = keep(false);
    keep.adopt("t", 900.0);
    keep.logout();
    keep.explain();
    let events: Vec<_> = calls_of(&host, "entry")
        .iter()
        .map(|entry| entry.unchecked_into::<Array>().get(1).as_string().unwrap())
        .collect();
    assert_eq!(events, ["adopted", "logout", "logout-sent"]);
}
