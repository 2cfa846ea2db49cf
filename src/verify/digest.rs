//! SipHash-1-3 with 128 bits (Aumasson and Bernstein, 2012): what a remembered token is found by.
//! The key is random and the hash never leaves the wasm, so nobody outside can make two tokens that
//! share one. docs/decisions.md says why one round for each word is enough here.

/// The hash of `bytes` under the two halves of `key`.
#[expect(clippy::cast_possible_truncation, reason = "of the length only the last byte counts")]
#[expect(clippy::missing_panics_doc, reason = "a chunk of eight bytes is an array of eight")]
#[must_use]
pub fn digest(bytes: &[u8], key: [u64; 2]) -> [u64; 2] {
    let mut state = [
        key[0] ^ 0x736F_6D65_7073_6575,
        key[1] ^ 0x646F_7261_6E64_6F6D ^ 0xEE,
        key[0] ^ 0x6C79_6765_6E65_7261,
        key[1] ^ 0x7465_6462_7974_6573,
    ];
    let mut words = bytes.chunks_exact(8);
    for word in &mut words {
        absorb(&mut state, u64::from_le_bytes(word.try_into().expect("chunks of eight")));
    }
    let rest = words.remainder();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    // The length modulo 256, as SipHash wants it.
    last[7] = bytes.len() as u8;
    absorb(&mut state, u64::from_le_bytes(last));

    state[2] ^= 0xEE;
    let first = squeeze(&mut state);
    state[1] ^= 0xDD;
    [first, squeeze(&mut state)]
}

#[inline]
fn absorb(state: &mut [u64; 4], word: u64) {
    state[3] ^= word;
    round(state);
    state[0] ^= word;
}

#[inline]
fn squeeze(state: &mut [u64; 4]) -> u64 {
    for _ in 0..3 {
        round(state);
    }
    state[0] ^ state[1] ^ state[2] ^ state[3]
}

#[inline]
fn round([a, b, c, d]: &mut [u64; 4]) {
    *a = a.wrapping_add(*b);
    *b = b.rotate_left(13) ^ *a;
    *a = a.rotate_left(32);
    *c = c.wrapping_add(*d);
    *d = d.rotate_left(16) ^ *c;
    *a = a.wrapping_add(*d);
    *d = d.rotate_left(21) ^ *a;
    *c = c.wrapping_add(*b);
    *b = b.rotate_left(17) ^ *c;
    *c = c.rotate_left(32);
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::digest;

    #[test]
    fn gives_the_reference_vectors() {
        let key = [0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908];
        let hex = |length: u8| {
            let [first, second] = digest(&(0..length).collect::<Vec<_>>(), key);
            format!("{:016x}{:016x}", first.swap_bytes(), second.swap_bytes())
        };
        assert_eq!(hex(0), "e77ebcb22788a5befd62db6add303001");
        assert_eq!(hex(1), "fc6f370460d3eda85e0573cc2b2ff063");
        assert_ne!(hex(15), hex(16));
    }
}
