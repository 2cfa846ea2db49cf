//! How an access token is written and told from others: its number is its last part, JWT or not.

use std::fmt::Write;

use tokenkeep::engine::Millis;

use crate::script::Lifetime;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The token of this number.
pub fn token_text(
    number: usize,
    user: u32,
    issued_at: Millis,
    jwt: bool,
    lifetime: Lifetime,
) -> String {
    if !jwt {
        return format!("opaque.{number}");
    }
    let mut claims = format!(r#"{{"iss":"https://authority.example","sub":"user-{user}""#);
    if lifetime.claimed {
        let _ = write!(
            claims,
            r#","iat":{},"exp":{}"#,
            issued_at / 1_000,
            (issued_at + lifetime.real) / 1_000
        );
    }
    claims.push('}');
    format!("e30.{}.{number}", base64url(claims.as_bytes()))
}

/// The number of a token that was written here.
pub fn token_number(text: &str) -> usize {
    text.rsplit('.')
        .next()
        .and_then(|number| number.parse().ok())
        .expect("every token was issued by the authority")
}

/// The body of a token reply.
pub fn token_reply(text: &str, lifetime: Lifetime) -> String {
    let told = lifetime.told.map(|told| format!(r#","expires_in":{told}"#)).unwrap_or_default();
    format!(r#"{{"access_token":"{text}","token_type":"Bearer"{told}}}"#)
}

fn base64url(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 4 / 3 + 3);
    for chunk in bytes.chunks(3) {
        let group = chunk
            .iter()
            .chain([0; 2].iter())
            .take(3)
            .fold(0, |group, &byte| group << 8 | u32::from(byte));
        for place in 0..=chunk.len() {
            text.push(ALPHABET[(group >> (18 - 6 * place) & 63) as usize] as char);
        }
    }
    text
}
