//! How long reading takes, natively: the verifier's reading of a compact token and its claims, and
//! the client's reading of a refresh reply.

mod clock;

use criterion::{Criterion, Throughput};
use std::hint::black_box;
use tokenkeep::engine::{Clock, NoSession, Reply, TokenTypes, judge};
use tokenkeep::token::shape::Shape;
use tokenkeep::verify::claims::Claims;
use tokenkeep::verify::jws::Compact;
use tokenkeep::verify::rules::Rules;

/// Encodes base64url, which the crate itself only reads.
fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let number = group.iter().fold(0, |sum, &byte| sum << 8 | usize::from(byte))
            << (8 * (3 - group.len()));
        text.extend(
            (0..=group.len()).map(|place| char::from(DIGITS[number >> (18 - 6 * place) & 63])),
        );
    }
    text
}

/// Claims of about this many bytes.
fn claims(bytes: usize) -> String {
    let known = r#"{"iss":"https://issuer.example","aud":"https://api.example","sub":"alice","exp":1800007200,"iat":1800000000,"scope":"read write","roles":["user"]"#;
    let mut text = known.to_owned();
    for place in 0.. {
        if text.len() + 1 >= bytes {
            break;
        }
        text.push_str(&format!(r#","claim-{place}":"a value of a common length""#));
    }
    text + "}"
}

fn main() {
    let mut criterion =
        Criterion::default().with_measurement(clock::ProcessorTime).configure_from_args();
    for (size, bytes) in [("300 bytes", 300), ("4 KB", 4_096)] {
        let payload = claims(bytes);
        let header = base64url(br#"{"alg":"RS256","kid":"k1","typ":"JWT"}"#);
        let token = format!("{header}.{}.{}", base64url(payload.as_bytes()), base64url(&[7; 256]));
        let reply =
            format!(r#"{{"access_token":"{token}","expires_in":900,"token_type":"Bearer"}}"#);
        let mut group = criterion.benchmark_group(format!("reading, {size}"));
        group.throughput(Throughput::Elements(1));
        group.bench_function("token", |bencher| {
            bencher.iter(|| Compact::read(black_box(token.as_bytes()), 16_384))
        });
        group.bench_function("claims", |bencher| {
            bencher.iter(|| Claims::read(black_box(payload.as_bytes()), &Rules::default()).is_ok())
        });
        group.bench_function("reply", |bencher| {
            let shape = Shape::default();
            bencher.iter(|| {
                let answer = Reply {
                    status: 200,
                    content_type: Some(b"application/json"),
                    retry_after: None,
                    header: None,
                    types: TokenTypes::BEARER,
                    body: Some(black_box(reply.as_bytes())),
                    clock: Clock { sent_at: 0, date: &|_| None },
                    no_session: NoSession::default(),
                };
                judge(&shape, answer).is_ok()
            })
        });
        group.finish();
    }
    criterion.final_summary();
}
