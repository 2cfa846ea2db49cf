//! The answer of the refresh endpoint, as JavaScript brings it.

use super::driver::now;
use crate::engine::{self, Failure, Grant, Millis, Reply, retry_after};

/// Judges the answer; status 0 stands for a redirect that the browser hides, an empty field for one
/// that is not there, no body for one that is too long.
pub(super) fn judge(
    status: u16,
    content_type: &str,
    wait: &str,
    date: &str,
    body: Option<&[u8]>,
) -> Result<Grant, Failure> {
    // A date is the server's clock's: where its own reading can be seen, the two are compared.
    let retry_after = retry_after(wait, moment, || moment(date).unwrap_or_else(|| now().wall));
    engine::judge(&Reply { status, content_type: Some(content_type), retry_after, body })
}

/// The three forms of an HTTP date (RFC 9110 section 5.6.7) are among what every JavaScript engine
/// reads.
fn moment(date: &str) -> Option<Millis> {
    Some(js_sys::Date::parse(date)).filter(|at| *at >= 0.0).map(|at| at as Millis)
}
