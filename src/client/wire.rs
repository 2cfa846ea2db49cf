//! What crosses to the JavaScript half: a kind, up to four whole numbers and up to two others.
//! There is no room for a token. `js/client/wire.ts` is the other side, which tells what each
//! number means.
//!
//! Moments are epoch milliseconds, NaN for none. A failure is its kind, its status (0 for none) and
//! the seconds to wait (below 0 for none).

use super::host::Host;
use crate::engine::{Event, Failure, Message, News, Outcome, Output, Session, Transition};

const SEND_REFRESH: u8 = 0;
const SEND_LOGOUT: u8 = 1;
const ABORT: u8 = 2;
const LOCK: u8 = 3;
const UNLOCK: u8 = 4;
const SETTLE: u8 = 5;
const TELL: u8 = 6;
const CHANGED: u8 = 7;
const SIGNED_IN: u8 = 8;
const SIGNED_OUT: u8 = 9;
const REFRESHED: u8 = 10;
const REFRESH_FAILED: u8 = 11;
const USER_CHANGED: u8 = 12;
const ENTRY: u8 = 13;

/// Asks the host for what the engine asks for. The timer is not the host's.
pub(super) fn write(host: &Host, output: Output, session: Session) {
    let (what, a, b) = match output {
        Output::SendRefresh { call } => (SEND_REFRESH, call.0, 0),
        Output::SendLogout { call } => (SEND_LOGOUT, call.0, 0),
        Output::AbortCall { call } => (ABORT, call.0, 0),
        Output::AcquireLock { ticket } => (LOCK, ticket.0, 0),
        Output::ReleaseLock { ticket } => (UNLOCK, ticket.0, 0),
        Output::Settle { waiter, outcome } => {
            let outcome = match outcome {
                Outcome::Done | Outcome::Proceed => 0,
                Outcome::Token => 1,
                Outcome::Anonymous => 2,
                Outcome::GiveUp => 3,
                Outcome::Failed(failure) => {
                    let status = u32::from(failure.status);
                    return host.perform(
                        SETTLE,
                        waiter.0,
                        4,
                        failure.kind as u32,
                        status,
                        seconds(failure),
                        0.0,
                    );
                }
            };
            (SETTLE, waiter.0, outcome)
        }
        Output::Broadcast(message) => return write_message(host, message),
        Output::Changed => {
            let (refreshing, reason) =
                (u32::from(session.refreshing), session.reason.map_or(0, |reason| reason as u32));
            let (expiry, retry) = (moment(session.expires_at), moment(session.retry_at));
            return host.perform(
                CHANGED,
                session.status as u32,
                session.generation,
                refreshing,
                reason,
                expiry,
                retry,
            );
        }
        Output::Emit(Event::SignedIn) => (SIGNED_IN, 0, 0),
        Output::Emit(Event::SignedOut(reason)) => (SIGNED_OUT, reason as u32, 0),
        Output::Emit(Event::Refreshed { generation, by_sibling }) => {
            (REFRESHED, generation, u32::from(by_sibling))
        }
        Output::Emit(Event::RefreshFailed { failure, retry_at }) => {
            let (kind, status) = (failure.kind as u32, u32::from(failure.status));
            return host.perform(
                REFRESH_FAILED,
                kind,
                status,
                0,
                0,
                seconds(failure),
                moment(retry_at),
            );
        }
        Output::Emit(Event::UserChanged) => (USER_CHANGED, 0, 0),
        Output::SetTimer { .. } | Output::ClearTimer => return,
    };
    host.perform(what, a, b, 0, 0, 0.0, 0.0);
}

/// Tells the host one transition. Both statuses are one number, to make room.
pub(super) fn write_transition(host: &Host, transition: &Transition) {
    let statuses = transition.from as u32 * 4 + transition.to as u32;
    let why = transition.why.map_or(0, |why| why as u32);
    host.perform(
        ENTRY,
        transition.step as u32,
        why,
        statuses,
        transition.generation,
        transition.at as f64,
        0.0,
    );
}

fn moment(at: Option<u64>) -> f64 {
    at.map_or(f64::NAN, |at| at as f64)
}

fn seconds(failure: Failure) -> f64 {
    failure.retry_after().map_or(-1.0, |wait| wait as f64 / 1_000.0)
}

const FLAG_SIGNED_IN: u32 = 1;
const FLAG_VISIBLE: u32 = 2;
const FLAG_SUBJECT: u32 = 4;
const FLAG_WAIT: u32 = 8;

/// What a tab says, for its siblings: kind of news, flags, the two halves of the subject's hash;
/// epoch, milliseconds to wait.
fn write_message(host: &Host, Message { epoch, news }: Message) {
    let (mut flags, mut user, mut wait) = (0, None, None);
    let kind = match news {
        News::Asking => 1,
        News::Standing { signed_in, visible, subject, retry_after } => {
            flags = u32::from(signed_in) * FLAG_SIGNED_IN + u32::from(visible) * FLAG_VISIBLE;
            (user, wait) = (subject, retry_after);
            2
        }
        News::SignedIn { subject } => {
            user = subject;
            3
        }
        News::SignedOut { ago } => {
            wait = ago;
            4
        }
        News::Refreshed { visible } => {
            flags = u32::from(visible) * FLAG_VISIBLE;
            5
        }
        News::Rejected => 6,
        News::Pause { retry_after } => {
            wait = Some(retry_after);
            7
        }
        News::TurnOver => 8,
    };
    flags += u32::from(user.is_some()) * FLAG_SUBJECT + u32::from(wait.is_some()) * FLAG_WAIT;
    let user = user.unwrap_or(0);
    host.perform(
        TELL,
        kind,
        flags,
        (user >> 32) as u32,
        user as u32,
        epoch as f64,
        wait.unwrap_or(0) as f64,
    );
}

/// What a sibling said; `None` for anything that this version of the protocol does not write.
pub(super) fn read(
    kind: u32,
    flags: u32,
    [high, low]: [u32; 2],
    epoch: f64,
    wait: f64,
) -> Option<Message> {
    let subject = (flags & FLAG_SUBJECT != 0).then(|| u64::from(high) << 32 | u64::from(low));
    let retry_after = (flags & FLAG_WAIT != 0).then_some(wait as u64);
    let (signed_in, visible) = (flags & FLAG_SIGNED_IN != 0, flags & FLAG_VISIBLE != 0);
    let news = match kind {
        1 => News::Asking,
        2 => News::Standing { signed_in, visible, subject, retry_after },
        3 => News::SignedIn { subject },
        4 => News::SignedOut { ago: retry_after },
        5 => News::Refreshed { visible },
        6 => News::Rejected,
        7 => News::Pause { retry_after: retry_after? },
        8 => News::TurnOver,
        _ => return None,
    };
    Some(Message { epoch: epoch as u64, news })
}
