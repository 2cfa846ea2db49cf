//! The origin-wide lock, by Web Locks. Where they are missing or denied the engine is told so and goes on without.

use std::cell::RefCell;
use std::rc::Weak;

use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::AbortController;

use super::driver::Driver;
use crate::engine::Ticket;

#[wasm_bindgen]
extern "C" {
    type LockManager;

    #[wasm_bindgen(method, catch)]
    fn request(this: &LockManager, name: &str, options: &JsValue, callback: &Function) -> Result<Promise, JsValue>;
}

pub(super) struct Locks {
    driver: Weak<Driver>,
    name: String,
    wishes: RefCell<Vec<Wish>>,
}

struct Wish {
    ticket: Ticket,
    controller: Option<AbortController>,
    /// Resolves the promise that holds the lock; there once the lock is granted.
    release: Option<Function>,
}

impl Locks {
    pub(super) fn new(driver: Weak<Driver>, name: &str) -> Self {
        Self { driver, name: format!("tokenkeep:{name}"), wishes: RefCell::default() }
    }

    pub(super) fn acquire(&self, ticket: Ticket) {
        let controller = AbortController::new().ok();
        let request = self.request(ticket, controller.as_ref());
        self.wishes.borrow_mut().push(Wish { ticket, controller, release: None });
        let driver = self.driver.clone();
        spawn_local(async move {
            let denied = match request {
                Ok(held) => JsFuture::from(held).await.is_err(),
                Err(_) => true,
            };
            if denied && let Some(driver) = driver.upgrade() {
                driver.input(|engine, now| engine.handle_lock(now, ticket, false));
            }
        });
    }

    fn request(&self, ticket: Ticket, controller: Option<&AbortController>) -> Result<Promise, JsValue> {
        let navigator = Reflect::get(&js_sys::global(), &"navigator".into())?;
        let manager = Reflect::get(&navigator, &"locks".into())?;
        if manager.is_undefined() {
            return Err(manager);
        }
        let options = js_sys::Object::new();
        if let Some(controller) = controller {
            Reflect::set(&options, &"signal".into(), &controller.signal())?;
        }
        let driver = self.driver.clone();
        let granted = Closure::once_into_js(move || driver.upgrade().map(|driver| granted(&driver, ticket)));
        manager.unchecked_ref::<LockManager>().request(&self.name, &options, granted.unchecked_ref())
    }

    pub(super) fn release(&self, ticket: Ticket) {
        let mut wishes = self.wishes.borrow_mut();
        let Some(at) = wishes.iter().position(|wish| wish.ticket == ticket) else { return };
        let wish = wishes.swap_remove(at);
        if let Some(release) = wish.release {
            let _ = release.call0(&JsValue::UNDEFINED);
        } else if let Some(controller) = wish.controller {
            controller.abort();
        }
    }
}

/// The browser calls this with the lock; it is held until the returned promise resolves.
fn granted(driver: &std::rc::Rc<Driver>, ticket: Ticket) -> Promise {
    let held = Promise::new(&mut |release, _| driver.locks().hold(ticket, release));
    driver.input(|engine, now| engine.handle_lock(now, ticket, true));
    held
}

impl Locks {
    fn hold(&self, ticket: Ticket, release: Function) {
        match self.wishes.borrow_mut().iter_mut().find(|wish| wish.ticket == ticket) {
            Some(wish) => wish.release = Some(release),
            // Given up in the meantime.
            None => drop(release.call0(&JsValue::UNDEFINED)),
        }
    }
}
