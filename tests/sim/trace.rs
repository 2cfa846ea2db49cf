//! The story of one run, told line by line when somebody replays it and free of cost when nobody
//! does.

use std::fmt::Arguments;

use tokenkeep::engine::Millis;

/// Where the story goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Trace {
    Off,
    Print,
}

impl Trace {
    pub fn say(self, at: Millis, who: &str, what: Arguments<'_>) {
        if self == Self::Print {
            println!("{:>7}.{:03} {who:<10} {what}", at / 1_000, at % 1_000);
        }
    }
}

/// Tells what happens in `$world`; the words are put together only when somebody listens.
macro_rules! tell {
    ($world:expr, $who:expr, $($words:tt)*) => {
        if $world.trace != $crate::trace::Trace::Off {
            $world.trace.say($world.now, &$who.to_string(), format_args!($($words)*));
        }
    };
}
pub(crate) use tell;
