//! The browser half: drives the engine with fetch, timers, Web Locks and BroadcastChannel.
//!
//! [`Keep`] is what the JavaScript half holds; [`driver`] carries out what the engine asks for. Every method changes
//! the engine before it returns, so `logout()` has taken effect before anything is awaited; what takes time goes on in a
//! promise. No borrow of the engine is held while foreign code runs.

mod allocator;
mod calls;
mod clock;
mod driver;
mod host;
mod locks;
mod page;
mod requests;
mod settings;
mod siblings;
mod sign_in;

use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;
use web_sys::Request;

use crate::engine::Outcome;
use driver::Driver;
use host::Host;

/// One keep: a session machine with everything that it drives.
#[wasm_bindgen]
pub struct Keep(Rc<Driver>);

#[wasm_bindgen]
impl Keep {
    /// Takes the checked options of `createTokenKeep` (see [`settings`]) and the host that it calls back.
    #[wasm_bindgen(constructor)]
    pub fn new(settings: JsValue, host: Host) -> Result<Keep, JsValue> {
        let settings = serde_wasm_bindgen::from_value(settings)?;
        Ok(Self(Driver::new(settings, host)))
    }

    /// Resolves when it is known whether there is a session.
    pub fn start(&self) -> Promise {
        let waiter = self.0.input(|engine, now| engine.handle_start(now));
        self.done(self.0.answer(waiter))
    }

    /// Resolves when the token was renewed.
    pub fn refresh(&self) -> Promise {
        let waiter = self.0.input(|engine, now| engine.handle_refresh(now));
        self.done(self.0.answer(waiter))
    }

    /// Resolves when the server was told.
    pub fn logout(&self) -> Promise {
        let waiter = self.0.input(|engine, now| engine.handle_logout(now));
        self.done(self.0.answer(waiter))
    }

    /// Takes over a token; `expires_in` in seconds, anything but a positive number counts as not told.
    pub fn adopt(&self, access_token: &str, expires_in: f64) -> Result<(), JsValue> {
        sign_in::adopt(&self.0, access_token, expires_in)
    }

    /// Resolves to the token, which has at least `validity` milliseconds to live.
    pub fn lend(&self, validity: f64) -> Promise {
        let waiter = self.0.input(|engine, now| engine.handle_lend(now, validity as u64));
        let answer = self.0.answer(waiter);
        let driver = Rc::clone(&self.0);
        future_to_promise(async move {
            match answer.await {
                Outcome::Failed(failure) => Err(driver.error(failure)),
                _ => driver.lent_token(),
            }
        })
    }

    /// Sends `request` with the token if its origin is listed; see [`requests`].
    pub fn fetch(&self, request: Request, replayable: bool) -> Promise {
        future_to_promise(requests::send(Rc::clone(&self.0), request, replayable))
    }

    /// Sends the application's sign-in request; see [`sign_in`].
    #[wasm_bindgen(js_name = signIn)]
    pub fn sign_in(&self, request: Request) -> Promise {
        let waiter = self.0.input(|engine, now| engine.handle_sign_in(now));
        future_to_promise(sign_in::send(Rc::clone(&self.0), self.0.answer(waiter), waiter, request))
    }

    /// The last transitions, oldest first.
    pub fn explain(&self) -> Result<js_sys::Array, JsValue> {
        self.0.explain()
    }

    /// Ends everything.
    pub fn close(&self) {
        self.0.input(|engine, now| engine.handle_close(now));
        self.0.shut();
    }

    fn done(&self, answer: driver::Answer) -> Promise {
        let driver = Rc::clone(&self.0);
        future_to_promise(async move {
            match answer.await {
                Outcome::Failed(failure) => Err(driver.error(failure)),
                _ => Ok(JsValue::UNDEFINED),
            }
        })
    }
}
