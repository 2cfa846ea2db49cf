//! What other scripts of the origin can say to the engine, and the list of origins.

use tokenkeep::engine::{
    Backoff, Config, Engine, Lead, Message, News, Now, Origins, Outcome, Output, Wake,
};

/// The largest whole number that the channel carries.
const LARGEST: u64 = (1 << 53) - 1;

/// Takes numbers out of bytes.
struct Numbers<'a>(&'a [u8]);

impl Numbers<'_> {
    fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first
    }

    /// Small numbers, and such as lie at the bounds.
    fn number(&mut self, near: u64) -> u64 {
        let small = u64::from(self.byte());
        match self.byte() % 6 {
            0 => 0,
            1 => small,
            2 => near.saturating_add(small),
            3 => near.saturating_sub(small),
            4 => small << 40,
            _ => LARGEST - small,
        }
        .min(LARGEST)
    }

    fn maybe(&mut self, near: u64) -> Option<u64> {
        (self.byte() & 1 == 1).then(|| self.number(near))
    }
}

/// Any messages of siblings, between what a page goes through. The engine never panics, settles
/// nobody twice, and is silent once it is closed.
pub fn messages(bytes: &[u8]) {
    let mut input = Numbers(bytes);
    let config = Config {
        lead: Lead { leeway: 60_000, jitter: 10_000 },
        default_lifetime: 300_000,
        timeout: 10_000,
        backoff: Backoff { base: 1_000, max: 60_000 },
        coordinate: true,
        logout_endpoint: input.byte() & 1 == 1,
        logout_authorization: input.byte() & 1 == 1,
    };
    let mut now = Now { mono: 0, wall: 1_800_000_000_000 };
    let mut engine = Engine::new(config, 7, now);
    let mut settled = Vec::new();
    let (mut lock, mut closed) = (None, false);
    while !input.0.is_empty() {
        let passed = input.number(1_000).min(86_400_000);
        now = Now { mono: now.mono + passed, wall: now.wall + passed };
        match input.byte() % 12 {
            0 => drop(engine.handle_start(now)),
            1 => drop(engine.handle_request(now)),
            2 => drop(engine.handle_refresh(now)),
            3 => drop(engine.handle_logout(now)),
            4 => engine.handle_timer(now),
            5 => engine.handle_wake(now, wake(input.byte())),
            6 => {
                if let Some(ticket) = lock.take() {
                    engine.handle_lock(now, ticket, input.byte() & 1 == 1);
                }
            }
            7 if input.byte() == 0 => {
                closed = true;
                engine.handle_close(now);
            }
            _ => {
                let message = Message { epoch: input.number(now.wall), news: news(&mut input) };
                engine.handle_sibling(now, message);
            }
        }
        while let Some(output) = engine.poll_output() {
            match output {
                Output::AcquireLock { ticket } => lock = Some(ticket),
                Output::Settle { waiter, outcome } => {
                    assert!(!settled.contains(&waiter), "{waiter:?} is settled twice");
                    assert!(outcome != Outcome::Token, "nobody has brought a token");
                    settled.push(waiter);
                }
                Output::SendRefresh { .. } | Output::SendLogout { .. } => {
                    assert!(!closed, "a closed keep sends");
                }
                _ => {}
            }
        }
    }
}

fn wake(chosen: u8) -> Wake {
    [Wake::Visible, Wake::Hidden, Wake::Online, Wake::Offline, Wake::Restored]
        [usize::from(chosen % 5)]
}

fn news(input: &mut Numbers<'_>) -> News {
    let flag = |input: &mut Numbers<'_>| input.byte() & 1 == 1;
    match input.byte() % 8 {
        0 => News::Asking,
        1 => News::Standing {
            signed_in: flag(input),
            visible: flag(input),
            subject: input.maybe(0),
            retry_after: input.maybe(0),
        },
        2 => News::SignedIn { subject: input.maybe(0) },
        3 => News::SignedOut { ago: input.maybe(0) },
        4 => News::Refreshed { visible: flag(input) },
        5 => News::TurnOver,
        6 => News::Rejected,
        _ => News::Pause { retry_after: input.number(0) },
    }
}

/// The list of origins. An address that is allowed begins with a listed origin, and goes on with
/// what ends one.
pub fn origins(bytes: &[u8]) {
    let Ok(url) = std::str::from_utf8(bytes) else { return };
    let listed = ["https://api.example", "https://data.example:8443"];
    let mut origins = Origins::default();
    for origin in listed {
        origins.add(origin.into());
    }
    if origins.allow(bytes) {
        let rest = listed.iter().find_map(|origin| url.strip_prefix(origin));
        let rest = rest.expect("it begins with a listed origin");
        assert!(rest.is_empty() || rest.starts_with(['/', '?', '#']), "{url}");
    }
}
