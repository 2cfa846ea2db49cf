//! RSA moduli as the faulty library of CVE-2017-15361 ("ROCA") made them. Modulo each of many small
//! primes, both of their factors are powers of 65 537, and so is the product. That gives such a
//! modulus away, and makes it possible to factor it.

const PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
    101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/// Whether a big-endian modulus looks as if that library made it. One in two hundred million others
/// does by chance.
pub(super) fn looks_weak(modulus: &[u8]) -> bool {
    PRIMES.iter().all(|&prime| {
        let remainder = modulus.iter().fold(0, |rest, &byte| (rest << 8 | u32::from(byte)) % prime);
        is_power(remainder, prime)
    })
}

fn is_power(remainder: u32, prime: u32) -> bool {
    let mut power = 1;
    loop {
        if power == remainder {
            return true;
        }
        power = power * 65_537 % prime;
        if power == 1 {
            return false;
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn edge_e50_tells_products_of_powers_of_65537() {
        // 65537 to the 20th power, as bytes: a power modulo whatever prime.
        let mut number = vec![1_u8];
        for _ in 0..20 {
            let mut carry = 0_u32;
            for byte in number.iter_mut().rev() {
                carry += u32::from(*byte) * 65_537;
                *byte = (carry & 0xFF) as u8;
                carry >>= 8;
            }
            number.splice(0..0, carry.to_be_bytes());
        }
        assert!(looks_weak(&number));
        *number.last_mut().unwrap() += 1;
        assert!(!looks_weak(&number));
        assert!(!looks_weak(&[]) && !looks_weak(&[0; 256]));
    }
}
