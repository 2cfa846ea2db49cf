//! What the page goes through: seen and hidden, online and offline, frozen and restored. Each is a hint to look again.

use std::rc::Rc;

use js_sys::{Function, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::EventTarget;

use super::driver::Driver;
use crate::engine::{Engine, Wake};

/// The listeners of one keep; removed on drop.
pub(super) struct Page {
    targets: Vec<(EventTarget, &'static [&'static str])>,
    listener: Closure<dyn FnMut(JsValue)>,
}

const WINDOW: &[&str] = &["online", "offline", "pageshow", "pagehide", "focus"];
const DOCUMENT: &[&str] = &["visibilitychange", "resume"];

impl Page {
    /// Tells the engine where the page stands, and what it goes through from now on. Outside a page nothing is heard.
    pub(super) fn watch(driver: &Rc<Driver>, coordinate: bool) -> Self {
        let weak = Rc::downgrade(driver);
        let listener = Closure::new(move |event: JsValue| {
            if let Some(driver) = weak.upgrade() {
                hear(&driver, &event, coordinate);
            }
        });
        let global = js_sys::global();
        let mut targets: Vec<(EventTarget, &[&str])> = Vec::new();
        if has_listeners(&global) {
            targets.push((global.clone().unchecked_into(), WINDOW));
        }
        let document = member(&global, "document");
        if has_listeners(&document) {
            targets.push((document.unchecked_into(), DOCUMENT));
        }
        let page = Self { targets, listener };
        page.each(|target, name, listener| target.add_event_listener_with_callback(name, listener));
        if hidden() {
            driver.input(|engine, now| engine.handle_wake(now, Wake::Hidden));
        }
        if member(&member(&global, "navigator"), "onLine") == JsValue::FALSE {
            driver.input(|engine, now| engine.handle_wake(now, Wake::Offline));
        }
        page
    }

    fn each(&self, apply: impl Fn(&EventTarget, &str, &Function) -> Result<(), JsValue>) {
        for (target, names) in &self.targets {
            for name in *names {
                // A target that takes no listener has nothing to tell.
                let _ = apply(target, name, self.listener.as_ref().unchecked_ref());
            }
        }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.each(|target, name, listener| target.remove_event_listener_with_callback(name, listener));
    }
}

fn hear(driver: &Rc<Driver>, event: &JsValue, coordinate: bool) {
    let persisted = member(event, "persisted").is_truthy();
    let wake = match member(event, "type").as_string().as_deref() {
        Some("online") => Wake::Online,
        Some("offline") => Wake::Offline,
        Some("resume") => Wake::Restored,
        Some("pageshow") if persisted => {
            if coordinate {
                driver.siblings().open();
            }
            Wake::Restored
        }
        // A page with an open channel may be kept out of the back/forward cache.
        Some("pagehide") if persisted => {
            driver.siblings().close();
            return;
        }
        Some("visibilitychange") if hidden() => Wake::Hidden,
        Some("visibilitychange" | "focus") => Wake::Visible,
        _ => {
            driver.input(Engine::handle_timer);
            return;
        }
    };
    driver.input(|engine, now| engine.handle_wake(now, wake));
}

fn hidden() -> bool {
    member(&member(&js_sys::global(), "document"), "visibilityState").as_string().as_deref() == Some("hidden")
}

fn has_listeners(target: &JsValue) -> bool {
    member(target, "addEventListener").is_function()
}

fn member(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}
