//! The browser half in a real browser: what crosses between wasm and JavaScript, the timers, and
//! the memory.

#![cfg(all(target_arch = "wasm32", feature = "client"))]
#![expect(non_snake_case, reason = "tests bear the ids of behaviours")]

use std::rc::Rc;

use js_sys::{Array, Float64Array, Object, Promise, Reflect, Uint8Array};
use tokenkeep::client::{Host, Input, Keep};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::Request;

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen(inline_js = r#"
// A host that writes down what it is asked for. `meanwhile` runs when it is told of a change.
export function recordingHost() {
  const calls = [];
  const own = { calls, meanwhile: () => {} };
  return new Proxy(own, {
    get: (_, name) =>
      own[name] ??
      ((...given) => {
        calls.push([name, ...given]);
        if (name === "changed") own.meanwhile();
      }),
  });
}
export const callsOf = (host, name) => host.calls.filter(([known]) => known === name);
export const allCalls = (host) => JSON.stringify(host.calls);
export const last = (host, name) => JSON.stringify(callsOf(host, name).at(-1).slice(1));
// What the last call told the siblings, with another epoch and kind.
export const message = (host, epochs, kind) => {
  const [[, ...message]] = callsOf(host, "broadcast").slice(-1);
  return Float64Array.from(message, (number, place) =>
    place === 1 ? number + epochs : place === 2 && kind !== -1 ? kind : number);
};
export const events = (host) => callsOf(host, "transition").map(([, , event]) => event).join();
export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
// Made at run time from parts, so that no whole copy of it stands among the program's constants.
export const secret = (length) => {
  const letter = () => "abcdefghijklmnopqrstuvwxyz"[Math.floor(Math.random() * 26)];
  return Array.from({ length }, letter).join("");
};
// How often any half of `secret` stands in wasm memory.
export function copiesIn(memory, secret) {
  const bytes = new Uint8Array(memory.buffer);
  const half = secret.slice(0, secret.length >> 1);
  const needle = Uint8Array.from(half, (letter) => letter.charCodeAt(0));
  let copies = 0;
  outer: for (let at = bytes.indexOf(needle[0]); at >= 0; at = bytes.indexOf(needle[0], at + 1)) {
    for (let offset = 1; offset < needle.length; offset++)
      if (bytes[at + offset] !== needle[offset]) continue outer;
    copies++;
  }
  return copies;
}
"#)]
extern "C" {
    #[wasm_bindgen(js_name = recordingHost)]
    fn recording_host() -> Object;
    #[wasm_bindgen(js_name = callsOf)]
    fn calls_of(host: &Object, name: &str) -> Array;
    /// What the last such call was given, as JSON.
    fn last(host: &Object, name: &str) -> String;
    fn message(host: &Object, epochs: f64, kind: f64) -> Float64Array;
    /// The events of the transitions that were told.
    fn events(host: &Object) -> String;
    fn sleep(milliseconds: u32) -> Promise;
    fn secret(length: u32) -> JsValue;
    #[wasm_bindgen(js_name = copiesIn)]
    fn copies_in(memory: &JsValue, secret: &JsValue) -> u32;
    #[wasm_bindgen(js_name = allCalls)]
    fn all_calls(host: &Object) -> String;
}

/// A keep with its recording host. `guards`: the token goes along with the logout.
fn keep_that(coordinate: bool, guards: bool) -> (Keep, Object) {
    let host = recording_host();
    let (leeway, jitter, default_lifetime, timeout) = (60e3, 0.0, 300e3, 10e3);
    let (backoff_base, backoff_max) = (1e3, 60e3);
    let (tells_logout, takes_bearer, takes_dpop) = (true, true, false);
    let mut keep = Keep::new(
        host.clone().unchecked_into::<Host>(),
        leeway,
        jitter,
        default_lifetime,
        timeout,
        backoff_base,
        backoff_max,
        coordinate,
        tells_logout,
        guards,
        takes_bearer,
        takes_dpop,
    );
    keep.list(b"https://api.example.com".into());
    keep.list(b"http://localhost:8080".into());
    (keep, host)
}

fn keep(coordinate: bool) -> (Keep, Object) {
    keep_that(coordinate, false)
}

/// The token that a request would carry now.
fn token(keep: &Keep) -> Option<String> {
    let request = Request::new_with_str("https://api.example.com/").unwrap();
    let _ = keep.authorize(&request, false);
    let header = request.headers().get("authorization").unwrap()?;
    header.strip_prefix("Bearer ").map(str::to_owned)
}

fn body(json: &str) -> Option<Vec<u8>> {
    Some(json.as_bytes().to_vec())
}

fn hear(keep: &Keep, message: &Float64Array) {
    let [version, epoch, kind, flags, high, low, time] = message.to_vec()[..] else {
        panic!("a message is seven numbers");
    };
    keep.hear(version, epoch, kind, flags, high, low, time);
}

fn bytes(array: Option<Uint8Array>) -> Option<Vec<u8>> {
    array.map(|array| array.to_vec())
}

const JSON: &[u8] = b"application/json";

fn last_call(host: &Object) -> u32 {
    last(host, "send").trim_matches(['[', ']']).split(',').next().unwrap().parse().unwrap()
}

/// Answers the refresh call that was sent last.
fn answer(keep: &Keep, host: &Object, status: u16, wait: &str, date: &str, body: Option<Vec<u8>>) {
    let sent_at = js_sys::Date::parse(date);
    keep.refreshed(
        last_call(host),
        status,
        JSON,
        wait.as_bytes(),
        sent_at,
        None,
        body,
        false,
        false,
    );
}

#[wasm_bindgen_test]
fn a_start_asks_the_host_and_its_answer_changes_the_session() {
    let (keep, host) = keep(false);
    let waiter = keep.input(Input::Start, 0.0);
    let reply = r#"{"access_token":"e30.eyJzdWIiOiJhbGljZSJ9.x","expires_in":900}"#;
    answer(&keep, &host, 200, "", "", body(reply));
    assert_eq!(last(&host, "settle"), format!(r#"[{waiter},"done"]"#));
    let session = last(&host, "changed");
    assert!(session.starts_with(r#"["authenticated",1,false,null,"#), "{session}");
    assert_eq!(bytes(keep.shown(None)).as_deref(), Some(&br#"{"sub":"alice"}"#[..]));
}

#[wasm_bindgen_test]
fn the_token_goes_into_the_header_and_nowhere_else() {
    let (keep, host) = keep(false);
    let request = Request::new_with_str("https://api.example.com/").unwrap();
    assert_eq!(keep.authorize(&request, false), 0);
    assert_eq!(keep.adopt(b"the-token", 900.0, false), Some(true));
    assert_eq!(keep.authorize(&request, false), 1);
    assert_eq!(
        request.headers().get("authorization").unwrap().as_deref(),
        Some("Bearer the-token")
    );
    assert_eq!(token(&keep).as_deref(), Some("the-token"));
    assert!(!all_calls(&host).contains("the-token"));
}

#[wasm_bindgen_test]
fn client_F57_what_no_header_may_carry_is_no_token() {
    let (keep, _host) = keep(false);
    for text in ["", "a b", "a\r\nX: y", "tok\u{e9}n"] {
        assert_eq!(keep.adopt(text.as_bytes(), 900.0, false), None, "{text:?}");
    }
}

#[wasm_bindgen_test]
fn client_E41_only_listed_origins_are_allowed() {
    let (keep, _host) = keep(false);
    assert!(keep.allows(b"https://api.example.com/x") && keep.allows(b"http://localhost:8080/"));
    assert!(!keep.allows(b"https://example.com/x") && !keep.allows(b"http://localhost/"));
}

#[wasm_bindgen_test]
async fn client_B8_a_timer_of_the_browser_fires_the_renewal() {
    let (keep, host) = keep(false);
    keep.adopt(b"t", 1.0, false);
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
    keep.adopt(b"t", 1.0, false);
    keep.input(Input::Close, 0.0);
    let calls = calls_of(&host, "send").length();
    JsFuture::from(sleep(1_200)).await.unwrap();
    assert_eq!(calls_of(&host, "send").length(), calls);
}

#[wasm_bindgen_test]
fn client_F50_a_date_is_compared_with_the_servers_own_clock() {
    let (keep, host) = keep(false);
    let waiter = keep.input(Input::Refresh, 0.0);
    let (wait, date) = ("Wed, 21 Oct 2015 07:30:00 GMT", "Wed, 21 Oct 2015 07:28:00 GMT");
    answer(&keep, &host, 503, wait, date, body("{}"));
    let failure = format!(r#"[{waiter},"refresh_unreachable",503,120]"#);
    assert_eq!(last(&host, "fail"), failure);
}

#[wasm_bindgen_test]
fn client_G62_what_no_sibling_writes_is_ignored() {
    let (keep, host) = keep(true);
    keep.adopt(b"t", 900.0, false);
    let changes = calls_of(&host, "changed").length();
    for kind in [0.0, 0.5, 99.0, f64::NAN, f64::INFINITY] {
        hear(&keep, &message(&host, 1.0, kind));
    }
    assert_eq!(calls_of(&host, "changed").length(), changes);
    let (other, said) = self::keep(true);
    other.input(Input::Logout, 0.0);
    hear(&keep, &message(&said, 1.0, -1.0));
    assert_eq!(calls_of(&host, "changed").length(), changes + 1, "a logout is heard");
}

#[wasm_bindgen_test]
fn messages_to_siblings_are_numbers() {
    let (keep, host) = keep(true);
    keep.adopt(b"e30.eyJzdWIiOiJhbGljZSJ9.x", 900.0, false);
    let message = message(&host, 0.0, -1.0);
    assert_eq!(message.length(), 7);
    assert!(message.get_index(1) <= js_sys::Date::now(), "the first epoch is the wall clock's");
    assert!(message.get_index(4) > 0.0 || message.get_index(5) > 0.0, "a hash of the user");
}

#[wasm_bindgen_test]
fn a_sign_in_reply_comes_back_without_its_token() {
    let (keep, host) = keep(false);
    let turn = keep.input(Input::SignIn, 0.0);
    assert_eq!(last(&host, "settle"), format!(r#"[{turn},"done"]"#));
    let rest = keep.signed_in(
        turn,
        Some(f64::NAN),
        None,
        body(r#"{"user":"alice","access_token":"t","expires_in":900}"#),
    );
    assert_eq!(bytes(rest).as_deref(), Some(&br#"{"user":"alice","expires_in":900}"#[..]));
    assert_eq!(token(&keep).as_deref(), Some("t"));
    let turn = keep.input(Input::SignIn, 0.0);
    assert!(keep.signed_in(turn, Some(f64::NAN), None, body(r#"{"user":"alice"}"#)).is_none());
    let turn = keep.input(Input::SignIn, 0.0);
    assert_eq!(
        bytes(keep.signed_in(turn, Some(f64::NAN), None, body(r#"{"access_token":""}"#))),
        Some(Vec::new()),
        "there is one and it is none"
    );
}

/// The token goes along with the logout, and is wiped when the session is known to be over.
#[wasm_bindgen_test]
fn client_H117_the_token_goes_into_the_header_of_the_logout() {
    let (plain, _host) = keep(false);
    let request = Request::new_with_str("https://auth.example.com/").unwrap();
    plain.adopt(b"the-token", 900.0, false);
    plain.input(Input::Logout, 0.0);
    assert_eq!(plain.authorize(&request, true), 0);
    assert_eq!(request.headers().get("authorization").unwrap(), None);

    let (guarded, host) = keep_that(false, true);
    guarded.adopt(b"the-token", 900.0, false);
    guarded.input(Input::Logout, 0.0);
    assert_eq!((token(&guarded), guarded.authorize(&request, true)), (None, 0));
    let sent = request.headers().get("authorization").unwrap();
    assert_eq!(sent.as_deref(), Some("Bearer the-token"));
    let call = last_call(&host);
    assert!(guarded.logged_out(call, Some(204), b"", false));
    let later = Request::new_with_str("https://auth.example.com/").unwrap();
    assert_eq!(guarded.authorize(&later, true), 0);
    assert_eq!(later.headers().get("authorization").unwrap(), None);
}

#[wasm_bindgen_test]
fn client_H72_after_logout_no_copy_of_the_token_is_left_in_memory() {
    let memory = wasm_bindgen::memory();
    let secret = secret(400);
    let (keep, host) = keep(false);
    keep.input(Input::Start, 0.0);
    // The reply is written by JavaScript: no constant and no text of Rust's ever held the token.
    let reply = js_sys::JsString::from(r#"{"expires_in":900,"access_token":""#)
        .concat(&secret)
        .concat(&"\"}".into());
    let codes: Array =
        (0..reply.length()).map(|at| JsValue::from(reply.char_code_at(at))).collect();
    let encoded = Uint8Array::new(&codes);
    answer(&keep, &host, 200, "", "", Some(encoded.to_vec()));
    assert_eq!(copies_in(&memory, &secret), 1, "the one that is kept");
    let request = Request::new_with_str("https://api.example.com/").unwrap();
    assert_eq!(keep.authorize(&request, false), 1);
    keep.input(Input::Request, 0.0);
    assert_eq!(copies_in(&memory, &secret), 1, "sending it made no other");
    keep.input(Input::Logout, 0.0);
    assert_eq!(copies_in(&memory, &secret), 0);
    assert!(token(&keep).is_none());
}

#[wasm_bindgen_test]
fn explain_tells_the_transitions_in_order() {
    let (keep, host) = keep(false);
    keep.adopt(b"t", 900.0, false);
    keep.input(Input::Logout, 0.0);
    keep.explain();
    assert_eq!(events(&host), "adopted,logout,logout-sent");
}

/// Code of the page that runs while the engine is at work (a patched `Headers`, a lock that answers
/// at once) may call the keep.
#[wasm_bindgen_test]
fn client_D85_a_call_from_within_the_host_is_an_input_like_any_other() {
    let (keep, host) = keep(false);
    let keep = Rc::new(keep);
    let inner = Rc::clone(&keep);
    let meanwhile = Closure::<dyn Fn()>::new(move || {
        if token(&inner).is_some() {
            inner.input(Input::Logout, 0.0);
        }
    });
    Reflect::set(&host, &"meanwhile".into(), meanwhile.as_ref()).unwrap();
    keep.adopt(b"t", 900.0, false);
    assert!(token(&keep).is_none());
    // What the first input asks for comes before what the second does.
    let calls = all_calls(&host);
    let at = |name: &str| calls.find(name).unwrap_or_else(|| panic!("no {name} in {calls}"));
    let logout = at(r#""send",1,true"#);
    assert!(at("signedIn") < logout && logout < at("signedOut"), "{calls}");
}

/// The allocator is this module's own: blocks of all sizes, given back and taken again in any
/// order, overlap with no other.
#[wasm_bindgen_test]
fn blocks_of_memory_keep_to_themselves() {
    let mut blocks: Vec<(u8, Vec<u8>)> = Vec::new();
    let mut seed = 1_u32;
    for round in 0..20_000_u32 {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let pick = (seed >> 16) as usize;
        if blocks.len() > 60 {
            let (mark, block) = blocks.swap_remove(pick % blocks.len());
            assert!(
                block.iter().all(|&byte| byte == mark),
                "a block of {} bytes was written to",
                block.len()
            );
        } else {
            let mark = round as u8;
            blocks.push((mark, vec![mark; 1 << (pick % 17)]));
        }
    }
}
