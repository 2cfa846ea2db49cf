//! The tabs of this origin, by BroadcastChannel: small versioned messages without a token. What can't be read is ignored.

use std::cell::RefCell;
use std::rc::Weak;

use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use web_sys::{BroadcastChannel, MessageEvent};

use super::driver::Driver;
use crate::engine::{Message, News};

/// Raised when a message changes its meaning; other versions are ignored.
const VERSION: u32 = 1;

/// Integers above this are not exact in JavaScript.
const MAX_SAFE: f64 = 9_007_199_254_740_991.0;

pub(super) struct Siblings {
    driver: Weak<Driver>,
    name: String,
    open: RefCell<Option<(BroadcastChannel, Closure<dyn FnMut(MessageEvent)>)>>,
}

impl Siblings {
    pub(super) fn new(driver: Weak<Driver>, name: &str) -> Self {
        Self { driver, name: format!("tokenkeep:{name}"), open: RefCell::default() }
    }

    /// Listens. Where there is no such channel this tab is alone.
    pub(super) fn open(&self) {
        let Ok(channel) = BroadcastChannel::new(&self.name) else { return };
        let driver = self.driver.clone();
        let listener = Closure::new(move |event: MessageEvent| {
            if let (Some(driver), Some(message)) = (driver.upgrade(), read(event.data())) {
                driver.input(|engine, now| engine.handle_sibling(now, message));
            }
        });
        channel.set_onmessage(Some(listener.as_ref().unchecked_ref()));
        self.open.replace(Some((channel, listener)));
    }

    pub(super) fn close(&self) {
        if let Some((channel, _listener)) = self.open.take() {
            channel.set_onmessage(None);
            channel.close();
        }
    }

    pub(super) fn tell(&self, message: Message) {
        if let (Some((channel, _)), Ok(wire)) = (&*self.open.borrow(), serde_wasm_bindgen::to_value(&Wire::from(message))) {
            let _ = channel.post_message(&wire);
        }
    }
}

/// A message as it crosses between tabs.
#[derive(Serialize, Deserialize)]
struct Wire {
    tokenkeep: u32,
    epoch: f64,
    news: u8,
    #[serde(default)]
    signed_in: bool,
    #[serde(default)]
    visible: bool,
    #[serde(default)]
    subject: Option<(u32, u32)>,
    #[serde(default)]
    retry_after: Option<f64>,
}

impl From<Message> for Wire {
    fn from(Message { epoch, news }: Message) -> Self {
        let mut wire = Self {
            tokenkeep: VERSION,
            epoch: epoch as f64,
            news: 0,
            signed_in: false,
            visible: false,
            subject: None,
            retry_after: None,
        };
        let halves = |subject: u64| ((subject >> 32) as u32, subject as u32);
        wire.news = match news {
            News::Asking => 1,
            News::Standing { signed_in, visible, subject, retry_after } => {
                wire.signed_in = signed_in;
                wire.visible = visible;
                wire.subject = subject.map(halves);
                wire.retry_after = retry_after.map(|wait| wait as f64);
                2
            }
            News::SignedIn { subject } => {
                wire.subject = subject.map(halves);
                3
            }
            News::SignedOut => 4,
            News::Refreshed { visible } => {
                wire.visible = visible;
                5
            }
            News::Rejected => 6,
            News::Pause { retry_after } => {
                wire.retry_after = Some(retry_after as f64);
                7
            }
        };
        wire
    }
}

fn read(value: JsValue) -> Option<Message> {
    let wire: Wire = serde_wasm_bindgen::from_value(value).ok()?;
    let whole = |number: f64| (0.0..=MAX_SAFE).contains(&number).then_some(number as u64);
    if wire.tokenkeep != VERSION {
        return None;
    }
    let subject = wire.subject.map(|(high, low)| u64::from(high) << 32 | u64::from(low));
    let retry_after = match wire.retry_after {
        Some(wait) => Some(whole(wait)?),
        None => None,
    };
    let news = match wire.news {
        1 => News::Asking,
        2 => News::Standing { signed_in: wire.signed_in, visible: wire.visible, subject, retry_after },
        3 => News::SignedIn { subject },
        4 => News::SignedOut,
        5 => News::Refreshed { visible: wire.visible },
        6 => News::Rejected,
        7 => News::Pause { retry_after: retry_after? },
        _ => return None,
    };
    Some(Message { epoch: whole(wire.epoch)?, news })
}
