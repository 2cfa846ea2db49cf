//! Holds the reader to JSON, and to what the verifier's reader takes.

use super::*;
use crate::verify::json;
use proptest::prelude::*;

/// The names of the members, or `None` for what is no JSON object.
fn names(text: &[u8]) -> Option<Vec<String>> {
    let mut names = Vec::new();
    members(text, &mut |member| {
        names.push(String::from_utf8(member.name.into_owned()).expect("it was checked"));
    })?;
    Some(names)
}

/// The same by the other reader.
fn names_elsewhere(text: &[u8]) -> Option<Vec<String>> {
    let mut names = Vec::new();
    json::members(text, |member| names.push(member.name.chars().collect())).ok()?;
    Some(names)
}

#[test]
fn reads_members_in_order() {
    let text = r#" { "a" : "x" , "b":-1.5e3,"c":{"d":[1,{}]}, "\u0064\n\ud83d\ude00é" : null } "#;
    assert_eq!(names(text.as_bytes()).unwrap(), ["a", "b", "c", "d\n😀é"]);
    let mut written = Vec::new();
    members(br#"{"a":1, "b" : "x" }"#, &mut |member| {
        written.push((member.written, member.value));
    })
    .unwrap();
    let expected: [(&[u8], &[u8]); 2] = [(br#""a":1"#, b"1"), (br#""b" : "x""#, br#""x""#)];
    assert_eq!(written, expected);
}

#[test]
fn refuses_what_is_not_json() {
    let plain = r#"|[]|null|1|{|}|{a:1}|{"a"}|{"a":}|{"a":1,}|{,"a":1}|{"a":1}x|{"a":1}/**/|{"a":[1 2]}|{"a":"x}|{"a":[1}}"#;
    let literals = r#"{"a":01}|{"a":1.}|{"a":.5}|{"a":+1}|{"a":NaN}|{"a":tru}|{"a":-}"#;
    for text in plain.split('|').chain(literals.split('|')).map(str::as_bytes).chain([
        &br#"{"a":"\x"}"#[..],
        b"{\"a\":\"\n\"}",
        br#"{"a":"\ud800"}"#,
        br#"{"a":"\udc00"}"#,
        br#"{"a":"\ud800\u0041"}"#,
        br#"{"a":"\ud800\ud800"}"#,
        b"\xef\xbb\xbf{}",
        br#"{"a":"\u12"}"#,
        b"{\"a\":\"\xff\"}",
        b"{\"a\":\"\xc3\"}",
        b"{\"a\":\"\xed\xa0\x80\"}",
        b"{\"a\":\"\xe0\x80\x80\"}",
        b"{\"a\":1\0}",
        b"{\"a\":1}\0",
    ]) {
        assert_eq!(names(text), None, "{}", text.escape_ascii());
    }
}

#[test]
fn tells_json_of_any_kind() {
    for text in ["", " \n", "{}", " [1, {}] ", "null", "\"x\"", "-1.5e3", "{\"a\":[true]}"] {
        assert!(is_json(text.as_bytes()), "{text}");
    }
    for text in ["x", "\u{feff}{}", "[", "{}x", "{} {}", "\"\\ud800\"", "01", "nul"] {
        assert!(!is_json(text.as_bytes()), "{text}");
    }
}

#[test]
fn bounds_the_depth() {
    let nested = |depth: usize| {
        format!("{{\"a\":{}1{}}}", "[".repeat(depth), "]".repeat(depth)).into_bytes()
    };
    assert!(names(&nested(MAX_DEPTH as usize - 1)).is_some());
    assert!(names(&nested(MAX_DEPTH as usize)).is_none());
    assert!(names(&nested(100_000)).is_none());
}

proptest! {
    #[test]
    fn any_bytes_are_read_as_the_other_reader_reads_them(
        text in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        prop_assert_eq!(names(&text), names_elsewhere(&text));
        prop_assert!(names(&text).is_none() || is_json(&text));
    }

    /// Of the characters that matter most, so that some of it is JSON.
    #[test]
    fn near_json_is_read_as_the_other_reader_reads_it(inside in r#"([ \\"{}\[\]:,0-9eEtrufalsn.+\-]|"a":|"\\ud83d\\ude00"|é|😀|null|true){0,12}"#) {
        for text in [
            format!("{{{inside}}}"),
            format!(r#"{{"a":{inside}}}"#),
            format!(r#"{{"a":"{inside}"}}"#),
        ] {
            let bytes = text.as_bytes();
            prop_assert_eq!(names(bytes), names_elsewhere(bytes), "{}", text);
        }
    }

    #[test]
    fn a_mangled_reply_is_read_as_the_other_reader_reads_it(at in 0..90_usize, byte: u8) {
        let mut text = br#"{"access_token":"a.b\/c\u00e9","expires_in":9.5e2,"x":[{"y":[null,true,-0.1]}],"\ud83d\ude00":""}"#.to_vec();
        text[at] = byte;
        prop_assert_eq!(names(&text), names_elsewhere(&text));
    }
}
