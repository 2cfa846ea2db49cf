//! The two readers of JSON, beside `serde_json`.

use serde_json::Value;
use tokenkeep::token::members;
use tokenkeep::verify::json;

/// The strict reader of tokens, headers, proofs and key sets. What it takes `serde_json` takes too,
/// and reads the same in it. What it refuses beyond that has a reason that can be seen.
pub fn strict(text: &[u8]) {
    let mut seen = Vec::new();
    let read = json::strict_members(text, |member| {
        let value = match member.value {
            json::Value::String(text) => Value::String(text.copied()),
            json::Value::Number(number) => parsed(number.written()).expect("it is a number"),
            json::Value::Other(written) => parsed(written).expect("it is JSON"),
        };
        seen.push((member.name.copied(), value));
    });
    let theirs = object(text);
    if read.is_ok() {
        let theirs = theirs.expect("serde_json takes what the strict reader takes");
        assert_eq!(seen.len(), theirs.len());
        for (name, value) in seen {
            assert_eq!(theirs.get(&name), Some(&value), "{name}");
        }
    } else if theirs.is_some() {
        assert!(is_dubious(text), "the strict reader refuses what is beyond doubt");
    }
}

/// The client's reader, of replies. It takes what `serde_json` takes, but for what is too deep.
pub fn lenient(text: &[u8]) {
    let mut seen = Vec::new();
    let read = members::members(text, &mut |member| {
        let name = String::from_utf8(member.name.to_vec()).expect("names are texts");
        seen.push((name, parsed_bytes(member.value)));
        if let Some(string) = members::text(member.value) {
            let ours = String::from_utf8(members::unescape(string).to_vec());
            let theirs = parsed_bytes(member.value).expect("it was checked");
            assert_eq!(Some(ours.expect("texts are texts").as_str()), theirs.as_str());
        }
    });
    let theirs = object(text);
    if read.is_some() {
        assert!(members::is_json(text));
        // No double holds some numbers, of which `serde_json` tells none.
        if let Some(theirs) = theirs {
            for (name, value) in theirs {
                let last = seen.iter().rev().find(|(known, _)| *known == name);
                assert_eq!(last.and_then(|(_, value)| value.clone()), Some(value), "{name}");
            }
        } else {
            assert!(has_large_number(text), "serde_json refuses what the client's reader takes");
        }
    } else {
        assert!(theirs.is_none() || depth(text) > 16, "the client's reader refuses JSON");
    }
}

/// An object as `serde_json` reads it.
pub fn object(text: &[u8]) -> Option<serde_json::Map<String, Value>> {
    match parsed_bytes(text) {
        Some(Value::Object(object)) => Some(object),
        _ => None,
    }
}

fn parsed(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

fn parsed_bytes(text: &[u8]) -> Option<Value> {
    serde_json::from_slice(text).ok()
}

/// Whether JSON is of a kind that readers differ on: deep, with many members, with a name twice, or
/// with a number that no double holds.
fn is_dubious(text: &[u8]) -> bool {
    depth(text) > json::MAX_DEPTH as usize
        || text.iter().filter(|&&byte| byte == b':').count() > json::strict::MAX_MEMBERS as usize
        || has_large_number(text)
        || names_come_twice(text)
}

/// The most brackets that may be open. Those in texts are counted too.
fn depth(text: &[u8]) -> usize {
    text.iter().filter(|byte| matches!(byte, b'{' | b'[')).count()
}

/// Whether some number may be beyond a double: it has an exponent, or very many digits.
fn has_large_number(text: &[u8]) -> bool {
    let exponent = |pair: &[u8]| pair[0].is_ascii_digit() && matches!(pair[1], b'e' | b'E');
    text.windows(2).any(exponent) || text.windows(300).any(|run| run.iter().all(u8::is_ascii_digit))
}

/// Whether a name may come twice: `serde_json` keeps the last of two.
fn names_come_twice(text: &[u8]) -> bool {
    fn count(value: &Value) -> usize {
        match value {
            Value::Object(object) => object.len() + object.values().map(count).sum::<usize>(),
            Value::Array(items) => items.iter().map(count).sum(),
            _ => 0,
        }
    }
    // Colons outside of texts are one for each member that was written.
    let (mut colons, mut quoted, mut escaped) = (0, false, false);
    for &byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            b':' if !quoted => colons += 1,
            _ => {}
        }
    }
    parsed_bytes(text).is_some_and(|value| count(&value) < colons)
}
