//! The messages between tabs: one encode and one decode. A message is seven numbers, so there is no
//! room for a token in it.

use crate::engine::{Message, News};

/// The first number. It is raised when the meaning of the others changes.
const VERSION: f64 = 1.0;
/// Version, epoch, kind, flags, the two halves of the subject's hash, and milliseconds: to wait, or
/// since the logout.
pub(super) type Numbers = [f64; 7];

/// A double holds every integer up to this one.
const LARGEST: f64 = 9_007_199_254_740_991.0;

/// The kinds of news, by their numbers in a message.
#[derive(Clone, Copy)]
enum Kind {
    Asking = 1,
    Standing = 2,
    SignedIn = 3,
    SignedOut = 4,
    Refreshed = 5,
    Rejected = 6,
    Pause = 7,
    TurnOver = 8,
}

const KINDS: [Kind; 8] = [
    Kind::Asking,
    Kind::Standing,
    Kind::SignedIn,
    Kind::SignedOut,
    Kind::Refreshed,
    Kind::Rejected,
    Kind::Pause,
    Kind::TurnOver,
];

const SIGNED_IN: u32 = 1;
const VISIBLE: u32 = 2;
const SUBJECT: u32 = 4;
const TIME: u32 = 8;

/// The numbers of a message.
pub(super) fn encode(Message { epoch, news }: Message) -> Numbers {
    let (mut flags, mut subject, mut time) = (0, None, None);
    let mut flag = |set: bool, flag: u32| flags |= if set { flag } else { 0 };
    let kind = match news {
        News::Asking => Kind::Asking,
        News::Standing { signed_in, visible, subject: user, retry_after } => {
            flag(signed_in, SIGNED_IN);
            flag(visible, VISIBLE);
            (subject, time) = (user, retry_after);
            Kind::Standing
        }
        News::SignedIn { subject: user } => {
            subject = user;
            Kind::SignedIn
        }
        News::SignedOut { ago } => {
            time = ago;
            Kind::SignedOut
        }
        News::Refreshed { visible } => {
            flag(visible, VISIBLE);
            Kind::Refreshed
        }
        News::Rejected => Kind::Rejected,
        News::Pause { retry_after } => {
            time = Some(retry_after);
            Kind::Pause
        }
        News::TurnOver => Kind::TurnOver,
    };
    flag(subject.is_some(), SUBJECT);
    flag(time.is_some(), TIME);
    let subject = subject.unwrap_or(0);
    [
        VERSION,
        epoch as f64,
        f64::from(kind as u8),
        f64::from(flags),
        f64::from((subject >> 32) as u32),
        f64::from(subject as u32),
        time.unwrap_or(0) as f64,
    ]
}

/// What a sibling said. `None` for a message that this version does not write.
pub(super) fn decode([version, epoch, kind, flags, high, low, time]: Numbers) -> Option<Message> {
    if version != VERSION {
        return None;
    }
    let (epoch, time) = (whole(epoch)?, whole(time)?);
    let (flags, high, low) = (small(flags)?, small(high)?, small(low)?);
    let has = |flag: u32| flags & flag != 0;
    let subject = has(SUBJECT).then(|| u64::from(high) << 32 | u64::from(low));
    let time = has(TIME).then_some(time);
    let (signed_in, visible) = (has(SIGNED_IN), has(VISIBLE));
    let kind = KINDS.into_iter().find(|known| f64::from(*known as u8) == kind)?;
    let news = match kind {
        Kind::Asking => News::Asking,
        Kind::Standing => News::Standing { signed_in, visible, subject, retry_after: time },
        Kind::SignedIn => News::SignedIn { subject },
        Kind::SignedOut => News::SignedOut { ago: time },
        Kind::Refreshed => News::Refreshed { visible },
        Kind::Rejected => News::Rejected,
        Kind::Pause => News::Pause { retry_after: time? },
        Kind::TurnOver => News::TurnOver,
    };
    Some(Message { epoch, news })
}

/// The integer, if the number is one from 0 to [`LARGEST`].
fn whole(number: f64) -> Option<u64> {
    let integer = number as u64;
    (integer as f64 == number && number <= LARGEST).then_some(integer)
}

/// The integer, if the number is one of 32 bits.
fn small(number: f64) -> Option<u32> {
    let integer = number as u32;
    (f64::from(integer) == number).then_some(integer)
}
