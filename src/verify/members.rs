//! The members of a JSON object as a list, for objects that are read seldom: keys, and headers of
//! encrypted tokens. What is read for each token is read without a list.

use super::base64url;
use super::json::{self, NotJson, Text, Value};

/// The members of an object in which no name comes twice.
pub(super) struct Members<'a>(Vec<(Text<'a>, Value<'a>)>);

impl<'a> Members<'a> {
    /// Reads an object. Not inlined: the reader of JSON would be compiled once for each caller.
    #[inline(never)]
    pub(super) fn read(text: &'a [u8]) -> Result<Self, NotJson> {
        let mut members = Vec::with_capacity(12);
        json::strict_members(text, |json::Member { name, value }| members.push((name, value)))?;
        Ok(Self(members))
    }

    /// The members that are not null.
    pub(super) fn without_nulls(mut self) -> Self {
        self.0.retain(|&(_, value)| value != Value::Other("null"));
        self
    }

    #[inline(never)]
    pub(super) fn find(&self, name: &str) -> Option<Value<'a>> {
        self.0.iter().find(|(found, _)| found.is(name)).map(|&(_, value)| value)
    }

    pub(super) fn text(&self, name: &str) -> Option<Text<'a>> {
        match self.find(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// A member without an escape in it: neither base64url nor a registered name needs one.
    pub(super) fn plain(&self, name: &str) -> Option<&'a str> {
        self.text(name)?.plain()
    }

    /// The bytes of a member that is canonical base64url.
    #[inline(never)]
    pub(super) fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        base64url::decode(self.plain(name)?.as_bytes()).ok()
    }
}
