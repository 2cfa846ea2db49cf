//! base64url without padding (RFC 4648 section 5), canonical: one text for one sequence of bytes.

/// The text is not canonical base64url without padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotBase64url;

const INVALID: u8 = 0xFF;

#[expect(clippy::cast_possible_truncation, reason = "the alphabet has 64 characters")]
const VALUES: [u8; 256] = {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut values = [INVALID; 256];
    let mut i = 0;
    while i < alphabet.len() {
        values[alphabet[i] as usize] = i as u8;
        i += 1;
    }
    values
};

/// Decodes `text`. Padding, white space, the alphabet of plain base64, a length of 4n+1 and
/// trailing bits that are not zero are refused.
///
/// # Errors
/// [`NotBase64url`] for anything but the one canonical text.
pub fn decode(text: &[u8]) -> Result<Vec<u8>, NotBase64url> {
    let mut bytes = Vec::new();
    decode_into(text, &mut bytes)?;
    Ok(bytes)
}

/// Like [`decode`], into a buffer that is used again. Its former contents are lost even when the
/// text is refused.
///
/// # Errors
/// Like [`decode`].
pub fn decode_into(text: &[u8], bytes: &mut Vec<u8>) -> Result<(), NotBase64url> {
    let rest = text.len() % 4;
    bytes.clear();
    bytes.resize(text.len() / 4 * 3 + rest.saturating_sub(1), 0);
    // An invalid symbol is noticed at the end: that saves a branch for each symbol.
    let mut seen = 0;
    let mut value = |symbol: u8| {
        let value = VALUES[usize::from(symbol)];
        seen |= value;
        value
    };
    let mut quads = text.chunks_exact(4);
    let mut triples = bytes.chunks_exact_mut(3);
    for (quad, triple) in (&mut quads).zip(&mut triples) {
        let [a, b, c, d] = [value(quad[0]), value(quad[1]), value(quad[2]), value(quad[3])];
        triple.copy_from_slice(&[a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]);
    }
    let trailing = match (quads.remainder(), triples.into_remainder()) {
        ([a, b], [last]) => {
            let [a, b] = [value(*a), value(*b)];
            *last = a << 2 | b >> 4;
            b & 0b1111
        }
        ([a, b, c], [first, last]) => {
            let [a, b, c] = [value(*a), value(*b), value(*c)];
            *first = a << 2 | b >> 4;
            *last = b << 4 | c >> 2;
            c & 0b11
        }
        ([], _) => 0,
        _ => return Err(NotBase64url),
    };
    if seen == INVALID || trailing != 0 { Err(NotBase64url) } else { Ok(()) }
}

/// The text without the padding of RFC 4648 section 4, where that fills it up to a multiple of four
/// symbols. Any other `=` stays, and [`decode`] refuses it. Not inlined: few tokens are padded.
#[inline(never)]
#[must_use]
pub fn without_padding(text: &[u8]) -> &[u8] {
    match text {
        _ if !text.len().is_multiple_of(4) => text,
        [rest @ .., b'=', b'='] | [rest @ .., b'='] => rest,
        _ => text,
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn decodes_every_length() {
        for (text, bytes) in
            [("", ""), ("Zg", "f"), ("Zm8", "fo"), ("Zm9v", "foo"), ("Zm9vYmFy", "foobar")]
        {
            assert_eq!(decode(text.as_bytes()).unwrap(), bytes.as_bytes());
        }
        assert_eq!(decode(b"-_8").unwrap(), [0xFB, 0xFF]);
    }

    #[test]
    fn refuses_what_is_not_canonical() {
        for text in ["Zg==", "Z", "Zm9vY", "Zh", "Zm9", "+/8", "Z g", "Zm9v\n", "Zm\u{e9}"] {
            assert_eq!(decode(text.as_bytes()), Err(NotBase64url), "{text}");
        }
    }

    #[test]
    fn edge_b146_takes_off_padding_that_is_whole_and_no_other() {
        let decode = |text: &str| decode(without_padding(text.as_bytes()));
        for (text, bytes) in [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zg", "f")]
        {
            assert_eq!(decode(text).unwrap(), bytes.as_bytes(), "{text}");
        }
        for text in [
            "=", "==", "====", "Zg=", "Zg===", "Z===", "Zm9v=", "Zm9v==", "Zm9v====", "Zh==",
            "Zm9=",
        ] {
            assert_eq!(decode(text), Err(NotBase64url), "{text}");
        }
    }
}
