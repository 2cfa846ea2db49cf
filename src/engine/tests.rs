//! Holds the rules of renewal to tests/shared/renewal-cases.json. Those of `tokenkeep/service` are
//! held to it as well (tests/service/rules.test.ts).

use super::backoff::Backoff;
use super::clock::SECOND;
use super::failure::Blame;
use super::grant::{Clock, TokenTypes};
use super::lifetime::{Lead, due_after, lifetime};
use super::reply::{NoSession, Reply, judge};
use crate::token::shape::Shape;
use crate::verify::json::{self, Value};

const CASES: &[u8] = include_bytes!("../../tests/shared/renewal-cases.json");

/// The cases of one table, each by the names of its members.
fn cases(table: &str) -> Vec<Vec<(String, String)>> {
    let mut cases = Vec::new();
    json::members(CASES, |member| {
        let Value::Other(list) = member.value else { return };
        if !member.name.is(table) {
            return;
        }
        json::items(list, |item| {
            let Value::Other(case) = item else { panic!("{table} has a case that is no object") };
            let mut members = Vec::new();
            json::members(case.as_bytes(), |member| {
                members.push((member.name.copied(), written(member.value)));
            })
            .expect("the table is JSON");
            cases.push(members);
        });
    })
    .expect("the file is JSON");
    assert!(cases.len() > 5, "{table} has {} cases", cases.len());
    cases
}

fn written(value: Value<'_>) -> String {
    match value {
        Value::String(text) => text.copied(),
        Value::Number(number) => number.written().to_owned(),
        Value::Other(other) => other.to_owned(),
    }
}

fn member<'a>(case: &'a [(String, String)], name: &str) -> &'a str {
    let found = case.iter().find(|(known, _)| known == name);
    &found.unwrap_or_else(|| panic!("a case has no {name}")).1
}

fn number(case: &[(String, String)], name: &str) -> u64 {
    member(case, name).parse().expect("it is a whole number")
}

fn reply<'a>(status: u16, media: &'a str, body: &'a [u8]) -> Reply<'a> {
    Reply {
        status,
        content_type: Some(media.as_bytes()),
        retry_after: None,
        header: None,
        body: Some(body),
        clock: Clock { sent_at: 0, date: &|_| None },
        no_session: NoSession::default(),
        types: TokenTypes::BEARER,
    }
}

#[test]
fn a_lifetime_is_what_the_shared_table_says() {
    for case in cases("lifetimes") {
        let body = format!(r#"{{"access_token":"t","expires_in":{}}}"#, member(&case, "told"));
        let answer = judge(&Shape::default(), reply(200, "application/json", body.as_bytes()));
        let told = answer.expect("it has a token").expires_in;
        let read = member(&case, "read").parse().ok();
        let seconds = number(&case, "seconds");
        assert_eq!(lifetime(told, read, 300 * SECOND), seconds * SECOND, "{case:?}");
    }
}

#[test]
fn a_token_is_due_when_the_shared_table_says() {
    for case in cases("due") {
        let lead = Lead { leeway: number(&case, "leeway"), jitter: number(&case, "jitter") };
        let drawn = number(&case, "drawn");
        let due = due_after(number(&case, "lifetime"), lead, |most| {
            assert!(drawn <= most, "{case:?}: {most}");
            drawn
        });
        assert_eq!(due, number(&case, "due"), "{case:?}");
    }
}

#[test]
fn the_wait_after_failures_is_what_the_shared_table_says() {
    let backoff = Backoff { base: SECOND, max: 30 * SECOND };
    for case in cases("backoff") {
        let failures = number(&case, "failures").try_into().expect("it is small");
        assert_eq!(backoff.ceiling(failures), number(&case, "longest"), "{case:?}");
    }
}

#[test]
fn an_answer_is_what_the_shared_table_says() {
    for case in cases("answers") {
        let status = number(&case, "status").try_into().expect("it is a status");
        let reply = reply(status, member(&case, "type"), member(&case, "body").as_bytes());
        let is = match judge(&Shape::default(), reply).map_err(|failure| failure.kind.blame()) {
            Ok(_) => "token",
            Err(Blame::Terminal) => "terminal",
            Err(Blame::Transient) => "transient",
            Err(Blame::Misconfigured) => "misconfigured",
        };
        assert_eq!(is, member(&case, "is"), "{case:?}");
    }
}
