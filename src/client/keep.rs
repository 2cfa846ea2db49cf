//! What JavaScript calls.

use std::rc::Rc;

use js_sys::{JsString, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::Request;

use super::driver::Driver;
use super::host::{Headers, Host};
use super::messages;
use super::reply::{reply, wait};
use super::words::{Input, ReplyMember};
use crate::engine::{
    Backoff, CallId, Config, FailureKind, Grant, Lead, LogoutAnswer, NoSession, Origins,
    SignInAnswer, Ticket, TokenTypes, WaiterId, Wake, judge,
};
use crate::token::shape::{Field, Shape, Told};

/// One keep: an engine with its token. Callers that wait have a number, and are answered through
/// [`Host`].
#[wasm_bindgen]
pub struct Keep {
    driver: Rc<Driver>,
    origins: Origins,
    shape: Shape,
    types: TokenTypes,
}

#[wasm_bindgen]
impl Keep {
    /// A keep that calls `host`. Its list of origins is empty, and replies are of the usual shape.
    ///
    /// The others are the checked options of `createTokenKeep`, with times in milliseconds.
    /// `tells_logout`: there is an endpoint to tell of a logout, and `authorizes_logout`: the
    /// access token goes along with that call. `takes_bearer` and `takes_dpop`: the types of tokens
    /// that are taken.
    #[expect(clippy::too_many_arguments, reason = "as members of an object each is an import")]
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(
        host: Host,
        leeway: f64,
        jitter: f64,
        default_lifetime: f64,
        timeout: f64,
        backoff_base: f64,
        backoff_max: f64,
        coordinate: bool,
        tells_logout: bool,
        authorizes_logout: bool,
        takes_bearer: bool,
        takes_dpop: bool,
    ) -> Keep {
        let config = Config {
            lead: Lead { leeway: leeway as u64, jitter: jitter as u64 },
            default_lifetime: default_lifetime as u64,
            timeout: timeout as u64,
            backoff: Backoff { base: backoff_base as u64, max: backoff_max as u64 },
            coordinate,
            logout_endpoint: tells_logout,
            logout_authorization: authorizes_logout,
        };
        let driver = Driver::new(config, host);
        let types = TokenTypes { bearer: takes_bearer, dpop: takes_dpop };
        Self { driver, origins: Origins::default(), shape: Shape::default(), types }
    }

    /// Lists an origin, as `URL.origin` gives it: the token may go there.
    pub fn list(&mut self, origin: Vec<u8>) {
        self.origins.add(origin);
    }

    /// Adds a step to the path to what a member of `ReplyShape` tells.
    pub fn name(&mut self, member: ReplyMember, step: Vec<u8>) {
        let field = match member {
            ReplyMember::AccessToken => Field::AccessToken,
            ReplyMember::ExpiresIn => Field::ExpiresIn,
            ReplyMember::ExpiresAt => Field::ExpiresAt,
            ReplyMember::TokenType => Field::TokenType,
            ReplyMember::__Invalid => return,
        };
        self.shape.name(field, step);
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
    pub fn allows(&self, url: &[u8]) -> bool {
        self.origins.allow(url)
    }

    /// Sets the token on `request`; returns its generation, or 0 when there is no token to set. On
    /// a `logout` call it is the token of the session that ends, and the generation is 0.
    #[wasm_bindgen(js_name = setToken)]
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

    /// The generation of the token that a request would get now, 0 where there is none.
    pub fn held(&self) -> u32 {
        self.driver.engine().token().map_or(0, |(_, generation)| generation)
    }

    /// What may be seen of a token, as JSON text: without `reply` the claims of the token, which
    /// nobody has verified. With the reply that brought it, or another one, what that says beside
    /// any token. `undefined` when the token is opaque, and when the reply is no JSON object and
    /// no array.
    pub fn shown(&self, reply: Option<Vec<u8>>) -> Option<Uint8Array> {
        let engine = self.driver.engine();
        let Some(reply) = reply else {
            return engine.claims().map(Uint8Array::from);
        };
        let token = engine.token().map(|(token, _)| token.expose());
        let mut rest = Vec::new();
        let read = self.shape.read(&reply, token, true, &mut rest, &mut Told::default());
        read.then(|| Uint8Array::from(&*rest))
    }

    /// Takes over a token, which is of the `same` session or begins one. `expires_in`: seconds;
    /// anything but a positive number counts as not told. Returns whether it was taken over:
    /// without a session it can't be of the same. `undefined`: it is no token at all.
    pub fn adopt(&self, access_token: &[u8], expires_in: f64, same: bool) -> Option<bool> {
        // A cast of NaN or of anything negative gives 0, which counts as not told.
        // Nobody but its owner can use one of another type.
        let grant = Grant::new(access_token, Some(expires_in as u64)).ok()?;
        let grant = self.types.bearer.then_some(grant)?;
        Some(self.driver.input(|engine, now| engine.handle_adopt(now, grant, same)))
    }

    /// The sign-in of `waiter` was answered with 2xx, or failed where `sent_at` is `undefined`.
    /// `body` is what of the answer may be JSON. The other parts are as in `refreshed`.
    ///
    /// Returns the body without the token; empty when the application may not see it; `undefined`
    /// when it passes as it is.
    #[wasm_bindgen(js_name = signedIn)]
    pub fn signed_in(
        &self,
        waiter: u32,
        sent_at: Option<f64>,
        header: Option<Vec<u8>>,
        body: Option<Vec<u8>>,
    ) -> Option<Uint8Array> {
        let answer = sent_at.map_or(SignInAnswer::Failed, |sent_at| {
            let reply = reply(self.types, sent_at, header.as_deref(), body.as_deref());
            SignInAnswer::read(&self.shape, &reply)
        });
        let mut rest = Vec::new();
        let seen = match &answer {
            SignInAnswer::Granted(grant) => {
                let body = body.as_deref().unwrap_or_default();
                let token = Some(grant.access_token.expose());
                self.shape.read(body, token, false, &mut rest, &mut Told::default())
            }
            SignInAnswer::Unusable => true,
            SignInAnswer::WithoutToken | SignInAnswer::Failed => false,
        };
        self.driver
            .input(|engine, now| engine.handle_sign_in_answer(now, WaiterId(waiter), answer));
        seen.then(|| Uint8Array::from(&*rest))
    }

    /// The refresh endpoint answered `call`. A missing field is empty, and a body that is too long
    /// is `undefined`. Status 0 stands for a redirect that the browser hides. `sent_at` is the
    /// moment of its `Date`, NaN where that can't be seen. `header` is the token, empty when it is
    /// missing, where a header is named for it. `no_session`: its status is named as one that says
    /// so; `no_token`: a 2xx without a token says so.
    #[expect(clippy::too_many_arguments, reason = "they are the parts of one answer")]
    pub fn refreshed(
        &self,
        call: u32,
        status: u16,
        content_type: &[u8],
        retry_after: &[u8],
        sent_at: f64,
        header: Option<Vec<u8>>,
        body: Option<Vec<u8>>,
        no_session: bool,
        no_token: bool,
    ) {
        let mut reply = reply(self.types, sent_at, header.as_deref(), body.as_deref());
        reply.status = status;
        reply.content_type = Some(content_type);
        reply.retry_after = wait(&reply, retry_after);
        reply.no_session = NoSession { status: no_session, no_token };
        let answer = judge(&self.shape, reply);
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
        content_type: &[u8],
        listed: bool,
    ) -> bool {
        let answer = status.map_or(LogoutAnswer::Missing, |status| {
            LogoutAnswer::judge(status, content_type, listed)
        });
        self.driver.input(|engine, now| engine.handle_logout_answer(now, CallId(call), answer))
    }

    /// A sibling said something, in the numbers of `EngineHost.broadcast`. A message that can't be
    /// read is ignored.
    #[expect(clippy::too_many_arguments, reason = "they are the numbers of one message")]
    pub fn hear(
        &self,
        version: f64,
        epoch: f64,
        kind: f64,
        flags: f64,
        high: f64,
        low: f64,
        time: f64,
    ) {
        let numbers = [version, epoch, kind, flags, high, low, time];
        if let Some(message) = messages::decode(numbers) {
            self.driver.input(|engine, now| engine.handle_sibling(now, message));
        }
    }

    /// Tells the host the last transitions, oldest first.
    pub fn explain(&self) {
        self.driver.explain();
    }
}
