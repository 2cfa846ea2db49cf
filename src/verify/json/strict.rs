//! What the JSON reader refuses beyond bad syntax in a text that is to be trusted. Parsers differ
//! on a name that comes twice and on a number without bounds. Such a text could mean one thing to
//! the check and another to whoever uses it (RFC 8725 section 2.4).

use super::decimal::Decimal;
use super::{NotJson, Text};

/// More members than this, over all objects of a text, are refused.
pub const MAX_MEMBERS: u32 = 1_000;

/// What the reader asks while it reads.
pub(super) trait Strictness {
    /// An object begins inside another value.
    fn open(&mut self);
    /// The innermost object has ended.
    fn close(&mut self);
    fn name(&mut self, name: Text<'_>) -> Result<(), NotJson>;
    fn number(&mut self, written: &str) -> Result<(), NotJson>;
}

/// Refuses bad syntax alone.
pub(super) struct Lenient;

impl Strictness for Lenient {
    fn open(&mut self) {}

    fn close(&mut self) {}

    fn name(&mut self, _name: Text<'_>) -> Result<(), NotJson> {
        Ok(())
    }

    fn number(&mut self, _written: &str) -> Result<(), NotJson> {
        Ok(())
    }
}

/// Takes each name once an object, finite numbers, and a bounded number of members.
pub(super) struct Strict {
    /// Hashes of the names of all open objects, outermost first. Before those of an inner object
    /// stands where those of the object around it begin. Names that are made to collide count as
    /// one, and refuse the token of whoever made them.
    names: Vec<u64>,
    /// Where the names of the innermost object begin.
    from: usize,
    members: u32,
}

/// Room for the names of most tokens.
const USUAL: usize = 24;

impl Strict {
    pub(super) fn new() -> Self {
        Self { names: Vec::with_capacity(USUAL), from: 0, members: 0 }
    }
}

impl Strictness for Strict {
    fn open(&mut self) {
        self.names.push(self.from as u64);
        self.from = self.names.len();
    }

    #[expect(clippy::cast_possible_truncation, reason = "it was a usize before it was a u64")]
    fn close(&mut self) {
        self.names.truncate(self.from);
        self.from = self.names.pop().map_or(0, |from| from as usize);
    }

    fn name(&mut self, name: Text<'_>) -> Result<(), NotJson> {
        let hash = name.hash();
        self.members += 1;
        if self.members > MAX_MEMBERS || self.names[self.from..].contains(&hash) {
            return Err(NotJson);
        }
        self.names.push(hash);
        Ok(())
    }

    fn number(&mut self, written: &str) -> Result<(), NotJson> {
        // A short number without an exponent is finite.
        let plain = written.len() < 300 && !written.bytes().any(|byte| matches!(byte, b'e' | b'E'));
        if plain || Decimal::read(written).is_finite() { Ok(()) } else { Err(NotJson) }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use crate::verify::json::{Value, items, members, strict_members};

    fn is_taken(text: &str) -> bool {
        strict_members(text.as_bytes(), |_| {}).is_ok()
    }

    #[test]
    fn refuses_a_name_that_comes_twice() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"alg":1,"\u0061lg":1}"#,
            r#"{"x":{"a":1,"b":{},"a":1}}"#,
            r#"{"x":[{"a":1,"a":2}]}"#,
            r#"{"a":1,"b":{"c":1},"a":2}"#,
            r#"{"a":1,"b":[{"c":{"d":1}},{"c":1}],"a":2}"#,
            r#"{"x":{"a":1,"b":[{"c":1}],"a":1}}"#,
        ] {
            assert!(!is_taken(text), "{text}");
            assert!(members(text.as_bytes(), |_| {}).is_ok(), "{text}");
        }
        assert!(is_taken(r#"{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}],"c":{"a":1,"b":1}}"#));
    }

    #[test]
    fn refuses_numbers_that_are_not_finite_and_more_members_than_it_counts() {
        assert!(!is_taken(r#"{"a":1e999}"#) && !is_taken(r#"{"a":[{"b":-1E400}]}"#));
        assert!(is_taken(r#"{"a":1e300,"b":-0.5e-400}"#));
        let many = |count: u32| {
            let list = (0..count).map(|index| format!("\"n{index}\":0")).collect::<Vec<_>>();
            format!("{{{}}}", list.join(","))
        };
        assert!(is_taken(&many(super::MAX_MEMBERS)) && !is_taken(&many(super::MAX_MEMBERS + 1)));
    }

    #[test]
    fn shows_the_items_of_an_array() {
        let mut seen = Vec::new();
        assert!(items(r#"["a", 1 ,[2],null]"#, |value| seen.push(value)));
        assert!(matches!(
            seen[..],
            [Value::String(_), Value::Number(_), Value::Other("[2]"), Value::Other("null")]
        ));
        assert!(!items("{}", |_| {}) && !items("null", |_| {}));
    }
}
