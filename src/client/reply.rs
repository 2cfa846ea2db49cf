//! Judges the answer of the refresh endpoint, with the page's clock and reader of dates.

use super::driver::now;
use crate::engine::{self, Failure, Grant, Millis, Reply, retry_after};

/// Judges the answer. Status 0 stands for a redirect that the browser hides, an empty field for a
/// missing one, and no body for a body that is too long.
pub(super) fn judge(
    status: u16,
    content_type: &str,
    wait: &str,
    date: &str,
    body: Option<&[u8]>,
) -> Result<Grant, Failure> {
    // A date is meant by the server's clock, so it is compared with that clock where it can be
    // seen.
    let retry_after = retry_after(wait, moment, || moment(date).unwrap_or_else(|| now().wall));
    engine::judge(&Reply { status, content_type: Some(content_type), retry_after, body })
}

/// The moment of an HTTP date. Every JavaScript engine reads its three forms (RFC 9110 section
/// 5.6.7).
fn moment(date: &str) -> Option<Millis> {
    Some(js_sys::Date::parse(date)).filter(|at| *at >= 0.0).map(|at| at as Millis)
}
