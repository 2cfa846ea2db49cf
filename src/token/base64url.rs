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
    for quad in text.chunks(4) {
        let mut bits = 0_u32;
        for &symbol in quad {
            let value = VALUES[usize::from(symbol)];
            if value == INVALID {
                return Err(NotBase64url);
            }
            bits = bits << 6 | u32::from(value);
        }
        match quad.len() {
            4 => bytes.extend_from_slice(&bits.to_be_bytes()[1..]),
            3 if bits & 0b11 == 0 => bytes.extend_from_slice(&(bits << 6).to_be_bytes()[1..3]),
            2 if bits & 0b1111 == 0 => bytes.push((bits >> 4) as u8),
            _ => return Err(NotBase64url),
        }
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
