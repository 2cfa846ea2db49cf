//! What JavaScript does with promises: async functions that run until they have to wait, and go on
//! after the event that they wait for.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use crate::edge::world::Shared;

/// How long an async function may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// Until the request is over that it was called in: so do all on Workers.
    Request,
    /// A while longer, since a context keeps it alive.
    Kept,
    /// As long as the process.
    Process,
}

/// An async function that has not ended.
pub struct Task {
    pub request: usize,
    pub life: Life,
    work: Pin<Box<dyn Future<Output = ()>>>,
}

impl Task {
    /// Goes on as far as it can. True at its end.
    pub fn goes_on(&mut self) -> bool {
        matches!(self.work.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(()))
    }
}

/// Calls an async function: it runs at once until it has to wait, as in JavaScript.
pub fn call(world: &Shared, request: usize, life: Life, work: impl Future<Output = ()> + 'static) {
    let mut task = Task { request, life, work: Box::pin(work) };
    if !task.goes_on() {
        world.borrow_mut().begun.push(task);
    }
}
