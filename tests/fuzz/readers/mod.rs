//! The readers by name. Each takes any bytes, and panics if something does not hold.

mod engine;
mod json;
mod reply;
mod token;

/// A reader, and what must hold for it.
pub type Reader = (&'static str, fn(&[u8]));

/// Those that there are. Each has a folder of its name in the corpus.
pub const READERS: [Reader; 17] = [
    ("json", json::strict),
    ("json-client", json::lenient),
    ("reply", reply::reply),
    ("fields", reply::fields),
    ("jwt-client", reply::jwt),
    ("messages", engine::messages),
    ("origins", engine::origins),
    ("compact", token::compact),
    ("header", token::header),
    ("claims", token::claims),
    ("bound", token::bound),
    ("logout", token::logout),
    ("introspection", token::introspection),
    ("keys", token::keys),
    ("proof", token::proof),
    ("jwe", token::jwe),
    ("nonce", token::nonce),
];
