//! The access token as a secret: one buffer, wiped on drop, with no way to print it.

use zeroize::Zeroize;

/// The schemes by which an access token is presented, which are also its types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// RFC 6750: whoever has the token can use it.
    Bearer,
    /// RFC 9449: a proof goes along with each use.
    Dpop,
}

impl Scheme {
    /// What stands before the token in the header.
    fn prefix(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer ",
            Self::Dpop => "DPoP ",
        }
    }
}

/// An access token, held as the value of its `Authorization` header so that sending it makes no
/// further copy.
///
/// There is no `Debug`, `Display`, `Clone` or serialisation; the memory is wiped on drop.
pub struct AccessToken {
    header: String,
    scheme: Scheme,
}

/// The text cannot be an access token: it is empty, or holds a character that no header may carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAToken;

impl AccessToken {
    /// Takes over `text` as a token. RFC 6750 section 2.1 allows a `b64token`; authorities also
    /// issue other visible ASCII, so any of that (0x21 to 0x7E) is taken, and white space, control
    /// characters and the rest are refused.
    ///
    /// # Errors
    /// [`NotAToken`] when `text` is empty or holds anything but visible ASCII.
    pub fn new(text: &[u8], scheme: Scheme) -> Result<Self, NotAToken> {
        if text.is_empty() || !text.iter().all(u8::is_ascii_graphic) {
            return Err(NotAToken);
        }
        // Exactly sized from the start: growing would leave an unwiped copy behind.
        let prefix = scheme.prefix();
        let mut header = String::with_capacity(prefix.len() + text.len());
        header.push_str(prefix);
        for &byte in text {
            header.push(char::from(byte));
        }
        Ok(Self { header, scheme })
    }

    /// The token itself, for lending it out and for reading its claims.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.header.get(self.scheme.prefix().len()..).unwrap_or_default()
    }

    /// The value of an `Authorization` header (RFC 6750 section 2.1, RFC 9449 section 7.1).
    #[must_use]
    pub fn authorization(&self) -> &str {
        &self.header
    }
}

impl Drop for AccessToken {
    fn drop(&mut self) {
        self.header.zeroize();
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn carries_its_header_value() {
        for (scheme, header) in
            [(Scheme::Bearer, "Bearer a.b-c_d~e+f/g="), (Scheme::Dpop, "DPoP a.b-c_d~e+f/g=")]
        {
            let token = AccessToken::new(b"a.b-c_d~e+f/g=", scheme).ok().unwrap();
            assert_eq!([token.expose(), token.authorization()], ["a.b-c_d~e+f/g=", header]);
        }
    }

    #[test]
    fn refuses_what_no_header_may_carry() {
        for text in ["", " ", "a b", "a\nb", "a\r\nX-Evil: 1", "a\0", "tok\u{e9}n", "a\u{7f}"] {
            assert!(AccessToken::new(text.as_bytes(), Scheme::Bearer).is_err(), "{text:?}");
        }
    }
}
