//! Replies of backends that answer in a shape of their own.

use tokenkeep::engine::{
    Clock, Failure, FailureKind, Grant, Millis, NoSession, Reply, SignInAnswer, TokenTypes, judge,
};
use tokenkeep::token::shape::{Field, Shape, Told};

/// 30 November 2026, 10:00:00 UTC.
const NOW: Millis = 1_796_032_800_000;

fn shape(paths: &[(Field, &str)]) -> Shape {
    let mut shape = Shape::default();
    for &(field, path) in paths {
        for step in path.split('.') {
            shape.name(field, step.into());
        }
    }
    shape
}

fn reply<'a>(status: u16, body: &'a str) -> Reply<'a> {
    Reply {
        status,
        content_type: Some(b"application/json"),
        retry_after: None,
        header: None,
        types: TokenTypes::BEARER,
        body: Some(body.as_bytes()),
        clock: Clock {
            sent_at: NOW,
            date: &|date| (date == b"\"2026-11-30T10:15:00Z\"").then_some(NOW + 900_000),
        },
        no_session: NoSession::default(),
    }
}

fn told(judged: Result<Grant, Failure>) -> Result<(String, Option<u64>), FailureKind> {
    judged
        .map(|grant| (grant.access_token.expose().to_owned(), grant.expires_in))
        .map_err(|failure| failure.kind)
}

fn token(seconds: Option<u64>) -> Result<(String, Option<u64>), FailureKind> {
    Ok(("t".to_owned(), seconds))
}

#[test]
fn client_A100_a_reply_is_read_where_the_options_say() {
    for (paths, body, expected) in [
        (
            &[(Field::AccessToken, "token")][..],
            r#"{"token":"t","expires_in":900}"#,
            token(Some(900)),
        ),
        (
            &[(Field::AccessToken, "data.access")],
            r#"{"data":{"access":"t"},"expiresIn":"900"}"#,
            token(Some(900)),
        ),
        (
            &[(Field::AccessToken, "a.b.c"), (Field::ExpiresIn, "a.b.d")],
            r#"{"x":[{"a":1}],"a":{"b":{"d":900,"c":"t"},"c":"no"}}"#,
            token(Some(900)),
        ),
        (
            &[(Field::AccessToken, "data.access")],
            r#"{"d\u0061ta":{"acc\u0065ss":"\u0074"}}"#,
            token(None),
        ),
        // A path does not lead through an array, and is no text with dots.
        (
            &[(Field::AccessToken, "data.access")],
            r#"{"data":[{"access":"t"}]}"#,
            Err(FailureKind::Malformed),
        ),
        (
            &[(Field::AccessToken, "data.access")],
            r#"{"data.access":"t"}"#,
            Err(FailureKind::Malformed),
        ),
        (
            &[(Field::AccessToken, "data.access")],
            r#"{"data\u0000access":"t"}"#,
            Err(FailureKind::Malformed),
        ),
        // What is named takes the place of the usual names.
        (&[(Field::AccessToken, "token")], r#"{"access_token":"t"}"#, Err(FailureKind::Malformed)),
        (
            &[(Field::AccessToken, "token")],
            r#"{"token":"t","token":"u"}"#,
            Err(FailureKind::Malformed),
        ),
        (
            &[(Field::TokenType, "kind")],
            r#"{"access_token":"t","kind":"mac"}"#,
            Err(FailureKind::Malformed),
        ),
        (&[(Field::TokenType, "kind")], r#"{"access_token":"t","token_type":"mac"}"#, token(None)),
        (&[], r#"{"accessToken":"t","tokenType":"mac"}"#, Err(FailureKind::Malformed)),
        // Backends write so that there is none.
        (&[], r#"{"accessToken":null,"access_token":"t"}"#, token(None)),
    ] {
        assert_eq!(told(judge(&shape(paths), reply(200, body))), expected, "{body}");
    }
}

#[test]
fn client_A100_a_token_in_a_header_needs_no_body() {
    let shape = Shape::default();
    let header = |header: &str, status, content_type: &str, body| {
        let (header, content_type) = (Some(header.as_bytes()), Some(content_type.as_bytes()));
        told(judge(&shape, Reply { header, content_type, ..reply(status, body) }))
    };
    assert_eq!(header("t", 204, "", ""), token(None));
    assert_eq!(header("t", 200, "text/html", "<p>"), token(None));
    assert_eq!(header("t", 200, "text/plain", "OK"), token(None));
    assert_eq!(header("t", 200, "application/json", r#"{"expires_in":900}"#), token(Some(900)));
    assert_eq!(header("t", 200, "application/json", r#"{"access_token":"u"}"#), token(None));
    for (value, status, content_type, body) in [
        ("", 204, "", ""),
        ("", 200, "text/html", "<p>"),
        ("", 200, "application/json", r#"{"access_token":"u"}"#),
        ("two words", 204, "", ""),
        ("t", 200, "application/json", "<p>"),
        ("t", 200, "application/json", r#"{"token_type":"mac"}"#),
    ] {
        let judged = header(value, status, content_type, body);
        assert_eq!(judged, Err(FailureKind::Malformed), "{value} {status} {body}");
    }
    assert_eq!(header("t", 206, "", ""), Err(FailureKind::Misconfigured));
}

#[test]
fn client_B102_a_moment_of_expiry_is_counted_from_when_the_reply_was_sent() {
    let seconds = NOW / 1_000;
    for (at, expected) in [
        ((seconds + 900).to_string(), Some(900)),
        (format!("\"{}\"", seconds + 900), Some(900)),
        ("\"2026-11-30T10:15:00Z\"".to_owned(), Some(900)),
        ((seconds - 900).to_string(), Some(0)),
        // Milliseconds, a text without a zone, and what is no date.
        ((NOW + 900_000).to_string(), None),
        ("\"2026-11-30T10:15:00\"".to_owned(), None),
        ("\"soon\"".to_owned(), None),
        ("null".to_owned(), None),
        ("{}".to_owned(), None),
        ("-1".to_owned(), None),
        ("1e300".to_owned(), None),
    ] {
        let body = format!(r#"{{"access_token":"t","expires_at":{at}}}"#);
        assert_eq!(told(judge(&Shape::default(), reply(200, &body))), token(expected), "{at}");
        let both = format!(r#"{{"access_token":"t","expires_in":60,"expires_at":{at}}}"#);
        assert_eq!(told(judge(&Shape::default(), reply(200, &both))), token(Some(60)), "{at}");
        let zero = format!(r#"{{"access_token":"t","expires_in":0,"expiresAt":{at}}}"#);
        assert_eq!(told(judge(&Shape::default(), reply(200, &zero))), token(expected), "{at}");
    }
}

#[test]
fn client_P19_only_the_types_that_are_taken_are_taken() {
    let both = TokenTypes { bearer: true, dpop: true };
    let dpop = TokenTypes { bearer: false, dpop: true };
    let header = |types, token_type: &str| {
        let body = format!(r#"{{"access_token":"t"{token_type}}}"#);
        judge(&Shape::default(), Reply { types, ..reply(200, &body) })
            .map(|grant| grant.access_token.authorization().to_owned())
            .map_err(|failure| failure.kind)
    };
    let (bearer, bound) = (Ok("Bearer t".to_owned()), Ok("DPoP t".to_owned()));
    let refused = Err(FailureKind::Malformed);
    for (token_type, expected) in [
        ("", [&bearer, &bearer, &refused]),
        (r#","token_type":"bearer""#, [&bearer, &bearer, &refused]),
        (r#","token_type":"DPoP""#, [&refused, &bound, &bound]),
        (r#","tokenType":"dpop""#, [&refused, &bound, &bound]),
        (r#","token_type":"mac""#, [&refused, &refused, &refused]),
        (r#","token_type":"DPoP ""#, [&refused, &refused, &refused]),
    ] {
        for (types, expected) in [TokenTypes::BEARER, both, dpop].into_iter().zip(expected) {
            assert_eq!(header(types, token_type), *expected, "{token_type} {types:?}");
        }
    }
}

#[test]
fn client_F104_only_what_is_named_says_that_there_is_no_session() {
    let judged = |no_session, status, content_type: &str, body| {
        let content_type = Some(content_type.as_bytes());
        let answer = Reply { no_session, content_type, ..reply(status, body) };
        judge(&Shape::default(), answer).err().map(|failure| (failure.kind, failure.status))
    };
    let named = NoSession { status: true, no_token: false };
    for status in [204, 302, 400, 404, 419, 500, 503] {
        let expected = Some((FailureKind::Rejected, status));
        assert_eq!(judged(named, status, "", ""), expected, "{status}");
    }
    assert_eq!(judged(named, 200, "application/json", r#"{"access_token":"t"}"#), None);

    let no_token = NoSession { status: false, no_token: true };
    for (status, content_type, body) in [
        (200, "", ""),
        (200, "text/html", ""),
        (204, "", ""),
        (202, "text/plain", " \n"),
        (200, "application/json", "{}"),
        (200, "application/json", "null"),
        (200, "application/json", "[]"),
        (200, "application/json", r#"{"errors":[{"message":"nobody"}],"data":{"refresh":null}}"#),
        (200, "application/json", r#"{"access_token":null}"#),
    ] {
        let expected = Some((FailureKind::Rejected, status));
        assert_eq!(judged(no_token, status, content_type, body), expected, "{body}");
        assert_ne!(judged(NoSession::default(), status, content_type, body), expected, "{body}");
    }
    for (status, content_type, body) in [
        (200, "text/html", "<!doctype html>"),
        (200, "text/html", "{}"),
        (200, "application/json", "<!doctype html>"),
        (200, "application/json", "{"),
        (200, "application/json", r#"{"access_token":7}"#),
        (200, "application/json", r#"{"access_token":""}"#),
        (200, "application/json", r#"{"access_token":"a b"}"#),
    ] {
        let expected = Some((FailureKind::Malformed, status));
        assert_eq!(judged(no_token, status, content_type, body), expected, "{body}");
    }
    assert_eq!(judged(no_token, 500, "", ""), Some((FailureKind::Unreachable, 500)));
    assert_eq!(judged(no_token, 302, "", ""), Some((FailureKind::Misconfigured, 302)));
    assert_eq!(
        judged(no_token, 200, "text/plain", r#"{"access_token":"t"}"#),
        Some((FailureKind::Misconfigured, 200))
    );
}

#[test]
fn client_E103_what_is_left_of_a_sign_in_reply_holds_no_named_token() {
    let shape = shape(&[(Field::AccessToken, "data.token")]);
    for (body, rest) in [
        (r#"{"data":{"token":"secret","a":1}}"#, r#"{"data":{"a":1}}"#),
        (r#"{"data":{"a":1,"token":"secret"},"b":2}"#, r#"{"data":{"a":1},"b":2}"#),
        (r#"{"data":{"tok\u0065n":"secret"}}"#, r#"{"data":{}}"#),
        // The same token once more, under a name of which nobody told.
        (
            r#"{"data":{"token":"secret"},"list":["secret",1],"c":"secret"}"#,
            r#"{"data":{},"list":[1]}"#,
        ),
    ] {
        let SignInAnswer::Granted(grant) = SignInAnswer::read(&shape, &reply(200, body)) else {
            panic!("{body}");
        };
        let (token, mut left) = (grant.access_token.expose(), Vec::new());
        assert!(shape.read(body.as_bytes(), Some(token), false, &mut left, &mut Told::default()));
        assert_eq!(String::from_utf8(left).expect("it is UTF-8"), rest);
    }
    for body in [
        r#"{"data":{"token":"secret","token":"secret"}}"#,
        r#"{"data":{"token":"secret"},"data":{"token":"other"}}"#,
        r#"{"data":{"token":7}}"#,
        r#"{"data":{"token":["secret"]}}"#,
        r#"{"data":{"token":"secret"}"#,
    ] {
        let answer = SignInAnswer::read(&shape, &reply(200, body));
        assert!(matches!(answer, SignInAnswer::Unusable), "{body}");
    }
}

#[test]
fn client_E109_what_a_reply_says_beside_the_token_holds_no_token_at_all() {
    let shape = shape(&[(Field::AccessToken, "jwt"), (Field::ExpiresIn, "ttl")]);
    let body = r#"{"jwt":"secret","ttl":900,"expires_in":1,"refresh_token":"r","user":{"name":"ada",
        "id_token":"i","refreshToken":"r"},"more":[{"idToken":"i","n":1},{"access_token":"x"}],
        "only":{"accessToken":"x"},"token_type":"Bearer","copy":"secret","empty":{}}"#;
    let mut left = Vec::new();
    assert!(shape.read(body.as_bytes(), Some("secret"), true, &mut left, &mut Told::default()));
    assert_eq!(
        String::from_utf8(left).expect("it is UTF-8"),
        r#"{"expires_in":1,"user":{"name":"ada"},"more":[{"n":1},{}],"only":{},"empty":{}}"#
    );
}
