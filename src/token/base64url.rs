//! base64url without padding (RFC 4648 section 5), canonical: one text for one sequence of bytes.

/// The text is not canonical base64url without padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotBase64url;

const INVALID: u8 = 0xFF;

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

/// Decodes `text`. Padding, white space, the alphabet of plain base64, a length of 4n+1 and trailing bits that are
/// not zero are refused.
///
/// # Errors
/// [`NotBase64url`] for anything but the one canonical text.
pub fn decode(text: &[u8]) -> Result<Vec<u8>, NotBase64url> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    let mut quads = text.chunks_exact(4);
    for quad in &mut quads {
        let [a, b, c, d] = [quad[0], quad[1], quad[2], quad[3]].map(|symbol| VALUES[usize::from(symbol)]);
        if (a | b | c | d) == INVALID {
            return Err(NotBase64url);
        }
        bytes.extend_from_slice(&[a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]);
    }
    let value = |&symbol: &u8| match VALUES[usize::from(symbol)] {
        INVALID => Err(NotBase64url),
        value => Ok(value),
    };
    match quads.remainder() {
        [] => {}
        [a, b] => {
            let [a, b] = [value(a)?, value(b)?];
            if b & 0b1111 != 0 {
                return Err(NotBase64url);
            }
            bytes.push(a << 2 | b >> 4);
        }
        [a, b, c] => {
            let [a, b, c] = [value(a)?, value(b)?, value(c)?];
            if c & 0b11 != 0 {
                return Err(NotBase64url);
            }
            bytes.extend_from_slice(&[a << 2 | b >> 4, b << 4 | c >> 2]);
        }
        _ => return Err(NotBase64url),
    }
    Ok(bytes)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn decodes_every_length() {
        for (text, bytes) in [("", ""), ("Zg", "f"), ("Zm8", "fo"), ("Zm9v", "foo"), ("Zm9vYmFy", "foobar")] {
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
}
