//! A message to siblings as it crosses between tabs: seven numbers, so there is no room for a token.
//! Version, epoch, kind of news, flags, the two halves of the subject's hash, milliseconds to wait.

use crate::engine::{Message, News};

/// Raised when a message changes its meaning; other versions are ignored.
const VERSION: f64 = 1.0;

/// Integers above this are not exact in JavaScript.
const MAX_SAFE: f64 = 9_007_199_254_740_991.0;

const SIGNED_IN: u32 = 1;
const VISIBLE: u32 = 2;
const HAS_SUBJECT: u32 = 4;
const HAS_WAIT: u32 = 8;

pub(super) fn write(Message { epoch, news }: Message) -> [f64; 7] {
    let (mut flags, mut subject, mut wait) = (0, None, None);
    let kind = match news {
        News::Asking => 1,
        News::Standing { signed_in, visible, subject: user, retry_after } => {
            flags = flag(signed_in, SIGNED_IN) | flag(visible, VISIBLE);
            (subject, wait) = (user, retry_after);
            2
        }
        News::SignedIn { subject: user } => {
            subject = user;
            3
        }
        News::SignedOut => 4,
        News::Refreshed { visible } => {
            flags = flag(visible, VISIBLE);
            5
        }
        News::Rejected => 6,
        News::Pause { retry_after } => {
            wait = Some(retry_after);
            7
        }
        News::TurnOver => 8,
    };
    flags |= flag(subject.is_some(), HAS_SUBJECT) | flag(wait.is_some(), HAS_WAIT);
    let user = subject.unwrap_or(0);
    let [high, low] = [user >> 32, user & 0xFFFF_FFFF].map(|half| half as f64);
    [VERSION, epoch as f64, f64::from(kind), f64::from(flags), high, low, wait.unwrap_or(0) as f64]
}

fn flag(on: bool, flag: u32) -> u32 {
    if on { flag } else { 0 }
}

/// `None` for anything that this version of the protocol does not write.
pub(super) fn read(wire: &[f64]) -> Option<Message> {
    let &[VERSION, epoch, kind, flags, high, low, wait] = wire else { return None };
    if !wire.iter().all(|number| (0.0..=MAX_SAFE).contains(number) && number.trunc() == *number) {
        return None;
    }
    let half = |half: f64| u32::try_from(half as u64).ok().map(u64::from);
    let flags = flags as u32;
    let subject = if flags & HAS_SUBJECT != 0 { Some(half(high)? << 32 | half(low)?) } else { None };
    let retry_after = (flags & HAS_WAIT != 0).then_some(wait as u64);
    let (signed_in, visible) = (flags & SIGNED_IN != 0, flags & VISIBLE != 0);
    let news = match kind as u64 {
        1 => News::Asking,
        2 => News::Standing { signed_in, visible, subject, retry_after },
        3 => News::SignedIn { subject },
        4 => News::SignedOut,
        5 => News::Refreshed { visible },
        6 => News::Rejected,
        7 => News::Pause { retry_after: retry_after? },
        8 => News::TurnOver,
        _ => return None,
    };
    Some(Message { epoch: epoch as u64, news })
}
