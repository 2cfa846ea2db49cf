//! The numbers of replies and header fields, read without floats: that keeps the parser of floats
//! out of the wasm.

use core::iter::repeat;

use super::members::is_number;

/// The whole part of a JSON number, saturating at `u64::MAX`; `None` when it is negative, or no
/// number.
#[must_use]
pub fn whole(text: &[u8]) -> Option<u64> {
    if !is_number(text) || text.first() == Some(&b'-') {
        return None;
    }
    let end = text.iter().position(|byte| matches!(byte, b'e' | b'E')).unwrap_or(text.len());
    let (mantissa, exponent) = text.split_at_checked(end)?;
    let point = mantissa.iter().position(|&byte| byte == b'.').unwrap_or(end);
    let mut power = 0;
    for digit in exponent.iter().filter(|byte| byte.is_ascii_digit()) {
        // An exponent of five digits is beyond what a u64 can hold.
        power = (power * 10 + isize::from(digit - b'0')).min(99_999);
    }
    if exponent.get(1) == Some(&b'-') {
        power = -power;
    }
    // The digits before the point, once the exponent has moved it. Behind the last are zeros.
    let count = point.checked_add_signed(power).unwrap_or(0);
    let digits = mantissa.iter().filter(|&&byte| byte != b'.').chain(repeat(&b'0'));
    Some(digits.take(count).fold(0, |number, &digit| with(number, digit)))
}

/// A number as header fields write it, `1*DIGIT`, saturating at `u64::MAX`; `None` for anything
/// else.
#[must_use]
pub fn digits(text: &[u8]) -> Option<u64> {
    let is_number = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    is_number.then(|| text.iter().fold(0, |number, &digit| with(number, digit)))
}

/// The number with one more digit.
fn with(number: u64, digit: u8) -> u64 {
    if number > (u64::MAX - 9) / 10 { u64::MAX } else { number * 10 + u64::from(digit - b'0') }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

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
}
