//! What the endpoints of the authority answered, judged: what it means for the session.

use super::clock::{Millis, SECOND};
use super::failure::{Failure, FailureKind};
use super::grant::{Clock, Grant, TokenTypes};
use crate::token::members::{self, unescape};
use crate::token::numbers;
use crate::token::shape::{Shape, Told};

/// A `Retry-After` beyond this (one day) is taken as this long.
pub const LONGEST_RETRY_AFTER: Millis = 24 * 3_600 * SECOND;

/// The parts of an HTTP answer that matter here.
#[derive(Clone, Copy)]
pub struct Reply<'a> {
    /// The status; 0 for a redirect that the browser hides.
    pub status: u16,
    /// The `Content-Type` field.
    pub content_type: Option<&'a [u8]>,
    /// How long `Retry-After` asks to wait.
    pub retry_after: Option<Millis>,
    /// The token, where the options name a header for it; empty when that is missing.
    pub header: Option<&'a [u8]>,
    /// The types of tokens that are taken.
    pub types: TokenTypes,
    /// The body, or `None` when it was longer than the host reads.
    pub body: Option<&'a [u8]>,
    /// What a moment in it is counted against.
    pub clock: Clock<'a>,
    /// What the options name as an answer that there is no session.
    pub no_session: NoSession,
}

/// Which answers say that there is no session, beside those that always do.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSession {
    /// This one, by its status.
    pub status: bool,
    /// A 2xx without a token.
    pub no_token: bool,
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
    /// Reads a 2xx reply whose body may be JSON.
    #[must_use]
    pub fn read(shape: &Shape, reply: &Reply<'_>) -> Self {
        let Some(body) = reply.body.filter(|body| members::is_json(body)) else {
            return Self::Unusable;
        };
        let mut told = Told::default();
        let _ = shape.read(body, None, true, &mut Vec::new(), &mut told);
        if told.access_tokens == 0 && reply.header.unwrap_or_default().is_empty() {
            return Self::WithoutToken;
        }
        Grant::read(reply, &told).map_or(Self::Unusable, Self::Granted)
    }
}

/// Judges the answer of a refresh endpoint.
///
/// # Errors
/// The failure, sorted into terminal, transient and misconfigured as `docs/server-contract.md`
/// tells.
pub fn judge(shape: &Shape, mut reply: Reply<'_>) -> Result<Grant, Failure> {
    let (status, media) = (reply.status, media_type(reply.content_type));
    if media != Media::Json && reply.header.is_some_and(|header| !header.is_empty()) {
        // The token is there, and the body no JSON of the authority.
        reply.body = Some(&[]);
    }
    // Where the token comes in a header, and in a 204, the type of the body says nothing.
    let is_reply = media == Media::Json || reply.header.is_some() || status == 204;
    let mut kind = match status {
        200..300 => match SignInAnswer::read(shape, &reply) {
            SignInAnswer::Granted(grant) if is_reply && matches!(status, 200 | 201 | 204) => {
                return Ok(grant);
            }
            SignInAnswer::WithoutToken
                if reply.no_session.no_token
                    && (media != Media::Html || reply.body.is_some_and(<[u8]>::is_empty)) =>
            {
                FailureKind::Rejected
            }
            _ if !matches!(status, 200 | 201 | 204) => FailureKind::Misconfigured,
            // A captive portal answers 200 with a page of its own, for a while.
            _ if is_reply || media == Media::Html => FailureKind::Malformed,
            _ => FailureKind::Misconfigured,
        },
        401 | 403 => FailureKind::Rejected,
        400 if ends_the_session(reply.body) => FailureKind::Rejected,
        408 | 425 | 429 | 500.. => FailureKind::Unreachable,
        _ => FailureKind::Misconfigured,
    };
    if reply.no_session.status {
        kind = FailureKind::Rejected;
    }
    let failure = Failure::from(kind).answered(status);
    Err(match reply.retry_after {
        Some(wait) if kind == FailureKind::Unreachable => failure.pausing(wait),
        _ => failure,
    })
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
    pub fn judge(status: u16, content_type: &[u8], listed: bool) -> Self {
        match status {
            401 => Self::Doubtful(status),
            _ if listed => Self::Done,
            200..300 if media_type(Some(content_type)) != Media::Html => Self::Done,
            _ => Self::Doubtful(status),
        }
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
pub fn media_type(content_type: Option<&[u8]>) -> Media {
    let field = content_type.unwrap_or_default();
    let end = field.iter().position(|&byte| byte == b';').unwrap_or(field.len());
    let essence = field.get(..end).unwrap_or_default().trim_ascii();
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
        if let Some(error) = members::text(member.value)
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
    field: &[u8],
    date: impl FnOnce(&[u8]) -> Option<Millis>,
    wall: impl FnOnce() -> Millis,
) -> Option<Millis> {
    if field.is_empty() {
        return None;
    }
    let wait = match numbers::digits(field.trim_ascii()) {
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

    /// A clock that reads no date.
    const CLOCK: Clock<'static> = Clock { sent_at: 0, date: &|_| None };

    fn answer<'a>(status: u16, content_type: &'a str, body: Option<&'a [u8]>) -> Reply<'a> {
        let content_type = Some(content_type.as_bytes());
        let no_session = NoSession::default();
        Reply {
            status,
            content_type,
            retry_after: None,
            header: None,
            types: TokenTypes::BEARER,
            body,
            clock: CLOCK,
            no_session,
        }
    }

    fn reply(
        status: u16,
        content_type: &str,
        body: &str,
    ) -> Result<(String, Option<u64>), FailureKind> {
        judge(&Shape::default(), answer(status, content_type, Some(body.as_bytes())))
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
        let judged = judge(&Shape::default(), answer(200, "application/json", None));
        assert_eq!(judged.err().map(|failure| failure.kind), Some(FailureKind::Malformed));
    }

    #[test]
    fn client_F87_a_sign_in_reply_that_cannot_be_read_is_nobodys() {
        let read = |body: Option<&[u8]>| match SignInAnswer::read(
            &Shape::default(),
            &answer(200, "", body),
        ) {
            SignInAnswer::Granted(_) => "granted",
            SignInAnswer::WithoutToken => "without",
            SignInAnswer::Unusable => "unusable",
            SignInAnswer::Failed => "failed",
        };
        assert_eq!(read(Some(br#"{"access_token":"t"}"#)), "granted");
        for body in
            ["", "  ", "[]", "null", r#"{"a":{"access_token":"t"}}"#, r#"{"access_token":null}"#]
        {
            assert_eq!(read(Some(body.as_bytes())), "without", "{body}");
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
            assert_eq!(read(Some(body)), "unusable", "{}", body.escape_ascii());
        }
        assert_eq!(read(None), "unusable");
    }

    #[test]
    fn client_F50_reads_retry_after_in_both_forms() {
        let date = |_: &[u8]| Some(100_000);
        assert_eq!(retry_after(b" 120 ", |_| unreachable!(), || unreachable!()), Some(120_000));
        assert_eq!(retry_after(b"Fri, 31 Dec 1999 23:59:59 GMT", date, || 40_000), Some(60_000));
        assert_eq!(retry_after(b"Fri, 31 Dec 1999 23:59:59 GMT", date, || 400_000), Some(0));
        assert_eq!(retry_after(b"soon", |_| None, || 0), None);
        assert_eq!(retry_after(b"", |_| unreachable!(), || unreachable!()), None);
        assert_eq!(
            retry_after(b"99999999999999999999999", |_| None, || 0),
            Some(LONGEST_RETRY_AFTER)
        );
    }

    proptest! {
        #[test]
        fn any_body_is_judged(
            status in 0..700_u16, body in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let _ = judge(&Shape::default(), answer(status, "application/json", Some(&body)));
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
