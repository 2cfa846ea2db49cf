//! `WWW-Authenticate` (RFC 9110 section 11.6.1), read for what a refused token asks of the client (RFC 6750 section 3,
//! RFC 9470 section 3).

use crate::token::members::digits;

/// What a 401 asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// A fresh token: the refresh path.
    Renew,
    /// A stronger or more recent login; no refresh can give that.
    StepUp {
        /// Acceptable authentication context classes, most wanted first.
        acr_values: Vec<String>,
        /// Most seconds since the login.
        max_age: Option<u64>,
    },
    /// More scope than the session has; no refresh can give that.
    MoreScope,
}

/// Reads the value of a `WWW-Authenticate` field, several fields being joined by commas.
///
/// A header that is missing (a cross-origin API must expose it) or that makes no sense leaves the plain remedy.
#[must_use]
pub fn remedy(header: Option<&str>) -> Remedy {
    let mut reader = Reader { text: header.unwrap_or_default(), at: 0 };
    let mut challenge = Challenge::default();
    loop {
        match reader.part() {
            Some(Part::Parameter(name, value)) => challenge.learn(name, value),
            scheme => {
                if let Some(remedy) = challenge.remedy() {
                    return remedy;
                }
                let Some(Part::Scheme(scheme)) = scheme else { return Remedy::Renew };
                challenge = Challenge::default();
                // The schemes that carry bearer tokens.
                challenge.counts = scheme.eq_ignore_ascii_case("Bearer") || scheme.eq_ignore_ascii_case("DPoP");
            }
        }
    }
}

/// The parameters of a challenge that matter here, as they are written; of several with one name the first counts.
#[derive(Default)]
struct Challenge<'a> {
    counts: bool,
    error: Option<&'a str>,
    acr_values: Option<&'a str>,
    max_age: Option<&'a str>,
}

impl<'a> Challenge<'a> {
    /// Names are case-insensitive.
    fn learn(&mut self, name: &str, value: &'a str) {
        let place = if name.eq_ignore_ascii_case("error") {
            &mut self.error
        } else if name.eq_ignore_ascii_case("acr_values") {
            &mut self.acr_values
        } else if name.eq_ignore_ascii_case("max_age") {
            &mut self.max_age
        } else {
            return;
        };
        place.get_or_insert(value);
    }

    fn remedy(&self) -> Option<Remedy> {
        let error = unquote(self.error.filter(|_| self.counts)?);
        if error == "insufficient_user_authentication" {
            let max_age = self.max_age.and_then(|age| digits(unquote(age).as_bytes()));
            Some(Remedy::StepUp { acr_values: words(&unquote(self.acr_values.unwrap_or_default())), max_age })
        } else {
            (error == "insufficient_scope").then_some(Remedy::MoreScope)
        }
    }
}

fn words(text: &str) -> Vec<String> {
    let mut reader = Reader { text, at: 0 };
    let mut words = Vec::new();
    loop {
        reader.skip(|byte| byte.is_ascii_whitespace());
        let word = reader.skip(|byte| !byte.is_ascii_whitespace());
        if word.is_empty() {
            return words;
        }
        words.push(word.to_owned());
    }
}

/// What follows a backslash stands for itself, be it a quote or another backslash.
fn unquote(text: &str) -> String {
    let mut reader = Reader { text, at: 0 };
    let mut plain = reader.skip(|byte| byte != b'\\').to_owned();
    while reader.peek() == b'\\' {
        let start = reader.at + 1;
        reader.at = start + 1;
        reader.skip(|byte| byte != b'\\');
        plain.push_str(text.get(start..reader.at).unwrap_or_default());
    }
    plain
}

enum Part<'a> {
    Scheme(&'a str),
    /// A name, and a value as it is written, without its quotes.
    Parameter(&'a str, &'a str),
}

/// `challenge = auth-scheme [ 1*SP ( token68 / #auth-param ) ]`, a list of them with the commas of both lists mixed:
/// a token followed by `=` is a parameter of the challenge before it, any other token begins a challenge.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    /// The next part; `None` at the end, and at anything that the grammar does not know: what was read so far stands.
    fn part(&mut self) -> Option<Part<'a>> {
        loop {
            self.skip(|byte| matches!(byte, b' ' | b'\t' | b','));
            let word = self.skip(is_tchar);
            if word.is_empty() {
                return None;
            }
            self.skip(is_space);
            if self.peek() != b'=' {
                self.skip_token68();
                return Some(Part::Scheme(word));
            }
            self.at += 1;
            self.skip(is_space);
            if !matches!(self.peek(), b'=' | b',' | END) {
                return self.parameter_value().map(|value| Part::Parameter(word, value));
            }
            // The padding of a token68.
            self.skip(|byte| byte == b'=');
        }
    }

    /// A token68 of a scheme such as `Negotiate` is passed over: the word up to a comma, unless it reads as `name=value`.
    fn skip_token68(&mut self) {
        let start = self.at;
        let word =
            self.skip(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/'));
        self.skip(|byte| byte == b'=');
        self.skip(is_space);
        if word.is_empty() || !matches!(self.peek(), b',' | END) {
            self.at = start;
        }
    }

    /// A token or a quoted-string (RFC 9110 section 5.6.4); `None` when a quote is left open.
    fn parameter_value(&mut self) -> Option<&'a str> {
        if self.peek() != b'"' {
            let word = self.skip(is_tchar);
            return (!word.is_empty()).then_some(word);
        }
        self.at += 1;
        let start = self.at;
        loop {
            self.skip(|byte| !matches!(byte, b'"' | b'\\'));
            match self.peek() {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => return None,
            }
        }
        self.at += 1;
        self.text.get(start..self.at - 1)
    }

    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(END)
    }

    /// Passes over the bytes that `belongs` holds for, and returns them.
    #[inline(never)]
    fn skip(&mut self, belongs: fn(u8) -> bool) -> &'a str {
        let start = self.at;
        while self.at < self.text.len() && belongs(self.peek()) {
            self.at += 1;
        }
        self.text.get(start..self.at).unwrap_or_default()
    }
}

/// No header holds a NUL.
const END: u8 = 0;

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// `token = 1*tchar` (RFC 9110 section 5.6.2).
fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
}

#[cfg(all(test, not(target_arch = "wasm32")))]
#[expect(non_snake_case, reason = "tests bear the ids of behaviours")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn step_up(acr_values: &[&str], max_age: Option<u64>) -> Remedy {
        Remedy::StepUp { acr_values: acr_values.iter().map(|&value| value.to_owned()).collect(), max_age }
    }

    #[test]
    fn client_D31_reads_a_step_up_challenge() {
        let header = r#"Bearer error="insufficient_user_authentication", error_description="A, \"different\" one", acr_values="urn:a  urn:b", max_age="5""#;
        assert_eq!(remedy(Some(header)), step_up(&["urn:a", "urn:b"], Some(5)));
        let header = "Basic realm=\"a, Bearer error=x\", bearer  ERROR = insufficient_user_authentication ,max_age=0";
        assert_eq!(remedy(Some(header)), step_up(&[], Some(0)));
        let header = "Negotiate YWJj==, DPoP error=\"insufficient_user_authentication\"";
        assert_eq!(remedy(Some(header)), step_up(&[], None));
        let header = "Negotiate, Bearer max_age=x, error=insufficient_user_authentication";
        assert_eq!(remedy(Some(header)), step_up(&[], None));
    }

    #[test]
    fn client_D32_reads_insufficient_scope() {
        assert_eq!(remedy(Some(r#"Bearer realm="x", error="insufficient_scope", scope="a b""#)), Remedy::MoreScope);
    }

    #[test]
    fn everything_else_asks_for_a_fresh_token() {
        for header in [
            "",
            "Bearer",
            "Bearer error=\"invalid_token\"",
            "Basic realm=x",
            "Basic error=\"insufficient_scope\"",
            "error=insufficient_scope",
            "Bearer realm=\"open, error=insufficient_scope",
            "\"",
            "=,=",
            "Bearer =",
            ", , ,",
            "Bearer description=\"error=insufficient_scope\"",
        ] {
            assert_eq!(remedy(Some(header)), Remedy::Renew, "{header}");
        }
        assert_eq!(remedy(None), Remedy::Renew);
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_an_end(header in ".{0,200}") {
            let _ = remedy(Some(&header));
        }

        #[test]
        fn a_written_challenge_is_read_back(before in "[A-Za-z]{1,8}", values in prop::collection::vec("[a-z:0-9]{1,9}", 1..4), age: u64, quoted in "[^\"\\\\]{0,20}") {
            let header = format!(r#"{before} note="{quoted}", Bearer x="{quoted}" , acr_values="{}",max_age={age}, error="insufficient_user_authentication""#, values.join(" "));
            let expected = Remedy::StepUp { acr_values: values, max_age: Some(age) };
            prop_assert_eq!(remedy(Some(&header)), expected);
        }
    }
}
