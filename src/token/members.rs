//! The client's JSON reader (RFC 8259). It checks a whole text, shows the members of its top-level
//! object and builds nothing; a nested object is read as a text of its own. It takes the texts that
//! the verifier's reader takes, which a test shows, and is written to be small: bytes instead of
//! texts, one function for objects and arrays, no generics.

use std::borrow::Cow;

/// Nesting deeper than this is refused.
pub const MAX_DEPTH: u32 = 32;

/// One member of the top-level object.
pub struct Member<'a> {
    /// Its name, unescaped.
    pub name: Cow<'a, [u8]>,
    /// Its value as it is written. [`text`] and [`whole`] read it, and [`parts`] a nested one.
    pub value: &'a [u8],
    /// The whole member as it is written, from the name's quote to the end of the value.
    pub written: &'a [u8],
}

impl Member<'_> {
    /// Whether this is its name.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        *self.name == *name.as_bytes()
    }
}

/// Called with each member, in order.
pub type Visit<'v, 'a> = &'v mut dyn FnMut(Member<'a>);

/// Checks that `text` is one JSON object and nothing else, and calls `visit` with its members.
/// Returns `None` if it is not; `visit` may have been called by then.
#[must_use]
pub fn members<'a>(text: &'a [u8], visit: Visit<'_, 'a>) -> Option<()> {
    parts(text, visit).filter(|&close| close == b'}').map(|_| ())
}

/// The same for an object or an array, whose elements have empty names. Returns the bracket that
/// closes it.
#[must_use]
pub fn parts<'a>(text: &'a [u8], visit: Visit<'_, 'a>) -> Option<u8> {
    let mut scanner = Scanner { bytes: text, at: 0 };
    scanner.space();
    if !matches!(scanner.peek(), b'{' | b'[') {
        return None;
    }
    let close = scanner.container(1, Some(visit))?;
    scanner.space();
    scanner.at_end().then_some(close)
}

/// What stands between the quotes, still escaped, if a value is a string. [`unescape`] reads it.
#[must_use]
pub fn text(value: &[u8]) -> Option<&[u8]> {
    if let [b'"', text @ .., b'"'] = value { Some(text) } else { None }
}

/// Whether `text` is JSON of any kind, or blank.
#[must_use]
pub fn is_json(text: &[u8]) -> bool {
    let mut scanner = Scanner { bytes: text, at: 0 };
    scanner.space();
    if scanner.at_end() {
        return true;
    }
    let value = scanner.value(0);
    scanner.space();
    value.is_some() && scanner.at_end()
}

/// The whole part of a JSON number, saturating at `u64::MAX`; `None` when it is negative, or no
/// number.
#[must_use]
pub fn whole(text: &[u8]) -> Option<u64> {
    let mut scanner = Scanner { bytes: text, at: 0 };
    scanner.number()?;
    if !scanner.at_end() || text.first() == Some(&b'-') {
        return None;
    }
    let (mut mantissa, mut shift, mut in_fraction) = (0_u64, 0_i32, false);
    let mut bytes = text.iter();
    for byte in &mut bytes {
        match byte {
            b'.' => in_fraction = true,
            b'e' | b'E' => break,
            // Beyond eighteen digits only the size counts.
            digit if mantissa < 1_000_000_000_000_000_000 => {
                mantissa = mantissa * 10 + u64::from(digit - b'0');
                shift -= i32::from(in_fraction);
            }
            _ => shift += i32::from(!in_fraction),
        }
    }
    let (mut power, mut down) = (0_i32, false);
    for byte in bytes {
        match byte {
            b'-' => down = true,
            b'+' => {}
            // An exponent of five digits is beyond what a u64 can hold.
            digit => power = (power * 10 + i32::from(digit - b'0')).min(99_999),
        }
    }
    shift += if down { -power } else { power };
    while shift < 0 && mantissa != 0 {
        mantissa /= 10;
        shift += 1;
    }
    while shift > 0 && mantissa != 0 {
        if mantissa > u64::MAX / 10 {
            return Some(u64::MAX);
        }
        mantissa *= 10;
        shift -= 1;
    }
    Some(mantissa)
}

/// A number as header fields write it, `1*DIGIT`, saturating at `u64::MAX`; `None` for anything
/// else.
#[must_use]
pub fn digits(text: &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for byte in text {
        if !byte.is_ascii_digit() {
            return None;
        }
        number = if number > (u64::MAX - 9) / 10 {
            u64::MAX
        } else {
            number * 10 + u64::from(byte - b'0')
        };
    }
    (!text.is_empty()).then_some(number)
}

/// The text of a checked JSON string. Borrowed unless there is an escape in it.
#[must_use]
pub fn unescape(string: &[u8]) -> Cow<'_, [u8]> {
    // `contains` would bring a search for single bytes that is four times the size of all this.
    if string.iter().position(|&byte| byte == b'\\').is_none() {
        return Cow::Borrowed(string);
    }
    // An escape is never shorter than what it stands for.
    let mut text = Vec::with_capacity(string.len());
    let mut scanner = Scanner { bytes: string, at: 0 };
    while !scanner.at_end() {
        match scanner.next() {
            b'\\' => {
                // The escapes have been checked, so there is a character. A broken escape would be
                // left out.
                if let Some(character) = scanner.escape() {
                    text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                }
            }
            byte => text.push(byte),
        }
    }
    Cow::Owned(text)
}

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    /// The next byte; 0, which JSON has no place for, at the end.
    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    fn next(&mut self) -> u8 {
        let byte = self.peek();
        self.at += 1;
        byte
    }

    fn at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == byte;
        self.at += usize::from(found);
        found
    }

    fn since(&self, start: usize) -> &'a [u8] {
        self.bytes.get(start..self.at).unwrap_or_default()
    }

    fn space(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
    }

    /// An object or an array. Returns the bracket that closes it.
    fn container(&mut self, depth: u32, mut visit: Option<Visit<'_, 'a>>) -> Option<u8> {
        // In ASCII a closing bracket is the opening one plus two.
        let close = self.next() + 2;
        self.space();
        if self.take(close) {
            return Some(close);
        }
        loop {
            self.space();
            let start = self.at;
            let mut name: &[u8] = &[];
            if close == b'}' {
                name = self.string()?;
                self.space();
                if !self.take(b':') {
                    return None;
                }
                self.space();
            }
            let value = self.at;
            self.value(depth)?;
            if let Some(visit) = &mut visit {
                let value = self.since(value);
                visit(Member { name: unescape(name), value, written: self.since(start) });
            }
            self.space();
            if self.take(close) {
                return Some(close);
            }
            if !self.take(b',') {
                return None;
            }
        }
    }

    fn value(&mut self, depth: u32) -> Option<()> {
        match self.peek() {
            b'"' => self.string().map(|_| ()),
            b'{' | b'[' if depth < MAX_DEPTH => self.container(depth + 1, None).map(|_| ()),
            b't' => self.literal(b"true"),
            b'f' => self.literal(b"false"),
            b'n' => self.literal(b"null"),
            _ => self.number(),
        }
    }

    fn literal(&mut self, word: &[u8]) -> Option<()> {
        word.iter().all(|&byte| self.take(byte)).then_some(())
    }

    fn number(&mut self) -> Option<()> {
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    /// What stands between the quotes.
    fn string(&mut self) -> Option<&'a [u8]> {
        if !self.take(b'"') {
            return None;
        }
        let start = self.at;
        loop {
            match self.next() {
                b'"' => return self.bytes.get(start..self.at - 1),
                b'\\' => {
                    self.escape()?;
                }
                0..0x20 => return None,
                0x20..0x80 => {}
                first => self.rest_of(first)?,
            }
        }
    }

    /// The bytes that follow the first of a character beyond ASCII (Unicode, table 3-7).
    fn rest_of(&mut self, first: u8) -> Option<()> {
        let (count, least, most) = match first {
            0xC2..=0xDF => (1, 0x80, 0xBF),
            0xE0 => (2, 0xA0, 0xBF),
            0xED => (2, 0x80, 0x9F),
            0xE1..=0xEF => (2, 0x80, 0xBF),
            0xF0 => (3, 0x90, 0xBF),
            0xF1..=0xF3 => (3, 0x80, 0xBF),
            0xF4 => (3, 0x80, 0x8F),
            _ => return None,
        };
        let second = self.next();
        let well_formed =
            second >= least && second <= most && (1..count).all(|_| self.next() & 0xC0 == 0x80);
        well_formed.then_some(())
    }

    /// What follows a backslash.
    fn escape(&mut self) -> Option<char> {
        Some(match self.next() {
            same @ (b'"' | b'\\' | b'/') => char::from(same),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let mut unit = self.unit()?;
                // A high surrogate needs a low one; one alone is no character.
                if unit & 0xFC00 == 0xD800 && self.take(b'\\') && self.take(b'u') {
                    let low = self.unit()?;
                    if low & 0xFC00 == 0xDC00 {
                        unit = 0x1_0000 + ((unit & 0x3FF) << 10) + (low & 0x3FF);
                    }
                }
                return char::from_u32(unit);
            }
            _ => return None,
        })
    }

    fn unit(&mut self) -> Option<u32> {
        let mut unit = 0;
        for _ in 0..4 {
            unit = unit << 4 | char::from(self.next()).to_digit(16)?;
        }
        Some(unit)
    }
}

#[cfg(all(test, feature = "edge", not(target_arch = "wasm32")))]
mod tests {
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
        let text =
            r#" { "a" : "x" , "b":-1.5e3,"c":{"d":[1,{}]}, "\u0064\n\ud83d\ude00é" : null } "#;
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

    #[test]
    fn reads_whole_parts_without_floats() {
        for (text, value) in [
            ("0", 0),
            ("900", 900),
            ("900.9", 900),
            ("9e2", 900),
            ("9.005E+2", 900),
            ("90000e-2", 900),
            ("1e-400", 0),
            ("0.00000001e8", 1),
            ("18446744073709551615", u64::MAX),
            ("1e999999999999", u64::MAX),
            ("0e99999", 0),
            ("123456789012345678901234567890", u64::MAX),
        ] {
            let read = whole(text.as_bytes()).unwrap();
            assert!(read == value || value > 1 << 60 && read > 1 << 60, "{text}: {read}");
        }
        for text in ["-1", "-0.5", "", "abc", "1x", "0x10", " 1", "NaN", "1e", "Infinity"] {
            assert_eq!(whole(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn reads_digits_and_nothing_else() {
        assert_eq!([digits(b"0"), digits(b"0120")], [Some(0), Some(120)]);
        assert_eq!(digits(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(digits(b"99999999999999999999999"), Some(u64::MAX));
        for text in ["", "-1", "+1", " 1", "1 ", "1.5", "x"] {
            assert_eq!(digits(text.as_bytes()), None, "{text}");
        }
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
}
