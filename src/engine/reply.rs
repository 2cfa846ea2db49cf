//! What the endpoints of the authority answered, judged: what it means for the session.

use super::clock::{Millis, SECOND};
use super::failure::{Failure, FailureKind};
use super::grant::{Grant, has_access_token};
use crate::token::members::{self, Value, unescape};

/// A `Retry-After` beyond this (one day) is taken as this long.
pub const LONGEST_RETRY_AFTER: Millis = 24 * 3_600 * SECOND;

/// The parts of an HTTP answer that matter here.
pub struct Reply<'a> {
    /// The status; 0 for a redirect that the browser hides.
    pub status: u16,
    /// The `Content-Type` field.
    pub content_type: Option<&'a str>,
    /// How long `Retry-After` asks to wait.
    pub retry_after: Option<Millis>,
    /// The body, or `None` when it was longer than the host reads.
    pub body: Option<&'a [u8]>,
}

/// What a sign-in request came to.
pub enum SignInAnswer {
    /// A token.
    Granted(Grant),
    /// A 2xx without a token in it.
    WithoutToken,
    /// A 2xx whose token can't be used, or JSON that can't be read and may hold one: nobody gets
    /// it.
    Unusable,
    /// Another answer, or none.
    Failed,
}

impl SignInAnswer {
    /// Reads the JSON of a 2xx reply; no body for one that is longer than the host reads.
    #[must_use]
    pub fn read(body: Option<&[u8]>) -> Self {
        match body {
            Some(body) if has_access_token(body) => {
                Grant::read(body).map_or(Self::Unusable, Self::Granted)
            }
            Some(body) if members::is_json(body) => Self::WithoutToken,
            _ => Self::Unusable,
        }
    }
}

/// The answer of the logout endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogoutAnswer {
    /// The session is over.
    Done,
    /// An answer that does not say so. It holds the status, 0 for a redirect that the browser
    /// hides.
    Doubtful(u16),
    /// No answer.
    Missing,
}

impl LogoutAnswer {
    /// Judges an answer. 2xx says that the session is over, but not with an HTML page: a captive
    /// portal sends such a page too. So does an answer that is `listed`, except for 401: that says
    /// of itself that the call was not allowed.
    #[must_use]
    pub fn judge(status: u16, content_type: &str, listed: bool) -> Self {
        match status {
            401 => Self::Doubtful(status),
            _ if listed => Self::Done,
            200..300 if media_type(Some(content_type)) != Media::Html => Self::Done,
            _ => Self::Doubtful(status),
        }
    }
}

/// Judges the answer of a refresh endpoint.
///
/// # Errors
/// The failure, sorted into terminal, transient and misconfigured as `docs/server-contract.md`
/// tells.
pub fn judge(reply: &Reply<'_>) -> Result<Grant, Failure> {
    let kind = match reply.status {
        200 | 201 => match granted(reply) {
            Ok(grant) => return Ok(grant),
            Err(kind) => kind,
        },
        204 => FailureKind::Malformed,
        401 | 403 => FailureKind::Rejected,
        400 if ends_the_session(reply.body) => FailureKind::Rejected,
        408 | 425 | 429 | 500.. => FailureKind::Unreachable,
        _ => FailureKind::Misconfigured,
    };
    let failure = Failure::from(kind).answered(reply.status);
    Err(match reply.retry_after {
        Some(wait) if kind == FailureKind::Unreachable => failure.pausing(wait),
        _ => failure,
    })
}

fn granted(reply: &Reply<'_>) -> Result<Grant, FailureKind> {
    match media_type(reply.content_type) {
        Media::Json => Grant::read(reply.body.ok_or(FailureKind::Malformed)?),
        // A captive portal answers 200 with a page of its own, for a while.
        Media::Html => Err(FailureKind::Malformed),
        Media::Other => Err(FailureKind::Misconfigured),
    }
}

/// The kind of a media type, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// `application/json` or a type that ends in `+json`.
    Json,
    /// `text/html` and its XML form.
    Html,
    /// Anything else, or nothing.
    Other,
}

/// Reads a `Content-Type` field (RFC 9110 section 8.3).
#[must_use]
pub fn media_type(content_type: Option<&str>) -> Media {
    let field = content_type.unwrap_or_default().as_bytes();
    let essence = field.split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii();
    let is = |known: &[u8]| essence.eq_ignore_ascii_case(known);
    let ending = essence.last_chunk::<5>();
    if is(b"application/json") || ending.is_some_and(|ending| ending.eq_ignore_ascii_case(b"+json"))
    {
        Media::Json
    } else if is(b"text/html") || is(b"application/xhtml+xml") {
        Media::Html
    } else {
        Media::Other
    }
}

/// RFC 6749 section 5.2, and `login_required` of OIDC: the errors that say the grant is gone.
fn ends_the_session(body: Option<&[u8]>) -> bool {
    let mut terminal = false;
    let read = members::members(body.unwrap_or_default(), &mut |member| {
        if let Value::String(error) = member.value
            && member.is("error")
        {
            let error = unescape(error);
            terminal = ["invalid_grant", "invalid_token", "login_required"]
                .iter()
                .any(|known| *error == *known.as_bytes());
        }
    });
    read.is_some() && terminal
}

/// How long a `Retry-After` field (RFC 9110 section 10.2.3) asks to wait: a number of seconds, or a
/// date, which `date` turns into milliseconds since the epoch and which is compared with `wall`.
/// Neither is asked where there is no field, or a number.
#[must_use]
pub fn retry_after(
    field: &str,
    date: impl FnOnce(&str) -> Option<Millis>,
    wall: impl FnOnce() -> Millis,
) -> Option<Millis> {
    if field.is_empty() {
        return None;
    }
    let wait = match members::digits(field.as_bytes().trim_ascii()) {
        Some(seconds) => seconds.min(LONGEST_RETRY_AFTER) * SECOND,
        None => date(field)?.saturating_sub(wall()),
    };
    Some(wait.min(LONGEST_RETRY_AFTER))
}

#[cfg(all(test, not(target_arch = "wasm32")))]
#[expect(non_snake_case, reason = "tests bear the ids of behaviours")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reply(
        status: u16,
        content_type: &str,
        body: &str,
    ) -> Result<(String, Option<u64>), FailureKind> {
        let reply = Reply {
            status,
            content_type: Some(content_type),
            retry_after: None,
            body: Some(body.as_bytes()),
        };
        judge(&reply)
            .map(|grant| (grant.access_token.expose().to_owned(), grant.expires_in))
            .map_err(|failure| failure.kind)
    }

    #[test]
    fn reads_both_spellings() {
        let expected = Ok(("t".to_owned(), Some(900)));
        assert_eq!(
            reply(
                200,
                "application/json",
                r#"{"access_token":"t","expires_in":900,"token_type":"bearer"}"#
            ),
            expected
        );
        assert_eq!(
            reply(
                201,
                "Application/JSON; charset=utf-8",
                r#"{"accessToken":"t","expiresIn":"900"}"#
            ),
            expected
        );
        assert_eq!(
            reply(
                200,
                "application/x+json",
                r#"{"access_token":"\u0074","expires_in":900.7,"token_type":null}"#
            ),
            expected
        );
    }

    #[test]
    fn client_B11_a_lifetime_that_makes_no_sense_counts_as_not_told() {
        for told in ["-1", "null", "\"soon\"", "{}", "\"-5\"", "\"\"", "\"1e\""] {
            let body = format!(r#"{{"access_token":"t","expires_in":{told}}}"#);
            assert_eq!(reply(200, "application/json", &body), Ok(("t".to_owned(), None)), "{told}");
        }
        assert_eq!(
            reply(200, "application/json", r#"{"access_token":"t","expires_in":1e308}"#),
            Ok(("t".to_owned(), Some(u64::MAX)))
        );
        assert_eq!(
            reply(200, "application/json", r#"{"access_token":"t","expires_in":NaN}"#),
            Err(FailureKind::Malformed)
        );
    }

    #[test]
    fn client_F49_passing_troubles_are_transient() {
        for status in [408, 425, 429, 500, 502, 503, 504, 599] {
            assert_eq!(
                reply(status, "application/json", "{}"),
                Err(FailureKind::Unreachable),
                "{status}"
            );
        }
    }

    #[test]
    fn client_F51_only_a_verdict_is_terminal() {
        for status in [401, 403] {
            assert_eq!(reply(status, "text/plain", ""), Err(FailureKind::Rejected));
        }
        for error in ["invalid_grant", "invalid_token", "login_required"] {
            assert_eq!(
                reply(400, "application/json", &format!(r#"{{"error":"{error}"}}"#)),
                Err(FailureKind::Rejected)
            );
        }
        for body in [
            "",
            "{}",
            r#"{"error":"invalid_request"}"#,
            r#"{"error":["invalid_grant"]}"#,
            r#"{"error":"invalid_grant""#,
        ] {
            assert_eq!(
                reply(400, "application/json", body),
                Err(FailureKind::Misconfigured),
                "{body}"
            );
        }
        for status in [0, 101, 202, 206, 301, 302, 304, 404, 405, 410, 415, 418, 422] {
            assert_eq!(
                reply(status, "application/json", r#"{"access_token":"t"}"#),
                Err(FailureKind::Misconfigured),
                "{status}"
            );
        }
    }

    #[test]
    fn client_F56_a_captive_portal_is_transient() {
        assert_eq!(reply(200, "text/html; charset=utf-8", "<html>"), Err(FailureKind::Malformed));
        assert_eq!(
            reply(200, "text/plain", r#"{"access_token":"t"}"#),
            Err(FailureKind::Misconfigured)
        );
        assert_eq!(reply(200, "application/json", "<html>"), Err(FailureKind::Malformed));
    }

    #[test]
    fn client_F57_a_200_without_a_usable_token_is_malformed() {
        for body in [
            "{}",
            "[]",
            "",
            "null",
            r#"{"access_token":""}"#,
            r#"{"access_token":null}"#,
            r#"{"access_token":7}"#,
            r#"{"access_token":"a b"}"#,
            r#"{"access_token":"a\r\nX: y"}"#,
            r#"{"access_token":"t","token_type":"mac"}"#,
            r#"{"access_token":"t","token_type":["bearer"],"x":"#,
            r#"{"access_token":"t","access_token":"u"}"#,
            r#"{"access_token":"t","accessToken":"u"}"#,
            r#"{"access_token":"t","token_type":7}"#,
        ] {
            assert_eq!(reply(200, "application/json", body), Err(FailureKind::Malformed), "{body}");
        }
        assert_eq!(reply(204, "", ""), Err(FailureKind::Malformed));
    }

    #[test]
    fn client_F58_a_body_over_the_cap_is_refused() {
        let reply = Reply {
            status: 200,
            content_type: Some("application/json"),
            retry_after: None,
            body: None,
        };
        assert_eq!(judge(&reply).err().map(|failure| failure.kind), Some(FailureKind::Malformed));
    }

    #[test]
    fn client_F87_a_sign_in_reply_that_cannot_be_read_is_nobodys() {
        let read = |body: &[u8]| match SignInAnswer::read(Some(body)) {
            SignInAnswer::Granted(_) => "granted",
            SignInAnswer::WithoutToken => "without",
            SignInAnswer::Unusable => "unusable",
            SignInAnswer::Failed => "failed",
        };
        assert_eq!(read(br#"{"access_token":"t"}"#), "granted");
        for body in ["", "  ", "[]", "null", r#"{"a":{"access_token":"t"}}"#] {
            assert_eq!(read(body.as_bytes()), "without", "{body}");
        }
        for body in [
            &b"\xef\xbb\xbf{\"access_token\":\"t\"}"[..],
            b"{\"access_token\":\"t\",\"a\":\"\xff\"}",
            br#"{"access_token":"t","a":"\ud83d"}"#,
            br#"{"access_token":"t","access_token":"u"}"#,
            br#"{"access_token":"t""#,
            br#"{"access_token":7}"#,
            b"OK",
        ] {
            assert_eq!(read(body), "unusable", "{}", body.escape_ascii());
        }
        assert!(matches!(SignInAnswer::read(None), SignInAnswer::Unusable));
    }

    #[test]
    fn client_F50_reads_retry_after_in_both_forms() {
        let date = |_: &str| Some(100_000);
        assert_eq!(retry_after(" 120 ", |_| unreachable!(), || unreachable!()), Some(120_000));
        assert_eq!(retry_after("Fri, 31 Dec 1999 23:59:59 GMT", date, || 40_000), Some(60_000));
        assert_eq!(retry_after("Fri, 31 Dec 1999 23:59:59 GMT", date, || 400_000), Some(0));
        assert_eq!(retry_after("soon", |_| None, || 0), None);
        assert_eq!(retry_after("", |_| unreachable!(), || unreachable!()), None);
        assert_eq!(
            retry_after("99999999999999999999999", |_| None, || 0),
            Some(LONGEST_RETRY_AFTER)
        );
    }

    proptest! {
        #[test]
        fn any_body_is_judged(
            status in 0..700_u16, body in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let reply = Reply {
                status,
                content_type: Some("application/json"),
                retry_after: None,
                body: Some(&body),
            };
            let _ = judge(&reply);
        }

        #[test]
        fn a_written_grant_is_read_back(token in "[!-~&&[^\"\\\\]]{1,200}", expires_in: u64) {
            let body = format!(
                r#"{{"x":[{{"access_token":"no"}}],"access_token":"{token}","expires_in":{expires_in}}}"#
            );
            let (read, seconds) = reply(200, "application/json", &body).unwrap();
            prop_assert_eq!(read, token);
            let long = expires_in > 1 << 60 && seconds > Some(1 << 60);
            prop_assert!(seconds == Some(expires_in) || long);
        }
    }
}
