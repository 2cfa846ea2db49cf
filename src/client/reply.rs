//! The answers of the authority, with the page's clock and reader of dates.

use super::driver::now;
use crate::engine::{Clock, Millis, NoSession, Reply, TokenTypes, retry_after};

/// An answer of 2xx, but for its type. No body stands for one that is too long. `sent_at` is the
/// moment of its `Date`, NaN where that can't be seen. `header` is the token, where a header is
/// named for it.
pub(super) fn reply<'a>(
    types: TokenTypes,
    sent_at: f64,
    header: Option<&'a [u8]>,
    body: Option<&'a [u8]>,
) -> Reply<'a> {
    // A date is meant by the server's clock, so it is compared with that clock where it can be
    // seen.
    let sent_at = if sent_at > 0.0 { sent_at as Millis } else { now().wall };
    Reply {
        status: 200,
        content_type: None,
        retry_after: None,
        header,
        types,
        body,
        clock: Clock { sent_at, date: &quoted_moment },
        no_session: NoSession::default(),
    }
}

/// How long `Retry-After` asks to wait.
pub(super) fn wait(reply: &Reply<'_>, field: &[u8]) -> Option<Millis> {
    retry_after(field, moment, || reply.clock.sent_at)
}

/// The moment of an ISO 8601 text that is a JSON string.
fn quoted_moment(value: &[u8]) -> Option<Millis> {
    moment(value.get(1..value.len().checked_sub(1)?)?)
}

/// The moment of a date of HTTP (RFC 9110 section 5.6.7) or ISO 8601. Every JavaScript engine reads
/// their forms, and they are of ASCII.
#[expect(unsafe_code, reason = "the checked conversion is larger than all that reads replies")]
fn moment(date: &[u8]) -> Option<Millis> {
    let date = Some(date).filter(|date| date.iter().all(u8::is_ascii))?;
    // SAFETY: ASCII is UTF-8.
    let date = js_sys::Date::parse(unsafe { core::str::from_utf8_unchecked(date) });
    Some(date).filter(|at| *at >= 0.0).map(|at| at as Millis)
}
