//! The browser half: carries the engine into the page.
//!
//! Everything here is synchronous. What has to be awaited (the network, the lock, a stream) is awaited by the JavaScript
//! half, which brings each answer back as one call; no future, waker or promise lives in wasm. Three things stay on this
//! side: the token, which becomes a JavaScript text only for a header or a loan; the calls that renew it; and the timers.
//!
//! Each export changes the engine and carries out what follows before it returns, so `logout()` has taken effect before
//! anything is awaited. The host runs no code of the application before the next task, so no call comes in meanwhile.

mod allocator;
mod body;
mod clock;
mod driver;
mod host;
mod reply;
mod settings;
mod wire;

use std::rc::Rc;

use wasm_bindgen::prelude::*;
use web_sys::Request;

use crate::engine::{
    CallId, Failure, FailureKind, Grant, Origins, Remedy, Ticket, WaiterId, Wake, has_access_token, remedy,
    without_access_token,
};
use driver::Driver;

pub use body::Body;
pub use host::Host;
pub use settings::GivenSettings;

/// One keep: a session machine with its token. Those who wait are numbered and answered through [`Host::settle`].
#[wasm_bindgen]
pub struct Keep {
    driver: Rc<Driver>,
    origins: Origins,
}

#[wasm_bindgen]
impl Keep {
    /// Takes the checked options of `createTokenKeep` and the host that it calls back.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(settings: &GivenSettings, host: Host) -> Keep {
        Self { driver: Driver::new(settings.config(), host), origins: settings.origins_allowed() }
    }

    /// Somebody waits to know whether there is a session.
    pub fn start(&self) -> u32 {
        self.driver.input(|engine, now| engine.handle_start(now)).0
    }

    /// Somebody waits for a refresh.
    pub fn refresh(&self) -> u32 {
        self.driver.input(|engine, now| engine.handle_refresh(now)).0
    }

    /// Signs out; somebody waits for the server to be told.
    pub fn logout(&self) -> u32 {
        self.driver.input(|engine, now| engine.handle_logout(now)).0
    }

    /// Somebody waits for a token with at least `validity` milliseconds to live.
    pub fn lend(&self, validity: f64) -> u32 {
        self.driver.input(|engine, now| engine.handle_lend(now, validity as u64)).0
    }

    /// Somebody waits for their turn to sign in.
    #[wasm_bindgen(js_name = signIn)]
    pub fn sign_in(&self) -> u32 {
        self.driver.input(|engine, now| engine.handle_sign_in(now)).0
    }

    /// Somebody wants to send a request with the token.
    pub fn request(&self) -> u32 {
        self.driver.input(|engine, now| engine.handle_request(now)).0
    }

    /// An API answered 401 to the token of this generation; somebody waits for another.
    pub fn unauthorized(&self, generation: u32) -> u32 {
        self.driver.input(|engine, now| engine.handle_unauthorized(now, generation)).0
    }

    /// Whether the token may go to `url`, which is the browser's own reading of an address (`Request.url`).
    #[must_use]
    pub fn allows(&self, url: &str) -> bool {
        self.origins.allow(url)
    }

    /// Sets the token on `request`; returns its generation, or 0 when there is no token to set.
    #[must_use]
    pub fn authorize(&self, request: &Request) -> u32 {
        let engine = self.driver.engine();
        let Some((token, generation)) = engine.token() else { return 0 };
        // Fails only for a value that no header may carry, which an access token never is.
        request.headers().set("Authorization", token.authorization()).map_or(0, |()| generation)
    }

    /// The token itself, after a loan was granted.
    pub fn token(&self) -> Option<String> {
        // The one copy that crosses; the allocator wipes it when the JavaScript text has been made.
        self.driver.engine().token().map(|(token, _)| token.expose().to_owned())
    }

    /// Reads the challenge of a 401: whether a fresh token may help. Raises the step-up event where one was asked for.
    #[must_use]
    pub fn renewable(&self, challenge: Option<String>, url: &str) -> bool {
        let remedy = remedy(challenge.as_deref());
        if let Remedy::StepUp { acr_values, max_age } = &remedy {
            let max_age = max_age.map_or(f64::NAN, |age| age as f64);
            // A list of texts always crosses.
            let acr_values = serde_wasm_bindgen::to_value(acr_values).unwrap_or_default();
            self.driver.host().step_up(acr_values, max_age, url);
        }
        remedy == Remedy::Renew
    }

    /// The retry with the token of this generation was refused too.
    #[wasm_bindgen(js_name = retryRefused)]
    pub fn retry_refused(&self, generation: u32) {
        self.driver.input(|engine, now| engine.handle_retry_refused(now, generation));
    }

    /// An API took the token of this generation, after another had refused it.
    pub fn accepted(&self, generation: u32) {
        self.driver.input(|engine, _| engine.handle_accepted(generation));
    }

    /// Takes over a token; `expires_in` in seconds, anything but a positive number counts as not told. False: it is none.
    pub fn adopt(&self, access_token: &str, expires_in: f64) -> bool {
        // A cast of NaN or of anything negative gives 0, which counts as not told.
        let grant = Grant::new(access_token, Some(expires_in as u64));
        grant.map(|grant| self.driver.input(|engine, now| engine.handle_adopt(now, grant))).is_ok()
    }

    /// The sign-in of `waiter` was answered with `body`: takes the token out of it and returns the rest.
    /// `undefined`: there is no token in it. An empty rest: what is in it can't be used.
    #[wasm_bindgen(js_name = signedIn)]
    pub fn signed_in(&self, waiter: u32, body: Option<Body>) -> Option<Vec<u8>> {
        let bytes = body.and_then(Body::whole).filter(|bytes| has_access_token(bytes));
        let grant = bytes.as_deref().map(Grant::read);
        let usable = matches!(grant, Some(Ok(_)));
        self.driver
            .input(|engine, now| engine.handle_sign_in_answer(now, WaiterId(waiter), grant.and_then(Result::ok)));
        bytes.map(|bytes| if usable { without_access_token(&bytes).unwrap_or_default() } else { Vec::new() })
    }

    /// The refresh endpoint answered `call`. `date` is the server's clock where it can be seen.
    pub fn refreshed(
        &self,
        call: u32,
        status: u16,
        content_type: Option<String>,
        retry_after: Option<String>,
        date: Option<String>,
        body: Body,
    ) {
        let answer = reply::judge(status, content_type.as_deref(), retry_after.as_deref(), date.as_deref(), body);
        self.driver.input(|engine, now| engine.handle_refresh_answer(now, CallId(call), answer));
    }

    /// The refresh endpoint could not be reached.
    pub fn unreachable(&self, call: u32) {
        let failure = FailureKind::Unreachable.into();
        self.driver.input(|engine, now| engine.handle_refresh_answer(now, CallId(call), Err(failure)));
    }

    /// The logout endpoint answered `call`; status 0 stands for no answer and for a redirect.
    #[wasm_bindgen(js_name = loggedOut)]
    pub fn logged_out(&self, call: u32, status: u16) {
        let answer = match status {
            // A 401 says that there is no session left to end, which is what was wanted.
            200..300 | 401 => Ok(()),
            _ => {
                Err(Failure { status: Some(status).filter(|&status| status != 0), ..FailureKind::LogoutFailed.into() })
            }
        };
        self.driver.input(|engine, now| engine.handle_logout_answer(now, CallId(call), answer));
    }

    /// The lock that was asked for with `ticket` is ours, or can't be had.
    pub fn locked(&self, ticket: u32, granted: bool) {
        self.driver.input(|engine, now| engine.handle_lock(now, Ticket(ticket), granted));
    }

    /// A sibling said something; what can't be read is ignored.
    pub fn hear(&self, message: &[f64]) {
        if let Some(message) = wire::read(message) {
            self.driver.input(|engine, now| engine.handle_sibling(now, message));
        }
    }

    /// The page went through something, by the numbers of `js/client/page.ts`.
    pub fn wake(&self, what: u8) {
        let wake = match what {
            0 => Wake::Hidden,
            1 => Wake::Visible,
            2 => Wake::Offline,
            3 => Wake::Online,
            _ => Wake::Restored,
        };
        self.driver.input(|engine, now| engine.handle_wake(now, wake));
    }

    /// Tells [`Host::entry`] the last transitions, oldest first.
    pub fn explain(&self) {
        for entry in self.driver.engine().explain() {
            let numbers =
                [entry.at as f64, f64::from(entry.from as u8), f64::from(entry.to as u8), f64::from(entry.generation)];
            self.driver.host().entry(entry.event, &numbers, entry.note);
        }
    }

    /// Ends everything.
    pub fn close(&self) {
        self.driver.input(|engine, now| engine.handle_close(now));
    }
}
