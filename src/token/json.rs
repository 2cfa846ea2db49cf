//! A small strict JSON reader (RFC 8259): it checks a whole text and hands out the members of its top-level object,
//! building nothing. Depth is bounded, numbers stay text, and there are no floats, which keeps them out of the wasm.

use core::str;

use super::decimal::Decimal;
use super::scan::plain_run;
use super::strict::{Lenient, Strict, Strictness};

/// Nesting deeper than this is refused.
pub const MAX_DEPTH: u32 = 32;

/// The text is not JSON as this reader takes it: syntax, UTF-8, a lone surrogate, or too deep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotJson;

/// One value of the top-level object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// A string, still escaped.
    String(Text<'a>),
    /// A number as it is written.
    Number(Number<'a>),
    /// Anything else as it is written, checked and passed over.
    Other(&'a str),
}

/// What stands between the quotes of a checked JSON string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text<'a> {
    written: &'a str,
    is_escaped: bool,
}

impl<'a> Text<'a> {
    /// The text as it is written, escapes and all: between quotes it is JSON again.
    #[must_use]
    pub fn written(self) -> &'a str {
        self.written
    }

    /// The text when it has no escape in it, else `None`.
    #[must_use]
    pub fn plain(self) -> Option<&'a str> {
        (!self.is_escaped).then_some(self.written)
    }

    /// The unescaped characters.
    pub fn chars(self) -> impl Iterator<Item = char> + 'a {
        let mut rest = self.written.chars();
        core::iter::from_fn(move || {
            let first = rest.next()?;
            if first != '\\' {
                return Some(first);
            }
            // The reader has checked the escapes, so none of these can be missing; ending early is harmless.
            Some(match rest.next()? {
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => {
                    let high = hex4(&mut rest)?;
                    if !(0xD800..0xDC00).contains(&high) {
                        return char::from_u32(high);
                    }
                    rest.next()?;
                    rest.next()?;
                    let low = hex4(&mut rest)?;
                    return char::from_u32(0x1_0000 + ((high & 0x3FF) << 10) + (low & 0x3FF));
                }
                same => same,
            })
        })
    }

    /// Whether the unescaped text is `other`.
    #[must_use]
    pub fn is(self, other: &str) -> bool {
        match self.plain() {
            Some(plain) => plain == other,
            None => self.chars().eq(other.chars()),
        }
    }
}

fn hex4(rest: &mut str::Chars<'_>) -> Option<u32> {
    let mut unit = 0;
    for _ in 0..4 {
        unit = unit << 4 | rest.next()?.to_digit(16)?;
    }
    Some(unit)
}

/// A JSON number as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number<'a>(&'a str);

impl<'a> Number<'a> {
    /// The number's text.
    #[must_use]
    pub fn written(self) -> &'a str {
        self.0
    }

    /// The whole part, saturating at `u64::MAX`; `None` when negative.
    #[must_use]
    pub fn whole(self) -> Option<u64> {
        Decimal::read(self.0).whole()
    }

    /// The nearest double, or one beside it; infinite from 1e19 on.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        Decimal::read(self.0).to_f64()
    }
}

/// The whole part of a decimal number with optional fraction and exponent; `None` when it is negative or no number.
#[must_use]
pub fn whole(text: &str) -> Option<u64> {
    let mut number = Reader { bytes: text.as_bytes(), at: 0, rules: Lenient };
    number.number().ok()?;
    if number.at == text.len() { Number(text).whole() } else { None }
}

/// One member of the top-level object, with the place of the whole member in the text.
#[derive(Debug, Clone, Copy)]
pub struct Member<'a> {
    /// The member's name, still escaped.
    pub name: Text<'a>,
    /// Its value.
    pub value: Value<'a>,
    /// Byte offset where the name's quote stands.
    pub start: usize,
    /// Byte offset just past the value.
    pub end: usize,
}

/// Checks that `text` is one JSON object and nothing else, and shows `visit` each of its members in order.
///
/// # Errors
/// [`NotJson`] when it is not; `visit` may have seen members by then.
pub fn members<'a>(text: &'a [u8], visit: impl FnMut(Member<'a>)) -> Result<(), NotJson> {
    read_members(text, Lenient, visit)
}

/// [`members`] for what is to be trusted: names that come twice in one object, at any depth, numbers that no double holds and more
/// than [`MAX_MEMBERS`](super::strict::MAX_MEMBERS) members in all are refused too.
///
/// # Errors
/// [`NotJson`] when it is not; `visit` may have seen members by then.
pub fn strict_members<'a>(text: &'a [u8], visit: impl FnMut(Member<'a>)) -> Result<(), NotJson> {
    read_members(text, Strict::new(), visit)
}

/// Shows `visit` the items of an array that a reader has checked, and handed out as [`Value::Other`]. `false`: it is no array.
pub fn items<'a>(array: &'a str, mut visit: impl FnMut(Value<'a>)) -> bool {
    let mut reader = Reader { bytes: array.as_bytes(), at: 0, rules: Lenient };
    reader.take(b'[')
        && reader
            .sequence(b']', |reader| {
                visit(reader.value(array)?);
                Ok(())
            })
            .is_ok()
}

fn read_members<'a>(text: &'a [u8], rules: impl Strictness, mut visit: impl FnMut(Member<'a>)) -> Result<(), NotJson> {
    let text = str::from_utf8(text).map_err(|_| NotJson)?;
    let mut reader = Reader { bytes: text.as_bytes(), at: 0, rules };
    reader.space();
    reader.expect(b'{')?;
    reader.sequence(b'}', |reader| {
        let start = reader.at;
        let name = reader.name(text)?;
        let value = reader.value(text)?;
        visit(Member { name, value, start, end: reader.at });
        Ok(())
    })?;
    reader.space();
    if reader.at == text.len() { Ok(()) } else { Err(NotJson) }
}

struct Reader<'a, S> {
    bytes: &'a [u8],
    at: usize,
    rules: S,
}

impl<S: Strictness> Reader<'_, S> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn next(&mut self) -> Result<u8, NotJson> {
        let byte = self.peek().ok_or(NotJson)?;
        self.at += 1;
        Ok(byte)
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Result<(), NotJson> {
        if self.take(byte) { Ok(()) } else { Err(NotJson) }
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Items with commas between them up to `close`, the opening bracket being read already.
    fn sequence(&mut self, close: u8, mut item: impl FnMut(&mut Self) -> Result<(), NotJson>) -> Result<(), NotJson> {
        self.space();
        if self.take(close) {
            return Ok(());
        }
        loop {
            self.space();
            item(self)?;
            self.space();
            if self.take(close) {
                return Ok(());
            }
            self.expect(b',')?;
        }
    }

    fn value<'a>(&mut self, text: &'a str) -> Result<Value<'a>, NotJson> {
        let start = self.at;
        match self.peek() {
            Some(b'"') => Ok(Value::String(self.string(text)?)),
            Some(b'-' | b'0'..=b'9') => {
                self.number()?;
                let written = &text[start..self.at];
                self.rules.number(written)?;
                Ok(Value::Number(Number(written)))
            }
            _ => self.skip(text, 1).map(|()| Value::Other(&text[start..self.at])),
        }
    }

    fn skip(&mut self, text: &str, depth: u32) -> Result<(), NotJson> {
        match self.peek().ok_or(NotJson)? {
            b'"' => self.string(text).map(|_| ()),
            b'{' | b'[' if depth >= MAX_DEPTH => Err(NotJson),
            b'{' => {
                self.at += 1;
                let outer = self.rules.open();
                self.sequence(b'}', |reader| {
                    reader.name(text)?;
                    reader.skip(text, depth + 1)
                })?;
                self.rules.close(outer);
                Ok(())
            }
            b'[' => {
                self.at += 1;
                self.sequence(b']', |reader| reader.skip(text, depth + 1))
            }
            b't' => self.literal(b"true"),
            b'f' => self.literal(b"false"),
            b'n' => self.literal(b"null"),
            _ => {
                let start = self.at;
                self.number()?;
                self.rules.number(&text[start..self.at])
            }
        }
    }

    /// A member's name, up to where its value begins.
    fn name<'a>(&mut self, text: &'a str) -> Result<Text<'a>, NotJson> {
        let name = self.string(text)?;
        self.rules.name(name)?;
        self.space();
        self.expect(b':')?;
        self.space();
        Ok(name)
    }

    fn literal(&mut self, word: &[u8]) -> Result<(), NotJson> {
        word.iter().try_for_each(|&byte| self.expect(byte))
    }

    fn string<'a>(&mut self, text: &'a str) -> Result<Text<'a>, NotJson> {
        self.expect(b'"')?;
        let start = self.at;
        let mut is_escaped = false;
        loop {
            self.at += plain_run(&self.bytes[self.at..]);
            match self.next()? {
                b'"' => return Ok(Text { written: &text[start..self.at - 1], is_escaped }),
                b'\\' => {
                    is_escaped = true;
                    self.escape()?;
                }
                _ => return Err(NotJson),
            }
        }
    }

    fn escape(&mut self) -> Result<(), NotJson> {
        match self.next()? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(()),
            b'u' => match self.unit()? {
                0xD800..0xDC00 => {
                    self.literal(b"\\u")?;
                    if (0xDC00..0xE000).contains(&self.unit()?) { Ok(()) } else { Err(NotJson) }
                }
                0xDC00..0xE000 => Err(NotJson),
                _ => Ok(()),
            },
            _ => Err(NotJson),
        }
    }

    fn unit(&mut self) -> Result<u32, NotJson> {
        let mut unit = 0;
        for _ in 0..4 {
            unit = unit << 4 | char::from(self.next()?).to_digit(16).ok_or(NotJson)?;
        }
        Ok(unit)
    }

    fn number(&mut self) -> Result<(), NotJson> {
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
        Ok(())
    }

    fn digits(&mut self) -> Result<(), NotJson> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(NotJson) }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    fn names(text: &str) -> Result<Vec<String>, NotJson> {
        let mut names = Vec::new();
        members(text.as_bytes(), |member| names.push(member.name.chars().collect()))?;
        Ok(names)
    }

    #[test]
    fn reads_members_in_order() {
        let text = r#" { "a" : "x" , "b":-1.5e3,"c":{"d":[1,{}]}, "\u0064\n\ud83d\ude00" : null } "#;
        assert_eq!(names(text).unwrap(), ["a", "b", "c", "d\n😀"]);
        assert_eq!(names("{}").unwrap(), [""; 0]);
    }

    #[test]
    fn tells_where_a_member_stands() {
        let text = r#"{"a":1, "b" : "x" }"#;
        let mut spans = Vec::new();
        members(text.as_bytes(), |member| spans.push(&text[member.start..member.end])).unwrap();
        assert_eq!(spans, [r#""a":1"#, r#""b" : "x""#]);
    }

    #[test]
    fn refuses_what_is_not_json() {
        let plain = r#"|[]|null|1|{|}|{a:1}|{"a"}|{"a":}|{"a":1,}|{,"a":1}|{"a":1}x|{"a":1}/**/|{"a":[1 2]}|{"a":"x}"#;
        let literals = r#"{"a":01}|{"a":1.}|{"a":.5}|{"a":+1}|{"a":NaN}|{"a":tru}"#;
        for text in plain.split('|').chain(literals.split('|')).chain([
            r#"{"a":"\x"}"#,
            "{\"a\":\"\n\"}",
            r#"{"a":"\ud800"}"#,
            r#"{"a":"\udc00"}"#,
            r#"{"a":"\ud800\u0041"}"#,
            "\u{feff}{}",
            r#"{"a":"\u12"}"#,
        ]) {
            assert_eq!(names(text), Err(NotJson), "{text}");
        }
        assert!(members(b"{\"a\":\"\xff\"}", |_| ()).is_err());
    }

    #[test]
    fn bounds_the_depth() {
        let nested = |depth: usize| format!("{{\"a\":{}1{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(names(&nested(MAX_DEPTH as usize - 1)).is_ok());
        assert!(names(&nested(MAX_DEPTH as usize)).is_err());
        assert!(names(&nested(100_000)).is_err());
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
            let read = whole(text).unwrap();
            // Beyond eighteen digits only the size counts.
            assert!(read == value || value > 1 << 60 && read > 1 << 60, "{text}: {read}");
        }
        for text in ["-1", "-0.5", "", "abc", "1x", "0x10", " 1", "NaN", "1e", "Infinity"] {
            assert_eq!(whole(text), None, "{text}");
        }
    }
}
