//! What the application asks for: the session, a token for a request or for a loan, a refresh; and
//! what APIs answered.

use super::budget::Asker;
use super::clock::{Millis, Now};
use super::contract::{Outcome, WaiterId};
use super::journal::Step;
use super::machine::Engine;
use super::message::News;
use super::snapshot::{SignedOutReason, Status};
use super::waiters::{Attempt, Purpose};

impl Engine {
    /// Asks the authority for the session, at most once however often it is called.
    pub fn handle_start(&mut self, now: Now) -> WaiterId {
        self.begin_input(now);
        let waiter = self.wait_for_start(false);
        self.conclude();
        waiter
    }

    /// Asks the authority whatever this tab knows of the session: somebody may have signed in by a
    /// redirect. Siblings that are signed out join the session that it finds.
    pub fn handle_start_again(&mut self, now: Now) -> WaiterId {
        self.begin_input(now);
        self.session.ask_again();
        let waiter = self.wait_for_start(true);
        self.conclude();
        waiter
    }

    /// The cookie that tells of a session is not there. If nobody has asked for the session and no
    /// sibling has told of one, there is none, and the authority is not asked.
    pub fn handle_no_hint(&mut self, now: Now) {
        self.begin_input(now);
        if !self.session.is_started() && self.session.is_open() {
            self.begin_start();
            self.write(Step::NoHint, None);
            self.sign_out(SignedOutReason::NoSession);
        }
        self.conclude();
    }

    /// Somebody wants to send a request with the token.
    pub fn handle_request(&mut self, now: Now) -> WaiterId {
        self.demand(now, Purpose::Request, 0)
    }

    /// Somebody wants to borrow the token, valid for at least `validity` more milliseconds.
    pub fn handle_lend(&mut self, now: Now, validity: Millis) -> WaiterId {
        self.demand(now, Purpose::Lend { validity }, validity)
    }

    /// A refresh was asked for by name. It goes through plain backoff, but not through
    /// `Retry-After` or the rate bound.
    pub fn handle_refresh(&mut self, now: Now) -> WaiterId {
        self.begin_input(now);
        self.session.start();
        let attempt = self.want(Asker::Application);
        let waiter = self.wait(Purpose::Refresh, attempt);
        self.conclude();
        waiter
    }

    /// An API answered 401 to the token of this generation.
    pub fn handle_unauthorized(&mut self, now: Now, generation: u32) -> WaiterId {
        self.begin_input(now);
        self.write(Step::Unauthorized, None);
        let refused_again = self.session.was_refused_again(generation, self.now.mono);
        let waiter = if !self.session.owns(generation) || refused_again {
            let waiter = self.waiters.new_id();
            self.settle(waiter, Outcome::GiveUp);
            waiter
        } else {
            self.session.refuse(generation);
            let good = self.session.is_good(self.now.mono, 0);
            let attempt = if good { Attempt::Pending } else { self.want(Asker::Request) };
            if matches!(attempt, Attempt::Failed(_)) {
                self.session.pardon();
            }
            self.wait(Purpose::Retry { generation }, attempt)
        };
        self.conclude();
        waiter
    }

    /// The retry with the token of this generation was refused too.
    pub fn handle_retry_refused(&mut self, now: Now, generation: u32) {
        self.begin_input(now);
        self.session.note_refused_again(generation, self.now.mono);
        self.write(Step::FreshTokenRejected, None);
        self.conclude();
    }

    /// An API accepted the token of this generation. Forgets that another API refused it.
    pub fn handle_accepted(&mut self, generation: u32) {
        self.session.note_accepted(generation);
    }

    fn demand(&mut self, now: Now, purpose: Purpose, validity: Millis) -> WaiterId {
        self.begin_input(now);
        // What is overdue happens first: a request that comes after it must not wait for it.
        self.look();
        let good = self.session.is_good(self.now.mono, validity);
        let attempt = match self.session.status() {
            Status::Unknown => self.start(),
            Status::Authenticated if !good && !self.session.is_doubted() => {
                self.want(Asker::Request)
            }
            Status::Authenticated | Status::Anonymous => Attempt::Pending,
        };
        let waiter = self.wait(purpose, attempt);
        self.conclude();
        waiter
    }

    fn wait_for_start(&mut self, again: bool) -> WaiterId {
        let attempt = self.start();
        // Backoff and the rate bound are waited for. A pause that the authority asked for is told.
        let paused = self.tries.is_paused(self.now.mono);
        let purpose = Purpose::Start { again };
        self.wait(purpose, if paused { attempt } else { Attempt::Pending })
    }

    fn start(&mut self) -> Attempt {
        self.begin_start();
        if self.session.status() == Status::Unknown || self.session.is_asked_again() {
            self.want(Asker::Request)
        } else {
            Attempt::Pending
        }
    }

    fn begin_start(&mut self) {
        if !self.session.is_started() && !self.closed {
            // The siblings' answer brings their epoch. The authority is asked meanwhile.
            self.broadcast(News::Asking);
        }
        self.session.start();
    }
}
