//! The host: what Rust asks of JavaScript. `js/client/host.ts` implements it: the calls to the
//! authority, the lock, the siblings, and telling the application.

use js_sys::JsString;
use wasm_bindgen::prelude::*;

use super::messages;
use super::words::{
    FailureCode, Note, Outcome, RefreshedBy, SignedOutReason, Status, TransitionEvent,
};
use crate::engine::{self, Event, Failure, Output};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** A failure. `status`: 0 where there was no answer. `retryAfter`: seconds. */
export type EngineFailure = [code: FailureCode, status: number, retryAfter: number | undefined];

/** What an engine asks for. No method throws. */
export interface EngineHost {
  /** Sends a call to the refresh endpoint, or to the logout endpoint. */
  send(call: number, logout: boolean): void;
  abort(call: number): void;
  acquireLock(ticket: number): void;
  releaseLock(ticket: number): void;
  /** Tells the siblings the numbers of a message. `high` and `low`: the halves of a hash. */
  broadcast(
    version: number,
    epoch: number,
    kind: number,
    flags: number,
    high: number,
    low: number,
    time: number,
  ): void;
  /** Answers a waiter. */
  settle(waiter: number, outcome: Outcome): void;
  /** Answers a waiter whose wait failed. */
  fail(waiter: number, ...failure: EngineFailure): void;
  /** The session without its claims and its reply. Moments are epoch milliseconds. */
  changed(
    status: Status,
    generation: number,
    refreshing: boolean,
    reason: SignedOutReason | undefined,
    expiresAt: number | undefined,
    retryAt: number | undefined,
  ): void;
  signedIn(): void;
  signedOut(reason: SignedOutReason): void;
  refreshed(generation: number, by: RefreshedBy): void;
  /** `retryAt`: epoch milliseconds. */
  refreshFailed(retryAt: number | undefined, ...failure: EngineFailure): void;
  userChanged(): void;
  /** The first refresh after a sign-in was refused with this status. */
  cookieNotKept(status: number): void;
  /** Tells one transition, after `explain()`. `at`: epoch milliseconds. */
  transition(
    at: number,
    event: TransitionEvent,
    from: Status,
    to: Status,
    generation: number,
    note: Note | undefined,
  ): void;
}
"#;

#[wasm_bindgen]
extern "C" {
    /// The object that `js/client/host.ts` makes.
    #[wasm_bindgen(typescript_type = "EngineHost")]
    pub type Host;

    #[wasm_bindgen(method)]
    fn send(this: &Host, call: u32, logout: bool);
    #[wasm_bindgen(method)]
    fn abort(this: &Host, call: u32);
    #[wasm_bindgen(method, js_name = acquireLock)]
    fn acquire_lock(this: &Host, ticket: u32);
    #[wasm_bindgen(method, js_name = releaseLock)]
    fn release_lock(this: &Host, ticket: u32);
    #[wasm_bindgen(method)]
    fn broadcast(
        this: &Host,
        version: f64,
        epoch: f64,
        kind: f64,
        flags: f64,
        high: f64,
        low: f64,
        time: f64,
    );
    #[wasm_bindgen(method)]
    fn settle(this: &Host, waiter: u32, outcome: Outcome);
    #[wasm_bindgen(method)]
    fn fail(this: &Host, waiter: u32, code: FailureCode, status: u16, retry_after: Option<f64>);
    #[wasm_bindgen(method)]
    fn changed(
        this: &Host,
        status: Status,
        generation: u32,
        refreshing: bool,
        reason: Option<SignedOutReason>,
        expires_at: Option<f64>,
        retry_at: Option<f64>,
    );
    #[wasm_bindgen(method, js_name = signedIn)]
    fn signed_in(this: &Host);
    #[wasm_bindgen(method, js_name = signedOut)]
    fn signed_out(this: &Host, reason: SignedOutReason);
    #[wasm_bindgen(method)]
    fn refreshed(this: &Host, generation: u32, by: RefreshedBy);
    #[wasm_bindgen(method, js_name = refreshFailed)]
    fn refresh_failed(
        this: &Host,
        retry_at: Option<f64>,
        code: FailureCode,
        status: u16,
        retry_after: Option<f64>,
    );
    #[wasm_bindgen(method, js_name = userChanged)]
    fn user_changed(this: &Host);
    #[wasm_bindgen(method, js_name = cookieNotKept)]
    fn cookie_not_kept(this: &Host, status: u16);
    #[wasm_bindgen(method)]
    fn transition(
        this: &Host,
        at: f64,
        event: TransitionEvent,
        from: Status,
        to: Status,
        generation: u32,
        note: Option<Note>,
    );

    /// The platform's `Headers`. `web-sys` sets Rust's texts only, and this one is JavaScript's.
    #[wasm_bindgen(js_name = Headers)]
    pub(super) type Headers;
    #[wasm_bindgen(method)]
    pub(super) fn set(this: &Headers, name: &str, value: &JsString);
}

impl Host {
    /// Does what the engine asks for, except for the timer, which the driver sets. `session` is the
    /// session that the engine shows now.
    pub(super) fn perform(&self, output: Output, session: engine::Session) {
        match output {
            Output::SendRefresh { call } => self.send(call.0, false),
            Output::SendLogout { call } => self.send(call.0, true),
            Output::AbortCall { call } => self.abort(call.0),
            Output::AcquireLock { ticket } => self.acquire_lock(ticket.0),
            Output::ReleaseLock { ticket } => self.release_lock(ticket.0),
            Output::Broadcast(message) => {
                let [version, epoch, kind, flags, high, low, time] = messages::encode(message);
                self.broadcast(version, epoch, kind, flags, high, low, time);
            }
            Output::Settle { waiter, outcome } => {
                let outcome = match outcome {
                    engine::Outcome::Done | engine::Outcome::Proceed => Outcome::Done,
                    engine::Outcome::Token => Outcome::Token,
                    engine::Outcome::Anonymous => Outcome::Anonymous,
                    engine::Outcome::GiveUp => Outcome::GiveUp,
                    engine::Outcome::Failed(failure) => {
                        let (code, status, retry_after) = told(failure);
                        return self.fail(waiter.0, code, status, retry_after);
                    }
                };
                self.settle(waiter.0, outcome);
            }
            Output::Changed => self.changed(
                session.status.into(),
                session.generation,
                session.refreshing,
                session.reason.map(Into::into),
                moment(session.expires_at),
                moment(session.retry_at),
            ),
            Output::Emit(Event::SignedIn) => self.signed_in(),
            Output::Emit(Event::SignedOut(reason)) => self.signed_out(reason.into()),
            Output::Emit(Event::Refreshed { generation, by_sibling }) => {
                let by = if by_sibling { RefreshedBy::Sibling } else { RefreshedBy::ThisTab };
                self.refreshed(generation, by);
            }
            Output::Emit(Event::RefreshFailed { failure, retry_at }) => {
                let (code, status, retry_after) = told(failure);
                self.refresh_failed(moment(retry_at), code, status, retry_after);
            }
            Output::Emit(Event::UserChanged) => self.user_changed(),
            Output::Emit(Event::CookieNotKept { status }) => self.cookie_not_kept(status),
            Output::SetTimer { .. } | Output::ClearTimer => {}
        }
    }

    /// Tells one transition, for `explain()`.
    pub(super) fn tell(&self, transition: &engine::Transition) {
        self.transition(
            transition.at as f64,
            transition.step.into(),
            transition.from.into(),
            transition.to.into(),
            transition.generation,
            transition.note.map(Into::into),
        );
    }
}

/// A failure, in parts.
fn told(failure: Failure) -> (FailureCode, u16, Option<f64>) {
    let seconds = failure.retry_after().map(|wait| wait as f64 / 1_000.0);
    (failure.kind.into(), failure.status, seconds)
}

fn moment(at: Option<u64>) -> Option<f64> {
    at.map(|at| at as f64)
}
