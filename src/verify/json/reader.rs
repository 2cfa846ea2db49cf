//! A small strict JSON reader (RFC 8259). It checks a whole text and shows the members of its
//! top-level object, or the items of a list in it. Depth is bounded. Numbers stay text, which keeps
//! the parser of floats out of the wasm.

use core::ops::Range;
use core::str;

use super::scan::plain_until;
use super::strict::{Lenient, Strict, Strictness};

use super::text::{Number, Text, Value};

/// Nesting deeper than this is refused.
pub const MAX_DEPTH: u32 = 32;

/// The text is not JSON as this reader takes it: syntax, UTF-8, a lone surrogate, or too deep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotJson;

/// One member of the top-level object.
#[derive(Debug, Clone, Copy)]
pub struct Member<'a> {
    /// The member's name, still escaped.
    pub name: Text<'a>,
    /// Its value.
    pub value: Value<'a>,
}

/// Checks that `text` is one JSON object and nothing else, and shows `visit` each of its members in
/// order. The client's reader is tested against this.
///
/// # Errors
/// [`NotJson`] when it is not; `visit` may have seen members by then.
#[cfg(all(test, not(target_arch = "wasm32")))]
pub fn members<'a>(text: &'a [u8], mut visit: impl FnMut(Member<'a>)) -> Result<(), NotJson> {
    read_members(text, Lenient, &mut visit)
}

/// Checks that `text` is one JSON object and nothing else, and shows `visit` each of its members in
/// order. Refuses, too, a name that comes twice in one object, at any depth, a number that no
/// double holds, and more than [`MAX_MEMBERS`](super::strict::MAX_MEMBERS) members in all.
///
/// # Errors
/// [`NotJson`] when it is not; `visit` may have seen members by then.
pub fn strict_members<'a>(
    text: &'a [u8],
    mut visit: impl FnMut(Member<'a>),
) -> Result<(), NotJson> {
    read_members(text, Strict::new(), &mut visit)
}

/// Shows `visit` the items of an array that a reader has checked and shown as [`Value::Other`].
/// Returns `false` when it is no array.
pub fn items<'a>(array: &'a str, mut visit: impl FnMut(Value<'a>)) -> bool {
    let mut reader = Reader { text: array, rules: Lenient };
    let item = |reader: &mut Reader<'a, Lenient>, at| {
        let (value, end) = reader.value(at, 1)?;
        visit(value);
        Ok(end)
    };
    reader.expect(0, b'[').and_then(|at| reader.sequence(at, b']', item)).is_ok()
}

/// An item of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item<'a> {
    /// Where it begins and ends in the text, in bytes.
    pub range: Range<usize>,
    /// The wanted member, when it is an object that has one; of two the last.
    pub member: Option<Value<'a>>,
}

/// Checks that `text` is one JSON object and nothing else, and shows `visit` the items of its
/// member `list`, in order, each with its own member `wanted`. What [`strict_members`] refuses
/// beyond bad syntax is not looked for: reading an item does that.
///
/// # Errors
/// [`NotJson`] when it is not, or has no such list or two; `visit` may have seen items by then.
pub fn listed<'a>(
    text: &'a [u8],
    list: &str,
    wanted: &str,
    mut visit: impl FnMut(Item<'a>),
) -> Result<(), NotJson> {
    let mut reader = Reader::over(text, Lenient)?;
    let mut lists = 0;
    reader.object(|reader, at| {
        let (name, at) = reader.name(at)?;
        if !name.is(list) {
            return reader.skip(at, 1);
        }
        lists += 1;
        let at = reader.expect(at, b'[')?;
        reader.sequence(at, b']', |reader, start| {
            let mut member = None;
            let end = match reader.expect(start, b'{') {
                Ok(at) => reader.sequence(at, b'}', |reader, at| {
                    let (name, at) = reader.name(at)?;
                    if !name.is(wanted) {
                        return reader.skip(at, 3);
                    }
                    let (value, at) = reader.value(at, 3)?;
                    member = Some(value);
                    Ok(at)
                }),
                Err(_) => reader.skip(start, 2),
            }?;
            visit(Item { range: start..end, member });
            Ok(end)
        })
    })?;
    if lists == 1 { Ok(()) } else { Err(NotJson) }
}

/// Takes `&mut dyn FnMut`: generic over `visit`, this would be compiled three times (half a
/// kilobyte more) and be no faster.
fn read_members<'a>(
    text: &'a [u8],
    rules: impl Strictness,
    visit: &mut dyn FnMut(Member<'a>),
) -> Result<(), NotJson> {
    Reader::over(text, rules)?.object(|reader, at| {
        let (name, at) = reader.name(at)?;
        let (value, at) = reader.value(at, 1)?;
        visit(Member { name, value });
        Ok(at)
    })
}

/// Each method reads from an offset, and returns the offset behind what it read. The offset is not
/// a field, and the small methods are inlined: kept in memory, it would make the reader take two
/// and a half times as long.
struct Reader<'a, S> {
    text: &'a str,
    rules: S,
}

/// The offset behind what was read.
type End = Result<usize, NotJson>;

#[expect(clippy::inline_always, reason = "LLVM leaves calls here, and each token makes many")]
impl<'a, S: Strictness> Reader<'a, S> {
    fn over(text: &'a [u8], rules: S) -> Result<Self, NotJson> {
        Ok(Self { text: str::from_utf8(text).map_err(|_| NotJson)?, rules })
    }

    /// The byte at an offset, and 0 at the end, which no JSON text holds unescaped.
    #[inline(always)]
    fn byte(&self, at: usize) -> u8 {
        self.text.as_bytes().get(at).copied().unwrap_or(0)
    }

    /// Uses `get` rather than indexing so that an unused slice is optimised away.
    #[inline]
    fn between(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    #[inline(always)]
    fn expect(&self, at: usize, byte: u8) -> End {
        if self.byte(at) == byte { Ok(at + 1) } else { Err(NotJson) }
    }

    #[inline(always)]
    fn space(&self, mut at: usize) -> usize {
        while matches!(self.byte(at), b' ' | b'\t' | b'\n' | b'\r') {
            at += 1;
        }
        at
    }

    /// Reads one object and nothing else. `member` reads a member.
    fn object(&mut self, member: impl FnMut(&mut Self, usize) -> End) -> Result<(), NotJson> {
        let at = self.expect(self.space(0), b'{')?;
        let at = self.sequence(at, b'}', member)?;
        if self.space(at) == self.text.len() { Ok(()) } else { Err(NotJson) }
    }

    /// Reads items with commas between them up to `close`, from behind the opening bracket on.
    #[inline(always)]
    fn sequence(
        &mut self,
        at: usize,
        close: u8,
        mut item: impl FnMut(&mut Self, usize) -> End,
    ) -> End {
        let mut at = self.space(at);
        if self.byte(at) == close {
            return Ok(at + 1);
        }
        loop {
            let end = item(self, at)?;
            at = self.space(end);
            if self.byte(at) == close {
                return Ok(at + 1);
            }
            at = self.space(self.expect(at, b',')?);
        }
    }

    /// Reads a member's name, and returns where its value begins.
    #[inline(always)]
    fn name(&mut self, at: usize) -> Result<(Text<'a>, usize), NotJson> {
        let (name, at) = self.string(at)?;
        self.rules.name(name)?;
        Ok((name, self.space(self.expect(self.space(at), b':')?)))
    }

    /// Reads a value that has `depth` open brackets around it.
    fn value(&mut self, at: usize, depth: u32) -> Result<(Value<'a>, usize), NotJson> {
        if self.byte(at) == b'"' {
            return self.string(at).map(|(text, end)| (Value::String(text), end));
        }
        let end = self.skip(at, depth)?;
        let written = self.between(at, end);
        let is_number = matches!(self.byte(at), b'-' | b'0'..=b'9');
        Ok((
            if is_number { Value::Number(Number::of(written)) } else { Value::Other(written) },
            end,
        ))
    }

    /// Skips a value that has `depth` open brackets around it. Not recursive: each bracket that
    /// opens is a bit of `kinds`, 1 for an object.
    fn skip(&mut self, mut at: usize, depth: u32) -> End {
        let (mut open, mut kinds) = (0, 0_u32);
        loop {
            // Here a value begins.
            at = match self.byte(at) {
                b'"' => self.string(at)?.1,
                bracket @ (b'{' | b'[') => {
                    if depth + open >= MAX_DEPTH {
                        return Err(NotJson);
                    }
                    at = self.space(at + 1);
                    // In ASCII a closing bracket is the opening one plus two.
                    if self.byte(at) != bracket + 2 {
                        let is_object = bracket == b'{';
                        open += 1;
                        kinds = kinds << 1 | u32::from(is_object);
                        if is_object {
                            self.rules.open();
                            at = self.name(at)?.1;
                        }
                        continue;
                    }
                    at + 1
                }
                b't' => self.literal(at, b"true")?,
                b'f' => self.literal(at, b"false")?,
                b'n' => self.literal(at, b"null")?,
                _ => self.number(at)?,
            };
            // Here a value has ended. What is around it goes on, or ends as well.
            while open > 0 {
                at = self.space(at);
                let is_object = kinds & 1 == 1;
                match self.byte(at) {
                    b',' => {
                        at = self.space(at + 1);
                        if is_object {
                            at = self.name(at)?.1;
                        }
                        break;
                    }
                    b'}' if is_object => self.rules.close(),
                    b']' if !is_object => {}
                    _ => return Err(NotJson),
                }
                at += 1;
                open -= 1;
                kinds >>= 1;
            }
            if open == 0 {
                return Ok(at);
            }
        }
    }

    fn literal(&self, at: usize, word: &[u8]) -> End {
        let end = at + word.len();
        if self.text.as_bytes().get(at..end) == Some(word) { Ok(end) } else { Err(NotJson) }
    }

    #[inline(always)]
    fn string(&self, at: usize) -> Result<(Text<'a>, usize), NotJson> {
        let start = self.expect(at, b'"')?;
        let mut at = start;
        let mut is_escaped = false;
        loop {
            at = plain_until(self.text.as_bytes(), at);
            match self.byte(at) {
                b'"' => return Ok((Text { written: self.between(start, at), is_escaped }, at + 1)),
                b'\\' => {
                    is_escaped = true;
                    at = self.escape(at + 1)?;
                }
                _ => return Err(NotJson),
            }
        }
    }

    /// Reads an escape from behind the backslash on.
    #[cold]
    fn escape(&self, at: usize) -> End {
        match self.byte(at) {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(at + 1),
            b'u' => match self.unit(at + 1)? {
                (0xD800..0xDC00, end) => match self.unit(self.literal(end, b"\\u")?)? {
                    (0xDC00..0xE000, end) => Ok(end),
                    _ => Err(NotJson),
                },
                (0xDC00..0xE000, _) => Err(NotJson),
                (_, end) => Ok(end),
            },
            _ => Err(NotJson),
        }
    }

    fn unit(&self, at: usize) -> Result<(u32, usize), NotJson> {
        let mut unit = 0;
        for place in at..at + 4 {
            unit = unit << 4 | char::from(self.byte(place)).to_digit(16).ok_or(NotJson)?;
        }
        Ok((unit, at + 4))
    }

    fn number(&mut self, start: usize) -> End {
        let mut at = start + usize::from(self.byte(start) == b'-');
        at = if self.byte(at) == b'0' { at + 1 } else { self.digits(at)? };
        if self.byte(at) == b'.' {
            at = self.digits(at + 1)?;
        }
        if matches!(self.byte(at), b'e' | b'E') {
            at += 1;
            at = self.digits(at + usize::from(matches!(self.byte(at), b'+' | b'-')))?;
        }
        self.rules.number(self.between(start, at))?;
        Ok(at)
    }

    fn digits(&self, start: usize) -> End {
        let mut at = start;
        while self.byte(at).is_ascii_digit() {
            at += 1;
        }
        if at > start { Ok(at) } else { Err(NotJson) }
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
        let text =
            r#" { "a" : "x" , "b":-1.5e3,"c":{"d":[1,{}]}, "\u0064\n\ud83d\ude00" : null } "#;
        assert_eq!(names(text).unwrap(), ["a", "b", "c", "d\n😀"]);
        assert_eq!(names("{}").unwrap(), [""; 0]);
    }

    #[test]
    fn shows_the_items_of_one_list_and_where_they_stand() {
        let text = r#" {"a":[{"id":"x"}], "keys" : [ {"id":"a","id":"b","x":{"id":1}} , 7, {"x":[{}]},{"id":null}]} "#;
        let mut seen = Vec::new();
        listed(text.as_bytes(), "keys", "id", |Item { range, member }| {
            seen.push((&text[range], member));
        })
        .unwrap();
        let name = Value::String(Text { written: "b", is_escaped: false });
        assert_eq!(
            seen,
            [
                (r#"{"id":"a","id":"b","x":{"id":1}}"#, Some(name)),
                ("7", None),
                (r#"{"x":[{}]}"#, None),
                (r#"{"id":null}"#, Some(Value::Other("null"))),
            ]
        );
    }

    #[test]
    fn refuses_what_has_not_one_list() {
        let is_one = |text: &str| listed(text.as_bytes(), "keys", "id", |_| {}).is_ok();
        assert!(is_one(r#"{"keys":[]}"#));
        for text in [
            "[]",
            "{}",
            r#"{"keys":{}}"#,
            r#"{"keys":"[]"}"#,
            r#"{"keys":[],"keys":[]}"#,
            r#"{"keys":[{]}"#,
            r#"{"keys":[]"#,
        ] {
            assert!(!is_one(text), "{text}");
        }
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
        let nested =
            |depth: usize| format!("{{\"a\":{}1{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(names(&nested(MAX_DEPTH as usize - 1)).is_ok());
        assert!(names(&nested(MAX_DEPTH as usize)).is_err());
        assert!(names(&nested(100_000)).is_err());
    }
}
