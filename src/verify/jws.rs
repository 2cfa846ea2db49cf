//! The compact serialisation of a JWS (RFC 7515 section 7.1): three parts of canonical base64url,
//! of which only the payload may be empty. Looks at the shape before it decodes anything, so that a
//! text of a million dots costs no more than finding the fourth.

use super::base64url::{self, NotBase64url};
use super::json::scan::until;

/// A decoded header longer than this is refused.
pub const MAX_HEADER_BYTES: usize = 4_096;

/// Why a text is not taken for a compact JWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotCompact {
    /// Not three parts, an empty header or signature, or no canonical base64url.
    Malformed,
    /// Longer than allowed, as a whole or in its header.
    TooLarge,
    /// Five parts: a JWE (RFC 7516).
    Encrypted,
}

/// The three parts, decoded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compact {
    /// The protected header, to be read as JSON.
    pub header: Vec<u8>,
    /// The payload.
    pub payload: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
    /// Whether one of the decoded parts had padding.
    pub is_padded: bool,
}

impl Compact {
    /// An empty value, which owns no memory.
    pub const EMPTY: Self =
        Self { header: Vec::new(), payload: Vec::new(), signature: Vec::new(), is_padded: false };

    /// Takes `text` apart. A text of more than `longest` bytes is refused.
    ///
    /// # Errors
    /// [`NotCompact`], decided by the shape before anything is decoded.
    pub fn read(text: &[u8], longest: usize) -> Result<Self, NotCompact> {
        let mut parts = Self::EMPTY;
        parts.refill(text, longest, false, false)?;
        Ok(parts)
    }

    /// Like [`Compact::read`], into buffers that are used again. With `but_header` the header stays
    /// empty: the caller knows it already. `with_padding`: each part may have padding.
    ///
    /// # Errors
    /// Like [`Compact::read`].
    pub fn refill(
        &mut self,
        text: &[u8],
        longest: usize,
        but_header: bool,
        with_padding: bool,
    ) -> Result<(), NotCompact> {
        if text.len() > longest {
            return Err(NotCompact::TooLarge);
        }
        let [header, payload, signature] = parts(text)?;
        if header.len() > MAX_HEADER_BYTES.div_ceil(3) * 4 {
            return Err(NotCompact::TooLarge);
        }
        self.header.clear();
        if header.is_empty() || signature.is_empty() {
            return Err(NotCompact::Malformed);
        }
        self.is_padded = false;
        let mut decode = |part, bytes: &mut Vec<u8>| {
            let text = if with_padding { base64url::without_padding(part) } else { part };
            self.is_padded |= text.len() < part.len();
            base64url::decode_into(text, bytes)
        };
        if !but_header {
            decode(header, &mut self.header)?;
        }
        decode(payload, &mut self.payload)?;
        decode(signature, &mut self.signature)?;
        Ok(())
    }
}

impl From<NotBase64url> for NotCompact {
    fn from(NotBase64url: NotBase64url) -> Self {
        Self::Malformed
    }
}

fn parts(text: &[u8]) -> Result<[&[u8]; 3], NotCompact> {
    match split(text) {
        Some((3, [header, payload, signature, ..])) => Ok([header, payload, signature]),
        // Direct encryption leaves the second part empty.
        Some((5, _)) => Err(NotCompact::Encrypted),
        _ => Err(NotCompact::Malformed),
    }
}

/// How many parts there are between dots, and which; `None` for more than five.
#[inline]
pub(super) fn split(text: &[u8]) -> Option<(usize, [&[u8]; 5])> {
    let mut parts: [&[u8]; 5] = [&[]; 5];
    let mut rest = text;
    let mut count = 0;
    loop {
        let end = until(rest, b'.');
        *parts.get_mut(count)? = &rest[..end];
        count += 1;
        match rest.get(end + 1..) {
            Some(after) => rest = after,
            None => return Some((count, parts)),
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    fn read(text: &str, longest: usize) -> Result<Compact, NotCompact> {
        Compact::read(text.as_bytes(), longest)
    }

    #[test]
    fn edge_a2_wants_three_parts_of_which_only_the_payload_may_be_empty() {
        assert!(read("e30.e30.AA", 100).is_ok());
        assert_eq!(read("e30..AA", 100).unwrap().payload, []);
        for text in [
            "",
            ".",
            "..",
            "...",
            "e30",
            "e30.e30",
            "e30.e30.",
            ".e30.AA",
            "..AA",
            "e30..",
            "e30.e30.AA.",
            "a.b.c.d",
            "a.b.c.d.e.f",
        ] {
            assert_eq!(read(text, 100), Err(NotCompact::Malformed), "{text}");
        }
        assert_eq!(read(&".".repeat(1 << 20), 1 << 20), Err(NotCompact::Malformed));
    }

    #[test]
    fn edge_a3_tells_a_jwe_by_its_parts_before_decoding() {
        assert_eq!(read("!.!.!.!.!", 100), Err(NotCompact::Encrypted));
        assert_eq!(read("e30..iv.text.tag", 100), Err(NotCompact::Encrypted));
    }

    #[test]
    fn edge_a5_bounds_the_whole_and_the_header() {
        assert_eq!(read("e30.e30.AA", 9), Err(NotCompact::TooLarge));
        let long = format!("{}.e30.AA", "AAAA".repeat(1_400));
        assert_eq!(read(&long, 10_000), Err(NotCompact::TooLarge));
    }

    #[test]
    fn edge_b12_refuses_trailing_bits_in_each_part() {
        for text in ["e31.e30.AA", "e30.e31.AA", "e30.e30.AB"] {
            assert_eq!(read(text, 100), Err(NotCompact::Malformed), "{text}");
        }
    }
}
