//! Where a reply of the authority holds what, and what is left of it without the tokens.

use super::members::{Member, parts, text};

/// What a reply tells.
#[derive(Debug, Clone, Copy, Default)]
pub struct Told<'a> {
    /// The values of the access token, its lifetime in seconds, when it expires, and its type (RFC
    /// 6749 section 7.1), as they are written; empty where nothing is told.
    pub fields: [&'a [u8]; USUAL.len()],
    /// How many members stand for an access token, usable or not.
    pub access_tokens: u32,
}

/// The members of the top-level object that hold the fields while no path is named. The second
/// spelling is also the name of the option.
const USUAL: [[&str; 2]; 4] = [
    ["access_token", "accessToken"],
    ["expires_in", "expiresIn"],
    ["expires_at", "expiresAt"],
    ["token_type", "tokenType"],
];

/// Members that hold tokens, wherever they stand.
const TOKENS: [&str; 6] =
    ["access_token", "accessToken", "refresh_token", "refreshToken", "id_token", "idToken"];

/// The paths to the fields of a reply: their steps, with NUL between them. An empty one stands for
/// the usual names.
#[derive(Default)]
pub struct Shape([String; USUAL.len()]);

impl Shape {
    /// Names the path to the field whose option has this name.
    pub fn name(&mut self, option: &str, path: String) {
        for (known, usual) in self.0.iter_mut().zip(&USUAL) {
            if usual[1] == option {
                *known = path;
                break;
            }
        }
    }

    /// Reads `body` into `told`, and adds to `rest` what is left of it without the access token.
    /// Returns whether it is a JSON object or array at all.
    ///
    /// Each text that is `token` is left out too, as far as it is written without escapes. `bare`
    /// says to leave out all fields, and each member of `TOKENS`.
    pub fn read<'a>(
        &self,
        body: &'a [u8],
        token: Option<&str>,
        bare: bool,
        rest: &mut Vec<u8>,
        told: &mut Told<'a>,
    ) -> bool {
        let token = token.map(str::as_bytes);
        Reader { shape: self, token, bare, rest, path: Vec::new(), told }.walk(body).is_some()
    }
}

struct Reader<'s, 'a> {
    shape: &'s Shape,
    token: Option<&'s [u8]>,
    bare: bool,
    rest: &'s mut Vec<u8>,
    /// The path to the member that is read.
    path: Vec<u8>,
    told: &'s mut Told<'a>,
}

impl<'a> Reader<'_, 'a> {
    /// Reads an object or an array; `None` when it is neither.
    fn walk(&mut self, json: &'a [u8]) -> Option<()> {
        let (place, above) = (self.rest.len(), self.path.len());
        self.rest.push(b'{');
        let close = parts(json, &mut |member| {
            self.path.truncate(above);
            self.path.extend_from_slice(&member.name);
            if self.hides(&member) {
                return;
            }
            if self.rest.len() > place + 1 {
                self.rest.push(b',');
            }
            self.rest.extend_from_slice(member.written);
            if let Some(b'{' | b'[') = member.value.first() {
                self.rest.truncate(self.rest.len() - member.value.len());
                self.path.push(0);
                // It has been checked with what it is in.
                let _ = self.walk(member.value);
            }
        })?;
        // In ASCII a closing bracket is the opening one plus two.
        if let Some(open) = self.rest.get_mut(place) {
            *open = close - 2;
        }
        self.rest.push(close);
        Some(())
    }

    /// Reads a member. Returns whether it is left out.
    fn hides(&mut self, member: &Member<'a>) -> bool {
        let mut hidden = self.bare && TOKENS.iter().any(|name| member.is(name));
        for (place, ((path, usual), field)) in
            self.shape.0.iter().zip(&USUAL).zip(&mut self.told.fields).enumerate()
        {
            let is = |path: &str| *path.as_bytes() == *self.path;
            if if path.is_empty() { usual.iter().any(|name| is(name)) } else { is(path) } {
                hidden |= self.bare || place == 0;
                // Backends write so that there is none.
                if member.value != b"null" {
                    *field = member.value;
                    self.told.access_tokens += u32::from(place == 0);
                }
            }
        }
        hidden |= self.token.is_some() && text(member.value) == self.token;
        hidden
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    fn rest(shape: &Shape, bare: bool, body: &str) -> String {
        let mut rest = Vec::new();
        let mut told = Told::default();
        assert!(shape.read(body.as_bytes(), Some("secret"), bare, &mut rest, &mut told));
        String::from_utf8(rest).unwrap()
    }

    #[test]
    fn takes_the_token_out_and_leaves_the_rest() {
        let body = r#" { "a" : 1.50 ,"access_token":"secret", "b":{"access_token":"x"},
            "accessToken":"secret", "c" : [ ], "d":{"e":{}} } "#;
        let shape = Shape::default();
        assert_eq!(
            rest(&shape, false, body),
            r#"{"a" : 1.50,"b":{"access_token":"x"},"c" : [],"d":{"e":{}}}"#
        );
        assert_eq!(rest(&shape, false, r#"{"access\u005ftoken":"secret"}"#), "{}");
        for body in ["", "7", "\"secret\"", "{\"a\":1", "[1] 2"] {
            let mut told = Told::default();
            assert!(
                !shape.read(body.as_bytes(), None, false, &mut Vec::new(), &mut told),
                "{body}"
            );
        }
    }
}
