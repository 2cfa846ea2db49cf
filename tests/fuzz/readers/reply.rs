//! What the client reads of an authority: replies, header fields, the payload of a token.

use tokenkeep::engine::{
    Clock, LogoutAnswer, NoSession, Reply, SignInAnswer, TokenTypes, judge, retry_after,
};
use tokenkeep::token::jwt::Payload;
use tokenkeep::token::numbers;
use tokenkeep::token::shape::{Field, Shape, Told};
use tokenkeep::token::{AccessToken, Scheme};

use super::json::object;

/// The replies of refresh and sign-in. A token that is granted stood in the reply, and is nowhere
/// in what the application is shown of it.
pub fn reply(bytes: &[u8]) {
    let Some((&chosen, body)) = bytes.split_first() else { return };
    let mut shape = Shape::default();
    if chosen & 1 == 1 {
        for (field, step) in [
            (Field::AccessToken, "data"),
            (Field::AccessToken, "token"),
            (Field::ExpiresIn, "data"),
            (Field::ExpiresIn, "life"),
        ] {
            shape.name(field, step.into());
        }
    }
    let content_type = [Some("application/json"), Some("text/html"), Some("text/plain"), None]
        [usize::from(chosen >> 1 & 3)]
    .map(str::as_bytes);
    let status = [200, 201, 204, 400, 401, 429, 500, 302][usize::from(chosen >> 3 & 7)];
    let reply = |body| Reply {
        status,
        content_type,
        retry_after: None,
        header: None,
        types: TokenTypes::BEARER,
        body: Some(body),
        clock: Clock { sent_at: 0, date: &|_| None },
        no_session: NoSession::default(),
    };
    let granted = match SignInAnswer::read(&shape, &reply(body)) {
        SignInAnswer::Granted(grant) => Some(grant),
        _ => None,
    };
    if let Ok(grant) = judge(&shape, reply(body)) {
        assert!(matches!(status, 200 | 201 | 204), "a token comes with {status}");
        let text = grant.access_token.expose().to_owned();
        let other = granted.map(|grant| grant.access_token.expose().to_owned());
        assert_eq!(other.as_deref(), Some(text.as_str()));
    }
    let (mut rest, mut told) = (Vec::new(), Told::default());
    if shape.read(body, None, true, &mut rest, &mut told) {
        assert!(serde_json::from_slice::<serde_json::Value>(&rest).is_ok() || !is_plain(body));
        let rest = String::from_utf8_lossy(&rest).into_owned();
        for name in ["access_token", "refresh_token", "id_token", "accessToken", "refreshToken"] {
            // An escaped quotation mark is part of a longer name.
            let is_shown = rest
                .match_indices(&format!("\"{name}\":"))
                .any(|(at, _)| !rest[..at].ends_with('\\'));
            assert!(!is_shown, "{name} is shown");
        }
    }
}

/// Whether `serde_json` takes it.
fn is_plain(body: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(body).is_ok()
}

/// The fields that are read by hand, and the texts that may be tokens.
pub fn fields(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let wait = retry_after(bytes, |_| Some(5_000), || 1_000);
        let seconds: Option<u64> = text.trim_matches([' ', '\t', '\n', '\r', '\u{c}']).parse().ok();
        let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_digits && let Some(seconds) = seconds.filter(|&seconds| seconds < 3_600) {
            assert_eq!(wait, Some(seconds * 1_000));
        }
        for status in [200, 204, 302, 401, 404, 500] {
            let answer = LogoutAnswer::judge(status, bytes, false);
            assert!(answer != LogoutAnswer::Done || (200..300).contains(&status));
        }
    }
    if let Some(number) = numbers::digits(bytes) {
        let text = std::str::from_utf8(bytes).expect("digits are ASCII");
        // The last nine that a u64 holds count as the largest.
        let theirs = text.parse().unwrap_or(u64::MAX);
        assert!(number == theirs || number == u64::MAX && theirs >= u64::MAX - 9);
    }
    if let Some(number) = numbers::whole(bytes) {
        let text = std::str::from_utf8(bytes).expect("numbers are ASCII");
        let theirs: f64 = text.parse().expect("it is a number");
        // A double rounds, also up to the next whole number.
        let error = (number as f64 - theirs.min(u64::MAX as f64)).abs();
        assert!(error <= 1.0 + theirs * 1e-12, "{number} for {theirs}");
    }
    if let Ok(token) = AccessToken::new(bytes, Scheme::Bearer) {
        assert_eq!(token.expose().as_bytes(), bytes);
        assert!(bytes.iter().all(u8::is_ascii_graphic));
    }
}

/// The payload that the client shows as claims.
pub fn jwt(bytes: &[u8]) {
    let Ok(token) = std::str::from_utf8(bytes) else { return };
    let Some(payload) = Payload::read(token) else { return };
    assert_eq!(token.matches('.').count(), 2);
    let Some(claims) = object(&payload.json) else { return };
    // Beyond eighteen digits only the size of a number counts.
    let exact = |number: &u64| *number < 1_000_000_000_000_000_000;
    let whole = |name| claims.get(name).and_then(serde_json::Value::as_u64).filter(exact);
    if let (Some(exp), Some(iat)) = (whole("exp"), whole("iat")) {
        assert_eq!(payload.lifetime, exp.checked_sub(iat));
    }
    let named = claims.get("sub").is_some_and(serde_json::Value::is_string);
    assert!(!named || payload.subject.is_some());
}
