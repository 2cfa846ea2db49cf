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
    /// Its value as it is written. [`text`] and [`whole`](super::numbers::whole) read it,
    /// and [`parts`] a nested one.
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

/// Whether `text` is a JSON number.
pub(super) fn is_number(text: &[u8]) -> bool {
    let mut scanner = Scanner { bytes: text, at: 0 };
    scanner.number().is_some() && scanner.at_end()
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
            byte => push(&mut text, byte),
        }
    }
    Cow::Owned(text)
}

/// Adds a byte. `Vec::push` would bring a way to grow for bytes alone, 220 bytes of wasm.
pub(super) fn push(bytes: &mut Vec<u8>, byte: u8) {
    bytes.extend_from_slice(&[byte]);
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
        // How many follow, and the least character that takes so many.
        let (count, least) = match first {
            0xC2..=0xDF => (1, 0x80),
            0xE0..=0xEF => (2, 0x800),
            0xF0..=0xF4 => (3, 0x1_0000),
            _ => return None,
        };
        let mut character = u32::from(first & (0x3F >> count));
        for _ in 0..count {
            let byte = self.next();
            if byte & 0xC0 != 0x80 {
                return None;
            }
            character = character << 6 | u32::from(byte & 0x3F);
        }
        (character >= least && char::from_u32(character).is_some()).then_some(())
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
mod tests;
