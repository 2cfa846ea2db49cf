//! Carries out what the engine asks for.

use std::cell::{Cell, Ref, RefCell, RefMut};
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use wasm_bindgen::prelude::*;

use super::host::Host;
use crate::engine::{Config, Engine, Now, Output};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// The two clocks of the page.
pub(super) fn now() -> Now {
    Now { mono: performance_now() as u64, wall: js_sys::Date::now() as u64 }
}

/// The engine of one keep, with what it drives.
pub(super) struct Driver {
    engine: RefCell<Engine>,
    host: Host,
    /// Outputs are being carried out. The outputs of an input that comes in meanwhile are carried
    /// out there too, when those before them are done.
    at_work: Cell<bool>,
    /// The callback of the timer holds the driver. Closing the keep clears the timer.
    timer: Cell<Option<Timeout>>,
}

impl Driver {
    pub(super) fn new(config: Config, host: Host) -> Rc<Self> {
        // The seed has all 53 bits of one draw. It spreads load and guards nothing.
        let seed = (js_sys::Math::random() * 9_007_199_254_740_992.0) as u64;
        let engine = RefCell::new(Engine::new(config, seed, now()));
        Rc::new(Self { engine, host, at_work: Cell::default(), timer: Cell::default() })
    }

    /// The engine. The borrow has to end before anything outside the crate is called.
    pub(super) fn engine(&self) -> Ref<'_, Engine> {
        self.engine.borrow()
    }

    /// Gives the engine one input, and carries out what follows.
    pub(super) fn input<T>(self: &Rc<Self>, input: impl FnOnce(&mut Engine, Now) -> T) -> T {
        let result = input(&mut self.engine_mut(), now());
        self.carry_out();
        result
    }

    /// Not inlined: each kind of input would have the check of the borrow.
    #[inline(never)]
    fn engine_mut(&self) -> RefMut<'_, Engine> {
        self.engine.borrow_mut()
    }

    /// Tells the last transitions, oldest first. The borrow of the engine ends before each is told.
    pub(super) fn explain(&self) {
        for transition in (0..).map_while(|age| self.engine().explain().get(age).copied()) {
            self.host.tell(&transition);
        }
    }

    #[inline(never)]
    fn carry_out(self: &Rc<Self>) {
        if self.at_work.replace(true) {
            return;
        }
        loop {
            let output = self.engine.borrow_mut().poll_output();
            // Dropping a timer clears it.
            match output {
                None => break,
                Some(Output::SetTimer { delay, .. }) => {
                    let this = Rc::clone(self);
                    self.timer.set(Some(Timeout::new(delay as u32, move || {
                        this.input(Engine::handle_timer)
                    })));
                }
                Some(Output::ClearTimer) => drop(self.timer.take()),
                Some(output) => {
                    let session = self.engine().session();
                    self.host.perform(output, session);
                }
            }
        }
        self.at_work.set(false);
    }
}
