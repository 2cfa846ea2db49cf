//! The numbers of replies and header fields, read without floats: that keeps the parser of floats
//! out of the wasm.

use super::members::is_number;

/// The whole part of a JSON number, saturating at `u64::MAX`; `None` when it is negative, or no
/// number.
#[must_use]
pub fn whole(text: &[u8]) -> Option<u64> {
    if !is_number(text) || text.first() == Some(&b'-') {
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
