//! Carries out what the engine asks for.

use std::cell::{Cell, Ref, RefCell};
use std::rc::Rc;

use gloo_timers::callback::Timeout;

use super::host::Host;
use super::{clock, wire};
use crate::engine::{Config, Engine, Now, Output};

/// One keep's engine and what it drives.
pub(super) struct Driver {
    engine: RefCell<Engine>,
    host: Host,
    /// Its callback holds the driver; closing the keep clears it.
    timer: Cell<Option<Timeout>>,
}

impl Driver {
    pub(super) fn new(config: Config, host: Host) -> Rc<Self> {
        // All 53 bits of one draw; the seed spreads load and guards nothing.
        let seed = (js_sys::Math::random() * 9_007_199_254_740_992.0) as u64;
        let engine = Engine::new(config, seed, clock::now());
        Rc::new(Self { engine: RefCell::new(engine), host, timer: Cell::default() })
    }

    pub(super) fn engine(&self) -> Ref<'_, Engine> {
        self.engine.borrow()
    }

    /// One input, and everything that follows from it.
    pub(super) fn input<T>(self: &Rc<Self>, input: impl FnOnce(&mut Engine, Now) -> T) -> T {
        let result = input(&mut self.engine.borrow_mut(), clock::now());
        self.drain();
        result
    }

    /// Tells the last transitions, oldest first.
    pub(super) fn explain(&self) {
        for transition in self.engine().explain() {
            wire::write_transition(&self.host, transition);
        }
    }

    #[inline(never)]
    fn drain(self: &Rc<Self>) {
        loop {
            let output = self.engine.borrow_mut().poll_output();
            // What was set before is cleared by being dropped.
            match output {
                None => return,
                Some(Output::SetTimer { delay, .. }) => {
                    let this = Rc::clone(self);
                    self.timer.set(Some(Timeout::new(delay as u32, move || {
                        this.input(Engine::handle_timer)
                    })));
                }
                Some(Output::ClearTimer) => drop(self.timer.take()),
                Some(output) => wire::write(&self.host, output, &self.engine()),
            }
        }
    }
}
