//! The browser half: carries the engine into the page.
//!
//! Everything here is synchronous. What has to be awaited (the network, the lock, a stream) is
//! awaited by the JavaScript half, which brings each answer back as one call; no future, waker or
//! promise lives in wasm. Three things stay on this side: the token, which becomes a JavaScript
//! text only for a header or a loan; the calls that renew it; and the timers.
//!
//! Each export changes the engine and carries out what follows before it returns, so `logout()` has
//! taken effect before anything is awaited. No code outside the crate is called while the engine is
//! borrowed: a call that comes in meanwhile is an input like any other.

mod allocator;
mod clock;
mod driver;
mod host;
mod reply;
mod wire;

use std::rc::Rc;

use js_sys::JsString;
use wasm_bindgen::prelude::*;
use web_sys::Request;

use crate::engine::{
    Backoff, CallId, Config, FailureKind, Grant, Lead, LogoutAnswer, Origins, SignInAnswer, Ticket,
    WaiterId, Wake, without_access_token,
};
use driver::Driver;
use host::Headers;

pub use host::Host;

/// One keep: a session machine with its token. Those who wait are numbered and answered through
/// [`Host`].
#[wasm_bindgen]
pub struct Keep {
    driver: Rc<Driver>,
    origins: Origins,
}

#[wasm_bindgen]
impl Keep {
    /// Takes the checked options of
    /// `createTokenKeep`, times in milliseconds, and the host that it calls back. `origins` are
    /// separated by spaces, which no origin holds; `tells_logout` is whether there is an endpoint
    /// to tell of a logout.
    #[wasm_bindgen(constructor)]
    #[must_use]
    #[expect(
        clippy::too_many_arguments,
        reason = "each is a number; an object would have to be read member by member"
    )]
    pub fn new(
        host: Host,
        origins: &str,
        leeway: f64,
        jitter: f64,
        default_lifetime: f64,
        timeout: f64,
        backoff_base: f64,
        backoff_max: f64,
        coordinate: bool,
        tells_logout: bool,
    ) -> Keep {
        let config = Config {
            lead: Lead { leeway: leeway as u64, jitter: jitter as u64 },
            default_lifetime: default_lifetime as u64,
            timeout: timeout as u64,
            backoff: Backoff { base: backoff_base as u64, max: backoff_max as u64 },
            coordinate,
            logout_endpoint: tells_logout,
        };
        Self { driver: Driver::new(config, host), origins: Origins::new(origins) }
    }

    /// One input, by the numbers of `Input` in `js/client/wire.ts`; returns the number of whoever
    /// waits for its outcome. `number` is what the input is about: a generation, a call, a ticket,
    /// or the milliseconds that a lent token has to live.
    pub fn input(&self, what: u8, number: f64) -> u32 {
        let id = number as u32;
        self.driver.input(|engine, now| {
            let waiter = match what {
                0 => engine.handle_start(now),
                1 => engine.handle_refresh(now),
                2 => engine.handle_logout(now),
                3 => engine.handle_sign_in(now),
                4 => engine.handle_request(now),
                5 => engine.handle_lend(now, number as u64),
                6 => engine.handle_unauthorized(now, id),
                _ => {
                    match what {
                        7 => engine.handle_retry_refused(now, id),
                        8 => engine.handle_accepted(id),
                        9 => {
                            engine.handle_refresh_answer(
                                now,
                                CallId(id),
                                Err(FailureKind::Unreachable.into()),
                            );
                        }
                        10 => engine.handle_lock(now, Ticket(id), true),
                        11 => engine.handle_lock(now, Ticket(id), false),
                        12 => engine.handle_wake(now, Wake::Hidden),
                        13 => engine.handle_wake(now, Wake::Visible),
                        14 => engine.handle_wake(now, Wake::Offline),
                        15 => engine.handle_wake(now, Wake::Online),
                        16 => engine.handle_wake(now, Wake::Restored),
                        18 => {
                            engine.handle_refresh_answer(
                                now,
                                CallId(id),
                                Err(FailureKind::Misconfigured.into()),
                            );
                        }
                        _ => engine.handle_close(now),
                    }
                    return 0;
                }
            };
            waiter.0
        })
    }

    /// Whether the token may go to
    /// `url`, which is the browser's own reading of an address (`Request.url`).
    #[must_use]
    pub fn allows(&self, url: &str) -> bool {
        self.origins.allow(url)
    }

    /// Sets the token on `request`; returns its generation, or 0 when there is no token to set.
    #[must_use]
    pub fn authorize(&self, request: &Request) -> u32 {
        // The engine is let go before the page's `Headers` is called.
        let held = self
            .driver
            .engine()
            .token()
            .map(|(token, generation)| (JsString::from(token.authorization()), generation));
        let Some((value, generation)) = held else { return 0 };
        // Fails only for a value that no header may carry, which an access token never is.
        let headers: Headers = request.headers().unchecked_into();
        headers.set("Authorization", &value).map_or(0, |()| generation)
    }

    /// The token itself, after a loan was granted.
    pub fn token(&self) -> Option<String> {
        // The one copy that crosses; the allocator wipes it when the JavaScript text has been made.
        self.driver.engine().token().map(|(token, _)| token.expose().to_owned())
    }

    /// The claims of the token as JSON text, unverified; `undefined` when there is none or it is
    /// opaque.
    pub fn claims(&self) -> Option<Vec<u8>> {
        self.driver.engine().claims().map(<[u8]>::to_vec)
    }

    /// Takes over a token; `expires_in` in seconds, anything but a positive number counts as not
    /// told. False: it is none.
    pub fn adopt(&self, access_token: &str, expires_in: f64) -> bool {
        // A cast of NaN or of anything negative gives 0, which counts as not told.
        let grant = Grant::new(access_token, Some(expires_in as u64));
        grant.map(|grant| self.driver.input(|engine, now| engine.handle_adopt(now, grant))).is_ok()
    }

    /// The sign-in of `waiter` was answered with 2xx and, if it `is_json`, with `body`, undefined
    /// when it is too long; without `is_json` it failed. Returns the reply without its token,
    /// empty when nobody may have it, and `undefined` when it passes as it is.
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

    /// The refresh endpoint answered `call`. `date` is the server's clock where it can be seen.
    /// What is not there is empty; a body that is too long is `undefined`.
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

    /// The logout endpoint answered `call`, with status 0 for a redirect that the browser hides;
    /// without a status there was no answer.
    #[wasm_bindgen(js_name = loggedOut)]
    pub fn logged_out(&self, call: u32, status: Option<u16>, content_type: &str) {
        let answer = status
            .map_or(LogoutAnswer::Missing, |status| LogoutAnswer::judge(status, content_type));
        self.driver.input(|engine, now| engine.handle_logout_answer(now, CallId(call), answer));
    }

    /// A sibling said something, by the numbers of a message; what can't be read is ignored.
    pub fn hear(&self, kind: u32, flags: u32, high: u32, low: u32, epoch: f64, wait: f64) {
        if let Some(message) = wire::read(kind, flags, [high, low], epoch, wait) {
            self.driver.input(|engine, now| engine.handle_sibling(now, message));
        }
    }

    /// Tells the host the last transitions, oldest first.
    pub fn explain(&self) {
        self.driver.explain();
    }
}
