//! Carries out what the engine asks for, and hands it what comes back.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use gloo_timers::callback::Timeout;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{AbortController, Request, Response};

use super::host::Host;
use super::locks::Locks;
use super::page::Page;
use super::settings::Settings;
use super::siblings::Siblings;
use super::{calls, clock};
use crate::engine::{CallId, Engine, Event, Failure, FailureKind, Now, Origins, Outcome, Output, Remedy, WaiterId};

/// One keep's engine and everything that it drives.
pub(super) struct Driver {
    engine: RefCell<Engine>,
    pub(super) settings: Settings,
    pub(super) origins: Origins,
    host: Host,
    answers: RefCell<Vec<(WaiterId, Slot)>>,
    call: RefCell<Option<(CallId, AbortController)>>,
    timer: RefCell<Option<Timeout>>,
    locks: Locks,
    siblings: Siblings,
    page: RefCell<Option<Page>>,
    /// An API refused a fresh token: the next answer that takes it is news to the engine.
    watch_acceptance: Cell<bool>,
}

enum Slot {
    Waiting(Option<Waker>),
    Ready(Outcome),
}

impl Driver {
    pub(super) fn new(settings: Settings, host: Host) -> Rc<Self> {
        let config = settings.config();
        // Two draws of 32 bits; the seed spreads load and guards nothing.
        let draw = || (js_sys::Math::random() * 4_294_967_296.0) as u64;
        let driver = Rc::new_cyclic(|driver| Self {
            engine: RefCell::new(Engine::new(config, draw() << 32 | draw(), clock::now())),
            origins: Origins::new(settings.origins.iter().cloned()),
            host,
            answers: RefCell::default(),
            call: RefCell::default(),
            timer: RefCell::default(),
            locks: Locks::new(driver.clone(), &settings.name),
            siblings: Siblings::new(driver.clone(), &settings.name),
            settings,
            page: RefCell::default(),
            watch_acceptance: Cell::new(false),
        });
        if config.coordinate {
            driver.siblings.open();
        }
        driver.page.replace(Some(Page::watch(&driver, config.coordinate)));
        driver
    }

    /// One input, and everything that follows from it.
    pub(super) fn input<T>(self: &Rc<Self>, input: impl FnOnce(&mut Engine, Now) -> T) -> T {
        let result = input(&mut self.engine.borrow_mut(), clock::now());
        loop {
            let output = self.engine.borrow_mut().poll_output();
            match output {
                Some(output) => self.perform(output),
                None => return result,
            }
        }
    }

    /// Every output returns at once; nothing here runs the application's code before the next task.
    fn perform(self: &Rc<Self>, output: Output) {
        match output {
            Output::SendRefresh { call } => {
                let (driver, signal) = (Rc::clone(self), self.abortable(call));
                spawn_local(async move {
                    let answer = calls::refresh(&driver, signal).await;
                    driver.input(|engine, now| engine.handle_refresh_answer(now, call, answer));
                });
            }
            Output::SendLogout { call } => {
                let (driver, signal) = (Rc::clone(self), self.abortable(call));
                spawn_local(async move {
                    let answer = calls::logout(&driver, signal).await;
                    driver.input(|engine, now| engine.handle_logout_answer(now, call, answer));
                });
            }
            Output::AbortCall { call } => {
                if let Some((_, controller)) = self.call.take().filter(|(known, _)| *known == call) {
                    // On a task of its own: listeners of the signal are the transport's.
                    spawn_local(async move { controller.abort() });
                }
            }
            Output::AcquireLock { ticket } => self.locks.acquire(ticket),
            Output::ReleaseLock { ticket } => self.locks.release(ticket),
            Output::SetTimer { delay, .. } => {
                let driver = Rc::downgrade(self);
                let timeout = Timeout::new(u32::try_from(delay).unwrap_or(i32::MAX as u32), move || {
                    if let Some(driver) = driver.upgrade() {
                        driver.input(Engine::handle_timer);
                    }
                });
                self.timer.replace(Some(timeout));
            }
            Output::ClearTimer => drop(self.timer.take()),
            Output::Broadcast(message) => self.siblings.tell(message),
            Output::Settle { waiter, outcome } => self.settle(waiter, outcome),
            Output::Changed => self.show(),
            Output::Emit(event) => self.emit(event),
        }
    }

    /// Ends what is left after [`Engine::handle_close`].
    pub(super) fn shut(&self) {
        self.timer.take();
        self.page.take();
        self.siblings.close();
    }

    pub(super) fn siblings(&self) -> &Siblings {
        &self.siblings
    }

    pub(super) fn locks(&self) -> &Locks {
        &self.locks
    }

    /// What `waiter` will be told.
    pub(super) fn answer(self: &Rc<Self>, waiter: WaiterId) -> Answer {
        let mut answers = self.answers.borrow_mut();
        if !answers.iter().any(|(known, _)| *known == waiter) {
            answers.push((waiter, Slot::Waiting(None)));
        }
        Answer { driver: Rc::clone(self), waiter }
    }

    fn settle(&self, waiter: WaiterId, outcome: Outcome) {
        let mut answers = self.answers.borrow_mut();
        match answers.iter_mut().find(|(known, _)| *known == waiter) {
            Some((_, slot)) => {
                if let Slot::Waiting(Some(waker)) = std::mem::replace(slot, Slot::Ready(outcome)) {
                    waker.wake();
                }
            }
            None => answers.push((waiter, Slot::Ready(outcome))),
        }
    }

    fn abortable(&self, call: CallId) -> Option<web_sys::AbortSignal> {
        let controller = AbortController::new().ok()?;
        let signal = controller.signal();
        self.call.replace(Some((call, controller)));
        Some(signal)
    }

    pub(super) async fn transport(&self, request: &Request) -> Result<Response, JsValue> {
        let response = wasm_bindgen_futures::JsFuture::from(self.host.transport(request)?).await?;
        Ok(response.unchecked_into())
    }

    /// Sets the current token on `request`; `None` when there is none to set. Returns generation and epoch.
    pub(super) fn authorize(&self, request: &Request) -> Option<(u32, u64)> {
        let engine = self.engine.borrow();
        let (token, generation, epoch) = engine.token()?;
        request.headers().set("Authorization", token.authorization()).ok()?;
        Some((generation, epoch))
    }

    pub(super) fn lent_token(&self) -> Result<JsValue, JsValue> {
        let engine = self.engine.borrow();
        match engine.token() {
            Some((token, ..)) => Ok(JsValue::from_str(token.expose())),
            None => Err(self.error(FailureKind::SignedOut.into())),
        }
    }

    /// An API answered this generation with something else than 401.
    pub(super) fn note_accepted(&self, generation: u32) {
        if self.watch_acceptance.take() {
            self.engine.borrow_mut().handle_accepted(generation);
        }
    }

    pub(super) fn reject_fresh_token(self: &Rc<Self>, generation: u32, url: &str) {
        self.watch_acceptance.set(true);
        self.input(|engine, now| engine.handle_retry_refused(now, generation));
        self.host.rejected_fresh_token(url);
    }

    pub(super) fn step_up(&self, remedy: &Remedy, url: &str) {
        if let Remedy::StepUp { acr_values, max_age } = remedy {
            self.host.step_up(acr_values.clone(), max_age.map_or(f64::NAN, |age| age as f64), url);
        }
    }

    pub(super) fn error(&self, failure: Failure) -> JsValue {
        let retry_after = failure.retry_after.map_or(-1.0, |wait| wait as f64 / 1_000.0);
        self.host.error(failure.kind as u8, failure.status.unwrap_or(0), retry_after)
    }

    fn show(&self) {
        let engine = self.engine.borrow();
        let session = engine.session();
        let moment = |at: Option<u64>| at.map_or(f64::NAN, |at| at as f64);
        self.host.changed(
            session.status as u8,
            session.generation,
            moment(session.expires_at),
            session.refreshing,
            moment(session.retry_at),
            session.reason.map_or(0, |reason| reason as u8),
            engine.claims(),
        );
    }

    fn emit(&self, event: Event) {
        match event {
            Event::SignedIn => self.host.signed_in(),
            Event::SignedOut(reason) => self.host.signed_out(reason as u8),
            Event::Refreshed { generation, by_sibling } => self.host.refreshed(generation, by_sibling),
            Event::RefreshFailed { failure, retry_at } => {
                self.host.refresh_failed(self.error(failure), retry_at.map_or(f64::NAN, |at| at as f64));
            }
            Event::UserChanged => self.host.user_changed(),
        }
    }

    pub(super) fn explain(&self) -> Result<js_sys::Array, JsValue> {
        let engine = self.engine.borrow();
        engine
            .explain()
            .map(|entry| {
                let transition = Transition {
                    at: entry.at as f64,
                    event: entry.event,
                    from: entry.from as u8,
                    to: entry.to as u8,
                    generation: entry.generation,
                    note: entry.note,
                };
                serde_wasm_bindgen::to_value(&transition).map_err(Into::into)
            })
            .collect()
    }
}

#[derive(serde::Serialize)]
struct Transition {
    at: f64,
    event: &'static str,
    from: u8,
    to: u8,
    generation: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
}

/// Resolves when the engine settles its waiter.
pub(super) struct Answer {
    driver: Rc<Driver>,
    waiter: WaiterId,
}

impl Future for Answer {
    type Output = Outcome;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome> {
        let mut answers = self.driver.answers.borrow_mut();
        let Some(at) = answers.iter().position(|(known, _)| *known == self.waiter) else {
            return Poll::Pending;
        };
        if let Slot::Ready(outcome) = answers[at].1 {
            answers.swap_remove(at);
            return Poll::Ready(outcome);
        }
        answers[at].1 = Slot::Waiting(Some(context.waker().clone()));
        Poll::Pending
    }
}
