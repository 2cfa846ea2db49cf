//! What JavaScript calls.

use std::rc::Rc;

use js_sys::{Float64Array, JsString};
use wasm_bindgen::prelude::*;
use web_sys::Request;

use super::driver::Driver;
use super::host::{Headers, Host};
use super::messages;
use super::reply;
use super::settings::EngineSettings;
use super::words::Input;
use crate::engine::{
    CallId, FailureKind, Grant, LogoutAnswer, Origins, Refusals, SignInAnswer, Ticket, WaiterId,
    Wake, without_access_token,
};

/// One keep: an engine with its token. Callers that wait have a number, and are answered through
/// [`Host`].
#[wasm_bindgen]
pub struct Keep {
    driver: Rc<Driver>,
    origins: Origins,
    refusals: Refusals,
}

#[wasm_bindgen]
impl Keep {
    /// A keep that calls `host`. Its lists of origins and refusals are empty.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(host: Host, settings: &EngineSettings) -> Keep {
        let driver = Driver::new(settings.into(), host);
        Self { driver, origins: Origins::default(), refusals: Refusals::default() }
    }

    /// Lists an origin, as `URL.origin` gives it: the token may go there.
    pub fn list(&mut self, origin: String) {
        self.origins.add(origin);
    }

    /// Lists a status of APIs that means what 401 means.
    #[wasm_bindgen(js_name = listRefusal)]
    pub fn list_refusal(&mut self, status: u16) {
        self.refusals.add(status);
    }

    /// One input. Returns the number of the caller that waits for its outcome, or 0. `number` is
    /// what the input is about: a generation, a call, a ticket, or the milliseconds that a token
    /// has to live.
    pub fn input(&self, what: Input, number: f64) -> u32 {
        let id = number as u32;
        let waiter = self.driver.input(|engine, now| {
            match what {
                Input::Start => return Some(engine.handle_start(now)),
                Input::StartAgain => return Some(engine.handle_start_again(now)),
                Input::Refresh => return Some(engine.handle_refresh(now)),
                Input::Logout => return Some(engine.handle_logout(now)),
                Input::SignIn => return Some(engine.handle_sign_in(now)),
                Input::Request => return Some(engine.handle_request(now)),
                Input::Lend => return Some(engine.handle_lend(now, number as u64)),
                Input::Unauthorized => return Some(engine.handle_unauthorized(now, id)),
                Input::NoHint => engine.handle_no_hint(now),
                Input::RetryRefused => engine.handle_retry_refused(now, id),
                Input::Accepted => engine.handle_accepted(id),
                Input::Unreachable => {
                    let failure = Err(FailureKind::Unreachable.into());
                    engine.handle_refresh_answer(now, CallId(id), failure);
                }
                Input::Unsendable => {
                    let failure = Err(FailureKind::Misconfigured.into());
                    engine.handle_refresh_answer(now, CallId(id), failure);
                }
                Input::Locked => engine.handle_lock(now, Ticket(id), true),
                Input::LockDenied => engine.handle_lock(now, Ticket(id), false),
                Input::Hidden => engine.handle_wake(now, Wake::Hidden),
                Input::Visible => engine.handle_wake(now, Wake::Visible),
                Input::Offline => engine.handle_wake(now, Wake::Offline),
                Input::Online => engine.handle_wake(now, Wake::Online),
                Input::Restored => engine.handle_wake(now, Wake::Restored),
                Input::Close => engine.handle_close(now),
                Input::__Invalid => {}
            }
            None
        });
        waiter.map_or(0, |waiter| waiter.0)
    }

    /// Whether the token may go to `url`, an address as the browser serialises it (`Request.url`).
    #[must_use]
    pub fn allows(&self, url: &str) -> bool {
        self.origins.allow(url)
    }

    /// Whether an API that answers with this status refuses the token.
    #[must_use]
    pub fn refuses(&self, status: u16) -> bool {
        self.refusals.include(status)
    }

    /// Sets the token on `request`; returns its generation, or 0 when there is no token to set. On
    /// a `logout` call it is the token of the session that ends, and the generation is 0.
    #[must_use]
    pub fn authorize(&self, request: &Request, logout: bool) -> u32 {
        // The borrow of the engine ends before the page's `Headers` is called.
        let engine = self.driver.engine();
        let held =
            if logout { engine.logout_token().map(|token| (token, 0)) } else { engine.token() };
        let held =
            held.map(|(token, generation)| (JsString::from(token.authorization()), generation));
        drop(engine);
        let Some((value, generation)) = held else { return 0 };
        // Never throws: an access token is a value that a header can carry.
        let headers: Headers = request.headers().unchecked_into();
        headers.set("Authorization", &value);
        generation
    }

    /// The token itself, after a loan was granted.
    pub fn token(&self) -> Option<String> {
        // A copy crosses. The allocator wipes it when JavaScript has made a text of it.
        self.driver.engine().token().map(|(token, _)| token.expose().to_owned())
    }

    /// The claims of the token as JSON text, unverified; `undefined` when there is none or it is
    /// opaque.
    pub fn claims(&self) -> Option<Vec<u8>> {
        self.driver.engine().claims().map(<[u8]>::to_vec)
    }

    /// Takes over a token. `expires_in`: seconds; anything but a positive number counts as not
    /// told. Returns whether it is a token at all.
    pub fn adopt(&self, access_token: &str, expires_in: f64) -> bool {
        // A cast of NaN or of anything negative gives 0, which counts as not told.
        let grant = Grant::new(access_token, Some(expires_in as u64));
        grant.map(|grant| self.driver.input(|engine, now| engine.handle_adopt(now, grant))).is_ok()
    }

    /// The sign-in of `waiter` was answered with 2xx. `is_json` says whether the reply is JSON, and
    /// is `undefined` when the sign-in failed. A `body` that is too long is `undefined`.
    ///
    /// Returns the reply without its token; empty when the application may not see it; `undefined`
    /// when it passes as it is.
    #[wasm_bindgen(js_name = signedIn)]
    pub fn signed_in(
        &self,
        waiter: u32,
        is_json: Option<bool>,
        body: Option<Vec<u8>>,
    ) -> Option<Vec<u8>> {
        let answer = match is_json {
            None => SignInAnswer::Failed,
            Some(false) => SignInAnswer::WithoutToken,
            Some(true) => SignInAnswer::read(body.as_deref()),
        };
        let rest = match answer {
            SignInAnswer::Granted(_) => without_access_token(&body.unwrap_or_default()).ok(),
            SignInAnswer::Unusable => Some(Vec::new()),
            SignInAnswer::WithoutToken | SignInAnswer::Failed => None,
        };
        self.driver
            .input(|engine, now| engine.handle_sign_in_answer(now, WaiterId(waiter), answer));
        rest
    }

    /// The refresh endpoint answered `call`. A missing field is empty, and a body that is too long
    /// is `undefined`. Status 0 stands for a redirect that the browser hides. `date` is the
    /// server's clock, where it can be seen.
    pub fn refreshed(
        &self,
        call: u32,
        status: u16,
        content_type: &str,
        retry_after: &str,
        date: &str,
        body: Option<Vec<u8>>,
    ) {
        let answer = reply::judge(status, content_type, retry_after, date, body.as_deref());
        self.driver.input(|engine, now| engine.handle_refresh_answer(now, CallId(call), answer));
    }

    /// The logout endpoint answered `call`. Status 0 stands for a redirect that the browser hides,
    /// and `undefined` for no answer. `listed`: the options say that it means "done". Returns
    /// whether anybody still waited for it.
    #[wasm_bindgen(js_name = loggedOut)]
    pub fn logged_out(
        &self,
        call: u32,
        status: Option<u16>,
        content_type: &str,
        listed: bool,
    ) -> bool {
        let answer = status.map_or(LogoutAnswer::Missing, |status| {
            LogoutAnswer::judge(status, content_type, listed)
        });
        self.driver.input(|engine, now| engine.handle_logout_answer(now, CallId(call), answer))
    }

    /// A sibling said something. A message that can't be read is ignored.
    pub fn hear(&self, message: &Float64Array) {
        if let Some(message) = messages::decode(message) {
            self.driver.input(|engine, now| engine.handle_sibling(now, message));
        }
    }

    /// Tells the host the last transitions, oldest first.
    pub fn explain(&self) {
        self.driver.explain();
    }
}
