//! JSON numbers without the standard library's parser of floats, whose tables alone weigh ten
//! kilobytes.

/// A number taken apart: its first nineteen digits as a whole number, times ten to `exponent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decimal {
    is_negative: bool,
    mantissa: u64,
    exponent: i32,
}

const MOST_DIGITS: u32 = 19;

impl Decimal {
    /// Takes a number apart whose syntax has been checked.
    pub(super) fn read(written: &str) -> Self {
        // Dates look like this.
        if written.len() < MOST_DIGITS as usize && written.bytes().all(|byte| byte.is_ascii_digit())
        {
            let mantissa = written.bytes().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
            return Self { is_negative: false, mantissa, exponent: 0 };
        }
        let is_negative = written.starts_with('-');
        let (digits, power) = written.split_once(['e', 'E']).unwrap_or((written, "0"));
        // No double has an exponent of five digits: a longer one saturates to the same result.
        let size = power
            .bytes()
            .filter(u8::is_ascii_digit)
            .fold(0_i32, |sum, digit| (sum * 10 + i32::from(digit - b'0')).min(99_999));
        let mut exponent = if power.starts_with('-') { -size } else { size };
        let mut mantissa = 0_u64;
        let mut is_fraction = false;
        for byte in digits.bytes() {
            match byte {
                b'.' => is_fraction = true,
                b'-' => {}
                digit if mantissa < 10_u64.pow(MOST_DIGITS - 1) => {
                    mantissa = mantissa * 10 + u64::from(digit - b'0');
                    exponent -= i32::from(is_fraction);
                }
                _ => exponent += i32::from(!is_fraction),
            }
        }
        Self { is_negative, mantissa, exponent }
    }

    /// The nearest double, or one beside it. Infinite when the whole part has more digits than are
    /// kept.
    #[expect(clippy::cast_precision_loss, reason = "the nearest double is wanted")]
    pub(super) fn to_f64(self) -> f64 {
        let Self { is_negative, mantissa, mut exponent } = self;
        let mut number = mantissa as f64;
        while exponent < 0 && number != 0.0 {
            // Powers of ten up to this one are exact as doubles.
            let step = exponent.max(-22);
            number /= (step..0).fold(1.0, |power, _| power * 10.0);
            exponent -= step;
        }
        if exponent > 0 && mantissa != 0 {
            number = if exponent > 22 {
                f64::INFINITY
            } else {
                (0..exponent).fold(number, |number, _| number * 10.0)
            };
        }
        if is_negative { -number } else { number }
    }

    /// Whether a double can hold it, exactly or not.
    pub(super) fn is_finite(self) -> bool {
        /// The first digits of the largest double plus half a step.
        const TOO_LARGE: u64 = 1_797_693_134_862_315_807;
        let digits = self.mantissa.checked_ilog10().map_or(0, |log| log + 1);
        match i64::from(digits) + i64::from(self.exponent) {
            ..=308 => true,
            309 => self.mantissa * 10_u64.pow(MOST_DIGITS - digits) < TOO_LARGE,
            _ => digits == 0,
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
#[expect(clippy::float_cmp, reason = "the very double is meant")]
mod tests {
    use super::Decimal;

    #[test]
    fn reads_dates_as_the_standard_library_does() {
        for text in [
            "0",
            "-0",
            "1700000000",
            "1700000000.5",
            "1.7e9",
            "17e8",
            "170000000000e-2",
            "-1",
            "0.001",
            "9007199254740992",
            "1e-5",
        ] {
            assert_eq!(Decimal::read(text).to_f64(), text.parse::<f64>().unwrap(), "{text}");
        }
        assert_eq!(
            Decimal::read("1700000000.123456789012345678901234567890").to_f64(),
            1_700_000_000.123_456_7
        );
        assert_eq!(Decimal::read("1e-400").to_f64(), 0.0);
        assert!(
            Decimal::read("1e99999999999").to_f64().is_infinite()
                && Decimal::read("-1e300").to_f64() < -1e19
        );
    }

    #[test]
    fn tells_what_no_double_holds() {
        for text in [
            "0e99999",
            "1e308",
            "1.7976931348623157e308",
            "17976931348623157e292",
            "-1e-99999",
            "0.0000001e314",
        ] {
            assert!(
                Decimal::read(text).is_finite() && text.parse::<f64>().unwrap().is_finite(),
                "{text}"
            );
        }
        for text in ["1e309", "1.7976931348623159e308", "-2e308", "1e999999999999", "1000000e303"] {
            assert!(
                !Decimal::read(text).is_finite() && text.parse::<f64>().unwrap().is_infinite(),
                "{text}"
            );
        }
        assert!(Decimal::read(&format!("1{}", "0".repeat(308))).is_finite());
        assert!(!Decimal::read(&format!("1{}", "0".repeat(309))).is_finite());
    }
}
