//! Carries out what the engine asks for.

use std::cell::{Ref, RefCell};
use std::rc::{Rc, Weak};

use gloo_timers::callback::Timeout;

use super::host::Host;
use super::{clock, wire};
use crate::engine::{Config, Engine, Event, Failure, Now, Outcome, Output};

/// One keep's engine and what it drives.
pub(super) struct Driver {
    this: Weak<Self>,
    engine: RefCell<Engine>,
    host: Host,
    timer: RefCell<Option<Timeout>>,
}

impl Driver {
    pub(super) fn new(config: Config, host: Host) -> Rc<Self> {
        // Two draws of 32 bits; the seed spreads load and guards nothing.
        let draw = || (js_sys::Math::random() * 4_294_967_296.0) as u64;
        let engine = Engine::new(config, draw() << 32 | draw(), clock::now());
        Rc::new_cyclic(|this| Self {
            this: this.clone(),
            engine: RefCell::new(engine),
            host,
            timer: RefCell::default(),
        })
    }

    pub(super) fn engine(&self) -> Ref<'_, Engine> {
        self.engine.borrow()
    }

    pub(super) fn host(&self) -> &Host {
        &self.host
    }

    /// One input, and everything that follows from it.
    pub(super) fn input<T>(&self, input: impl FnOnce(&mut Engine, Now) -> T) -> T {
        let result = input(&mut self.engine.borrow_mut(), clock::now());
        self.drain();
        result
    }

    #[inline(never)]
    fn drain(&self) {
        loop {
            let output = self.engine.borrow_mut().poll_output();
            match output {
                Some(output) => self.perform(output),
                None => return,
            }
        }
    }

    fn perform(&self, output: Output) {
        match output {
            Output::SendRefresh { call } => self.host.send(call.0, false),
            Output::SendLogout { call } => self.host.send(call.0, true),
            Output::AbortCall { call } => self.host.abort(call.0),
            Output::AcquireLock { ticket } => self.host.lock(ticket.0),
            Output::ReleaseLock { ticket } => self.host.unlock(ticket.0),
            Output::SetTimer { delay, .. } => {
                let this = self.this.clone();
                let timeout = Timeout::new(delay as u32, move || {
                    if let Some(driver) = this.upgrade() {
                        driver.input(Engine::handle_timer);
                    }
                });
                self.timer.replace(Some(timeout));
            }
            Output::ClearTimer => drop(self.timer.take()),
            Output::Broadcast(message) => self.host.tell(&wire::write(message)),
            Output::Settle { waiter, outcome } => {
                let failure = if let Outcome::Failed(failure) = outcome { Some(failure) } else { None };
                let [kind, status, retry_after] = failure.map_or([0.0; 3], numbers);
                self.host.settle(waiter.0, number(outcome), kind as u8, status as u16, retry_after);
            }
            Output::Changed => self.show(),
            Output::Emit(event) => self.emit(event),
        }
    }

    fn show(&self) {
        let engine = self.engine.borrow();
        let session = engine.session();
        let numbers = [
            f64::from(session.status as u8),
            f64::from(session.generation),
            moment(session.expires_at),
            f64::from(u8::from(session.refreshing)),
            moment(session.retry_at),
            f64::from(session.reason.map_or(0, |reason| reason as u8)),
        ];
        self.host.changed(&numbers, engine.claims());
    }

    fn emit(&self, event: Event) {
        match event {
            Event::SignedIn => self.host.emit(0, &[]),
            Event::SignedOut(reason) => self.host.emit(1, &[f64::from(reason as u8)]),
            Event::Refreshed { generation, by_sibling } => {
                self.host.emit(2, &[f64::from(generation), f64::from(u8::from(by_sibling))])
            }
            Event::RefreshFailed { failure, retry_at } => {
                let [kind, status, retry_after] = numbers(failure);
                self.host.emit(3, &[kind, status, retry_after, moment(retry_at)]);
            }
            Event::UserChanged => self.host.emit(4, &[]),
        }
    }
}

/// Kind, status (0 for none) and seconds to wait (negative for none).
fn numbers(failure: Failure) -> [f64; 3] {
    let retry_after = failure.retry_after.map_or(-1.0, |wait| wait as f64 / 1_000.0);
    [f64::from(failure.kind as u8), f64::from(failure.status.unwrap_or(0)), retry_after]
}

fn moment(at: Option<u64>) -> f64 {
    at.map_or(f64::NAN, |at| at as f64)
}

/// The numbers by which an outcome crosses.
fn number(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Done | Outcome::Proceed => 0,
        Outcome::Token => 1,
        Outcome::Anonymous => 2,
        Outcome::GiveUp => 3,
        Outcome::Failed(_) => 4,
    }
}
