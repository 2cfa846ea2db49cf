//! `cnf`: what a token is bound to (RFC 7800 section 3.1, RFC 9449 section 6.1).

use super::base64url;
use super::json::{self, Value};

/// What a token is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmation {
    /// Nothing: whoever has it may use it.
    Absent,
    /// The key of this thumbprint, `jkt`.
    Key(String),
    /// What no DPoP proof can confirm: another member, several, or one that is no thumbprint.
    Other,
}

impl Confirmation {
    /// Reads the claim.
    #[must_use]
    pub fn read(claim: Option<Value<'_>>) -> Self {
        match claim {
            None => Self::Absent,
            Some(Value::Other(object)) => Self::of(object),
            Some(_) => Self::Other,
        }
    }

    /// Not inlined: few tokens have a `cnf`.
    #[inline(never)]
    fn of(object: &str) -> Self {
        let mut count = 0;
        let mut key = None;
        let members = json::strict_members(object.as_bytes(), |json::Member { name, value }| {
            count += 1;
            if let Value::String(text) = value
                && name.is("jkt")
            {
                key = text.plain().filter(|text| is_thumbprint(text));
            }
        });
        match (members, count, key) {
            (Ok(()), 1, Some(key)) => Self::Key(key.into()),
            _ => Self::Other,
        }
    }
}

/// Whether a text is a SHA-256 hash in base64url.
fn is_thumbprint(text: &str) -> bool {
    text.len() == 43 && base64url::decode(text.as_bytes()).is_ok()
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    const JKT: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

    fn read(payload: &str) -> Confirmation {
        let mut claim = None;
        json::strict_members(payload.as_bytes(), |member| {
            if member.name.is("cnf") {
                claim = Some(member.value);
            }
        })
        .unwrap();
        Confirmation::read(claim)
    }

    #[test]
    fn edge_q23_reads_one_thumbprint_and_tells_all_else_from_nothing() {
        assert_eq!(read("{}"), Confirmation::Absent);
        let bound = format!(r#"{{"cnf":{{"jkt":"{JKT}"}}}}"#);
        assert_eq!(read(&bound), Confirmation::Key(JKT.into()));
        let named = bound.replace("jkt", "\\u006akt");
        assert_eq!(read(&named), Confirmation::Key(JKT.into()));
        for other in [
            "null".to_owned(),
            "{}".to_owned(),
            "[]".to_owned(),
            "true".to_owned(),
            "1".to_owned(),
            format!("\"{JKT}\""),
            format!("[\"{JKT}\"]"),
            format!(r#"{{"jkt":"{JKT}","kid":"a"}}"#),
            format!(r#"{{"x5t#S256":"{JKT}"}}"#),
            format!(r#"{{"jkt":"{JKT}","x5t#S256":"{JKT}"}}"#),
            format!(r#"{{"JKT":"{JKT}"}}"#),
            format!(r#"{{"jkt":["{JKT}"]}}"#),
            r#"{"jkt":1}"#.to_owned(),
            r#"{"jkt":null}"#.to_owned(),
            r#"{"jkt":""}"#.to_owned(),
            format!(r#"{{"jkt":"{JKT}="}}"#),
            format!(r#"{{"jkt":"{}"}}"#, &JKT[1..]),
            // The last character leaves two bits over, which must be zero.
            format!(r#"{{"jkt":"{}J"}}"#, &JKT[..42]),
            format!(r#"{{"jkt":"\u0030{}"}}"#, &JKT[1..]),
        ] {
            assert_eq!(read(&format!(r#"{{"cnf":{other}}}"#)), Confirmation::Other, "{other}");
        }
    }
}
