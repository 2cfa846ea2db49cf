//! The answer of the refresh endpoint, as JavaScript brings it.

use super::body::Body;
use super::clock;
use crate::engine::{self, Failure, Grant, Millis, Reply, retry_after};

/// Judges the answer; status 0 stands for a redirect that the browser hides.
pub(super) fn judge(
    status: u16,
    content_type: Option<&str>,
    wait: Option<&str>,
    date: Option<&str>,
    body: Body,
) -> Result<Grant, Failure> {
    // A date is the server's clock's: where its own reading can be seen, the two are compared.
    let wall = date.and_then(moment).unwrap_or(clock::now().wall);
    let body = body.whole();
    let retry_after = wait.and_then(|field| retry_after(field, moment, wall));
    engine::judge(&Reply { status, content_type, retry_after, body: body.as_deref() })
}

/// The three forms of an HTTP date (RFC 9110 section 5.6.7) are among what every JavaScript engine reads.
fn moment(date: &str) -> Option<Millis> {
    Some(js_sys::Date::parse(date)).filter(|at| *at >= 0.0).map(|at| at as Millis)
}
