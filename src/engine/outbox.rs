//! What the engine asks of its driver, in order.

use super::contract::{Event, Output};

#[derive(Default)]
pub(super) struct Outbox {
    outputs: Vec<Output>,
    /// How many of them the driver has polled.
    polled: usize,
    /// They follow the other outputs of an input.
    events: Vec<Output>,
}

impl Outbox {
    pub(super) fn put(&mut self, output: Output) {
        self.outputs.push(output);
    }

    pub(super) fn emit(&mut self, event: Event) {
        self.events.push(Output::Emit(event));
    }

    /// Puts the events behind the outputs.
    pub(super) fn put_events(&mut self) {
        self.outputs.append(&mut self.events);
    }

    pub(super) fn poll(&mut self) -> Option<Output> {
        let output = self.outputs.get(self.polled).copied();
        if output.is_some() {
            self.polled += 1;
        } else {
            self.outputs.clear();
            self.polled = 0;
        }
        output
    }
}
