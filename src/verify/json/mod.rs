//! A strict JSON reader (RFC 8259) for headers, claims and key sets. It checks a whole text and
//! shows its members; it builds no tree.

mod decimal;
mod reader;
pub(super) mod scan;
pub mod strict;
mod text;

#[cfg(all(test, not(target_arch = "wasm32")))]
pub use reader::members;
pub use reader::{Item, MAX_DEPTH, Member, NotJson, items, listed, strict_members};
pub use text::{Number, Text, Value};
