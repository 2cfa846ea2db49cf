//! How many inputs the engine handles in a second, natively: minutes of a busy tab, with renewals
//! and a 401 now and then.

mod clock;

use criterion::{Criterion, Throughput};
use tokenkeep::engine::{Backoff, CallId, Config, Engine, Grant, Lead, Millis, Now, Output};

const CONFIG: Config = Config {
    lead: Lead { leeway: 60_000, jitter: 0 },
    default_lifetime: 300_000,
    timeout: 10_000,
    backoff: Backoff { base: 1_000, max: 60_000 },
    coordinate: false,
    logout_endpoint: true,
    logout_authorization: false,
};

/// Requests between two renewals. Each is requested and then accepted.
const REQUESTS: u64 = 50;

struct Tab {
    engine: Engine,
    now: Now,
    call: Option<CallId>,
    inputs: u64,
}

impl Tab {
    fn new() -> Self {
        let now = Now { mono: 5_000, wall: 1_800_000_000_000 };
        let mut tab = Self { engine: Engine::new(CONFIG, 7, now), now, call: None, inputs: 0 };
        tab.input(|engine, now| engine.handle_start(now));
        tab.answer();
        tab
    }

    fn input<T>(&mut self, input: impl FnOnce(&mut Engine, Now) -> T) {
        input(&mut self.engine, self.now);
        self.inputs += 1;
        while let Some(output) = self.engine.poll_output() {
            if let Output::SendRefresh { call } = output {
                self.call = Some(call);
            }
        }
    }

    fn pass(&mut self, duration: Millis) {
        self.now = Now { mono: self.now.mono + duration, wall: self.now.wall + duration };
    }

    fn answer(&mut self) {
        let call = self.call.take().expect("a refresh is under way");
        let grant = Grant::new(b"e30.eyJzdWIiOiJhbGljZSJ9.c2ln", Some(300)).expect("it is a token");
        self.input(|engine, now| engine.handle_refresh_answer(now, call, Ok(grant)));
    }

    /// One renewal by the timer, one after a 401, and requests after each.
    fn minutes(&mut self) {
        for by_refusal in [false, true] {
            for _ in 0..REQUESTS {
                self.pass(10);
                self.input(Engine::handle_request);
                let generation = self.engine.session().generation;
                self.input(|engine, _| engine.handle_accepted(generation));
            }
            if by_refusal {
                let generation = self.engine.session().generation;
                self.pass(30_000);
                self.input(|engine, now| engine.handle_unauthorized(now, generation));
            } else {
                self.pass(240_000);
                self.input(Engine::handle_timer);
            }
            self.answer();
        }
    }
}

fn main() {
    let mut criterion =
        Criterion::default().with_measurement(clock::ProcessorTime).configure_from_args();
    let mut tab = Tab::new();
    let before = tab.inputs;
    tab.minutes();
    let inputs = tab.inputs - before;
    let mut group = criterion.benchmark_group("engine");
    group.throughput(Throughput::Elements(inputs));
    group.bench_function("inputs", |bencher| bencher.iter(|| tab.minutes()));
    group.finish();
    criterion.final_summary();
}
