//! Searches for bytes eight at a time, without vector instructions. Most of a token is inside
//! strings, which is why this counts.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = ONES << 7;

/// Sets the highest bit of each byte that is less than `limit`. Bits above the lowest such byte may
/// be wrong.
const fn below(word: u64, limit: u8) -> u64 {
    word.wrapping_sub(ONES * limit as u64) & !word & HIGHS
}

/// Like [`below`], for each byte that equals `byte`.
const fn equal(word: u64, byte: u8) -> u64 {
    below(word ^ (ONES * byte as u64), 1)
}

/// The first offset from `at` on whose byte is special, or the end. `marks` tells the special ones
/// of eight bytes, `is_special` tells it of one.
#[inline]
fn run(
    bytes: &[u8],
    mut at: usize,
    marks: impl Fn(u64) -> u64,
    is_special: impl Fn(u8) -> bool,
) -> usize {
    while let Some(eight) = bytes.get(at..at + 8) {
        let marked = marks(u64::from_le_bytes(eight.try_into().expect("eight of them")));
        if marked != 0 {
            return at + marked.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while bytes.get(at).is_some_and(|byte| !is_special(*byte)) {
        at += 1;
    }
    at
}

/// The offset of the first quote, backslash or control character from `at` on, or the end.
#[inline]
pub(super) fn plain_until(bytes: &[u8], at: usize) -> usize {
    let marks = |word| below(word, 0x20) | equal(word, b'"') | equal(word, b'\\');
    run(bytes, at, marks, |byte| matches!(byte, b'"' | b'\\' | 0..0x20))
}

/// Where the first `byte` stands, or the end.
#[inline]
pub(in crate::verify) fn until(bytes: &[u8], byte: u8) -> usize {
    run(bytes, 0, |word| equal(word, byte), |one| one == byte)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn finds_the_first_special_byte_wherever_it_is() {
        for special in [b'"', b'\\', 0, 0x1F] {
            for place in 0..23 {
                let mut bytes = [b'a', 0x80, b'!', 0xFF, b'#', b'[', b']', 0x7F].repeat(3);
                assert_eq!((plain_until(&bytes, 0), until(&bytes, special)), (24, 24));
                bytes[place] = special;
                assert_eq!((plain_until(&bytes, 0), until(&bytes, special)), (place, place));
                bytes[place + 1] = b'"';
                assert_eq!(
                    (plain_until(&bytes, 0), plain_until(&bytes, place + 1)),
                    (place, place + 1)
                );
            }
        }
    }
}
