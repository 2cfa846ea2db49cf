//! Where a reply of the authority holds what, and what is left of it without the tokens.

use super::members::{Member, parts, push, text};

/// What a reply can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The access token.
    AccessToken,
    /// Its lifetime in seconds.
    ExpiresIn,
    /// When it expires.
    ExpiresAt,
    /// Its type (RFC 6749 section 7.1).
    TokenType,
}

/// What a reply tells.
#[derive(Debug, Clone, Copy, Default)]
pub struct Told<'a> {
    /// The value of each [`Field`] as it is written; empty where nothing is told.
    pub fields: [&'a [u8]; USUAL.len()],
    /// How many members stand for an access token, usable or not.
    pub access_tokens: u32,
}

/// The members of the top-level object that hold each [`Field`] while no path to it is named.
const USUAL: [[&str; 2]; 4] = [
    ["access_token", "accessToken"],
    ["expires_in", "expiresIn"],
    ["expires_at", "expiresAt"],
    ["token_type", "tokenType"],
];

/// Members that hold tokens, wherever they stand, beside the usual ones of an access token.
const TOKENS: [&str; 4] = ["refresh_token", "refreshToken", "id_token", "idToken"];

/// The path to each [`Field`] of a reply: the names that lead to it. An empty one stands for the
/// usual names.
#[derive(Default)]
pub struct Shape([Vec<Vec<u8>>; USUAL.len()]);

impl Shape {
    /// Adds a step to the path that leads to `field`.
    pub fn name(&mut self, field: Field, step: Vec<u8>) {
        if let Some(path) = self.0.get_mut(field as usize) {
            path.push(step);
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
        Reader { shape: self, token, bare, rest, told }.walk(body, 0, u32::MAX).is_some()
    }
}

struct Reader<'s, 'a> {
    shape: &'s Shape,
    token: Option<&'s [u8]>,
    bare: bool,
    rest: &'s mut Vec<u8>,
    told: &'s mut Told<'a>,
}

impl<'a> Reader<'_, 'a> {
    /// Reads an object or an array; `None` when it is neither. `depth` names lead to it. They begin
    /// the paths to the fields whose bits are set in `leading`.
    fn walk(&mut self, json: &'a [u8], depth: usize, leading: u32) -> Option<()> {
        let place = self.rest.len();
        push(self.rest, b'{');
        let close = parts(json, &mut |member| {
            let (hidden, leading) = self.look(&member, depth, leading);
            if hidden {
                return;
            }
            if self.rest.len() > place + 1 {
                push(self.rest, b',');
            }
            self.rest.extend_from_slice(member.written);
            if let Some(b'{' | b'[') = member.value.first() {
                self.rest.truncate(self.rest.len() - member.value.len());
                // It has been checked with what it is in.
                let _ = self.walk(member.value, depth + 1, leading);
            }
        })?;
        // In ASCII a closing bracket is the opening one plus two.
        if let Some(open) = self.rest.get_mut(place) {
            *open = close - 2;
        }
        push(self.rest, close);
        Some(())
    }

    /// Reads a member. Returns whether it is left out, and the paths that lead through it.
    fn look(&mut self, member: &Member<'a>, depth: usize, leading: u32) -> (bool, u32) {
        let mut hidden = self.bare && USUAL[0].iter().chain(&TOKENS).any(|name| member.is(name));
        let mut onward = 0;
        for (place, ((path, usual), field)) in
            self.shape.0.iter().zip(&USUAL).zip(&mut self.told.fields).enumerate()
        {
            let ends = if path.is_empty() {
                depth == 0 && usual.iter().any(|name| member.is(name))
            } else {
                let goes = leading & 1 << place != 0
                    && path.get(depth).is_some_and(|step| *step == *member.name);
                onward |= u32::from(goes) << place;
                goes && path.len() == depth + 1
            };
            if ends {
                hidden |= self.bare || place == 0;
                // Backends write so that there is none.
                if member.value != b"null" {
                    *field = member.value;
                    self.told.access_tokens += u32::from(place == 0);
                }
            }
        }
        hidden |= self.token.is_some() && text(member.value) == self.token;
        (hidden, onward)
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
