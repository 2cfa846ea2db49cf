//! Looking for bytes eight at a time, which is what a processor without vectors does best: most of a token is inside of strings.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = ONES << 7;

/// Of every byte the highest bit, where the byte is less than `limit`; bits above the lowest such byte may be wrong.
const fn below(word: u64, limit: u8) -> u64 {
    word.wrapping_sub(ONES * limit as u64) & !word & HIGHS
}

/// The same where it is `byte`.
const fn equal(word: u64, byte: u8) -> u64 {
    below(word ^ (ONES * byte as u64), 1)
}

/// How many bytes at the front are not special; `marks` says which of eight are, `is_special` of one.
fn run(bytes: &[u8], marks: impl Fn(u64) -> u64, is_special: impl Fn(u8) -> bool) -> usize {
    let mut run = 0;
    for eight in bytes.chunks_exact(8) {
        let marked = marks(u64::from_le_bytes(eight.try_into().expect("chunks of eight")));
        if marked != 0 {
            return run + marked.trailing_zeros() as usize / 8;
        }
        run += 8;
    }
    run + bytes[run..].iter().take_while(|byte| !is_special(**byte)).count()
}

/// How many bytes at the front are neither a quote nor a backslash nor a control character.
pub(super) fn plain_run(bytes: &[u8]) -> usize {
    let marks = |word| below(word, 0x20) | equal(word, b'"') | equal(word, b'\\');
    run(bytes, marks, |byte| matches!(byte, b'"' | b'\\' | 0..0x20))
}

/// How many bytes at the front are not `byte`.
pub(super) fn run_before(bytes: &[u8], byte: u8) -> usize {
    run(bytes, |word| equal(word, byte), |one| one == byte)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn finds_the_end_of_a_run_wherever_it_is() {
        for special in [b'"', b'\\', 0, 0x1F] {
            for place in 0..23 {
                let mut bytes = [b'a', 0x80, b'!', 0xFF, b'#', b'[', b']', 0x7F].repeat(3);
                assert_eq!((plain_run(&bytes), run_before(&bytes, special)), (24, 24));
                bytes[place] = special;
                assert_eq!((plain_run(&bytes), run_before(&bytes, special)), (place, place));
                bytes[place + 1] = b'"';
                assert_eq!(plain_run(&bytes), place);
            }
        }
    }
}
