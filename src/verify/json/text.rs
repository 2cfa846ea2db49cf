//! The values that the JSON reader shows: checked, as they are written, and unescaped or converted
//! only on demand.

use core::str;

use super::decimal::Decimal;

/// One value of the top-level object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// A string, still escaped.
    String(Text<'a>),
    /// A number as it is written.
    Number(Number<'a>),
    /// Anything else as it is written.
    Other(&'a str),
}

/// What stands between the quotes of a checked JSON string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text<'a> {
    pub(super) written: &'a str,
    pub(super) is_escaped: bool,
}

const FNV_START: u64 = 0xCBF2_9CE4_8422_2325;

/// FNV-1a. The client has its own (src/token/jwt.rs): the halves share no code.
fn fnv(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
}

impl<'a> Text<'a> {
    /// A text without an escape.
    #[must_use]
    pub fn unescaped(written: &'a str) -> Self {
        Self { written, is_escaped: false }
    }

    /// The text as it is written, with its escapes.
    #[must_use]
    pub fn written(self) -> &'a str {
        self.written
    }

    /// The text, or `None` when it has an escape in it.
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
            // The reader has checked the escapes: none of these is missing.
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

    /// The unescaped text. Not inlined: only what is new is copied, and the copying is long.
    #[inline(never)]
    #[must_use]
    pub fn copied(self) -> String {
        self.chars().collect()
    }

    /// A hash of the unescaped text. Others can make texts that collide.
    #[inline]
    #[must_use]
    pub fn hash(self) -> u64 {
        match self.plain() {
            Some(plain) => plain.bytes().fold(FNV_START, fnv),
            None => self.chars().fold(FNV_START, |hash, character| {
                character.encode_utf8(&mut [0; 4]).bytes().fold(hash, fnv)
            }),
        }
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
    pub(super) fn of(written: &'a str) -> Self {
        Self(written)
    }

    /// The number's text.
    #[must_use]
    pub fn written(self) -> &'a str {
        self.0
    }

    /// The nearest double, or one beside it; infinite from 1e19 on.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        Decimal::read(self.0).to_f64()
    }
}
