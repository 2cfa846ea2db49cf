//! `WWW-Authenticate` (RFC 9110 section 11.6.1), read for what a refused token asks of the client (RFC 6750 section 3,
//! RFC 9470 section 3).

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
    let challenges = header.map(challenges).unwrap_or_default();
    challenges
        .iter()
        .find_map(|challenge| match challenge.parameter("error") {
            Some("insufficient_user_authentication") => Some(Remedy::StepUp {
                acr_values: challenge
                    .parameter("acr_values")
                    .map(|values| values.split_ascii_whitespace().map(str::to_owned).collect())
                    .unwrap_or_default(),
                max_age: challenge.parameter("max_age").and_then(|age| age.parse().ok()),
            }),
            Some("insufficient_scope") => Some(Remedy::MoreScope),
            _ => None,
        })
        .unwrap_or(Remedy::Renew)
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Challenge {
    scheme: String,
    parameters: Vec<(String, String)>,
}

impl Challenge {
    /// A parameter of a scheme that carries bearer tokens; names are case-insensitive.
    fn parameter(&self, name: &str) -> Option<&str> {
        if !self.scheme.eq_ignore_ascii_case("Bearer") && !self.scheme.eq_ignore_ascii_case("DPoP") {
            return None;
        }
        self.parameters.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// `challenge = auth-scheme [ 1*SP ( token68 / #auth-param ) ]`, a list of them with the commas of both lists mixed:
/// a token followed by `=` is a parameter of the challenge before it, any other token begins a challenge.
fn challenges(header: &str) -> Vec<Challenge> {
    let mut list: Vec<Challenge> = Vec::new();
    let mut rest = header;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let (word, after) = token(rest);
        if word.is_empty() {
            return list; // The end, or nothing that the grammar knows: what was read so far stands.
        }
        let after = skip_space(after);
        match after.strip_prefix('=').map(skip_space) {
            Some(value) if !list.is_empty() && !value.starts_with(['=', ',']) && !value.is_empty() => {
                let Some((value, after)) = parameter_value(value) else { return list };
                rest = after;
                if let Some(challenge) = list.last_mut() {
                    challenge.parameters.push((word.to_owned(), value));
                }
            }
            Some(_) => rest = after.trim_start_matches('='), // The padding of a token68.
            None => {
                list.push(Challenge { scheme: word.to_owned(), parameters: Vec::new() });
                rest = skip_token68(after);
            }
        }
    }
}

/// A token68 of a scheme such as `Negotiate` is passed over: the word up to a comma, unless it reads as `name=value`.
fn skip_token68(text: &str) -> &str {
    let word =
        text.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~' | '+' | '/'));
    let after = skip_space(word.trim_start_matches('='));
    if word.len() < text.len() && (after.is_empty() || after.starts_with(',')) { after } else { text }
}

fn skip_space(text: &str) -> &str {
    text.trim_start_matches([' ', '\t'])
}

/// `token = 1*tchar` (RFC 9110 section 5.6.2), perhaps empty, and what follows.
fn token(text: &str) -> (&str, &str) {
    let after = text.trim_start_matches(|c: char| {
        c.is_ascii_alphanumeric() || matches!(c, '!' | '#'..='\'' | '*' | '+' | '-' | '.' | '^'..='`' | '|' | '~')
    });
    (&text[..text.len() - after.len()], after)
}

/// A token or a quoted-string (RFC 9110 section 5.6.4), and what follows; `None` when a quote is left open.
fn parameter_value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (word, after) = token(text);
        return (!word.is_empty()).then(|| (word.to_owned(), after));
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => value.push(chars.next()?.1),
            _ => value.push(c),
        }
    }
    None
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
