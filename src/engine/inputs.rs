//! The inputs that come from the application, the page and the clock. Those that answer a network
//! call are in `renewal`, those of siblings in `news`.

use super::budget::Cause;
use super::clock::{Millis, Now, SECOND};
use super::contract::{Outcome, Output, Ticket, WaiterId, Wake};
use super::failure::FailureKind;
use super::journal::{Step, Why};
use super::machine::Engine;
use super::reply::Grant;
use super::session::{SignedOutReason, Status};
use super::sibling::News;
use super::state::{Lock, Purpose};
use super::timers::{NEVER, Timer};
use super::waiters::Attempt;

/// For so long after a fresh token was refused too, its 401s start no further refresh.
const REFUSAL_MEMORY: Millis = 10 * SECOND;

impl Engine {
    /// Asks the authority for the session, at most once however often it is called.
    pub fn handle_start(&mut self, now: Now) -> WaiterId {
        self.begin_input(now);
        let attempt = self.start();
        // Backoff and the rate bound are joined; a pause that the authority asked for is told.
        let attempt = if self.blocked_until <= self.now.mono { Attempt::Pending } else { attempt };
        let waiter = self.wait(Purpose::Start, attempt);
        self.conclude();
        waiter
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
    /// `Retry-After` or the budget.
    pub fn handle_refresh(&mut self, now: Now) -> WaiterId {
        self.begin_input(now);
        self.started = true;
        let attempt = self.want(Cause::Name);
        let waiter = self.wait(Purpose::Refresh, attempt);
        self.conclude();
        waiter
    }

    /// An API answered 401 to the token of this generation.
    pub fn handle_unauthorized(&mut self, now: Now, generation: u32) -> WaiterId {
        self.begin_input(now);
        self.write(Step::Unauthorized, None);
        let current = generation >= self.first_generation && self.status == Status::Authenticated;
        let refused_again = self
            .refused
            .is_some_and(|(known, at)| known == generation && self.now.mono < at + REFUSAL_MEMORY);
        let waiter = if !current || refused_again && generation == self.generation {
            let waiter = self.new_waiter();
            self.settle(waiter, Outcome::GiveUp);
            waiter
        } else {
            if generation == self.generation
                && let Some(token) = &mut self.token
            {
                token.refused = true;
            }
            let attempt =
                if self.is_good(0) { Attempt::Pending } else { self.want(Cause::Request) };
            if matches!(attempt, Attempt::Failed(_)) {
                self.pardon();
            }
            self.wait(Purpose::Retry { generation }, attempt)
        };
        self.conclude();
        waiter
    }

    /// The retry with the token of this generation was refused too.
    pub fn handle_retry_refused(&mut self, now: Now, generation: u32) {
        self.begin_input(now);
        if generation == self.generation {
            self.refused = Some((generation, self.now.mono));
        }
        self.write(Step::FreshTokenRejected, None);
        self.conclude();
    }

    /// An API took the token of this generation: it is no stranger to all of them.
    pub fn handle_accepted(&mut self, generation: u32) {
        self.refused.take_if(|&mut (known, _)| known == generation);
    }

    /// Takes over a token that the application obtained itself.
    pub fn handle_adopt(&mut self, now: Now, grant: Grant) {
        self.begin_input(now);
        if !self.closed {
            self.adopt(grant, Step::Adopted);
        }
        self.conclude();
    }

    /// Somebody wants to sign in: told to proceed when no refresh can run.
    pub fn handle_sign_in(&mut self, now: Now) -> WaiterId {
        self.begin_input(now);
        let waiter = self.new_waiter();
        if self.closed {
            self.settle(waiter, Outcome::Failed(FailureKind::Closed.into()));
        } else {
            if self.epoch == 0 {
                // By the time of the answer the siblings have told their epoch, and this sign-in is
                // news to them.
                self.broadcast(News::Asking);
            }
            self.sign_ins.push(waiter);
        }
        self.conclude();
        waiter
    }

    /// Ends this tab's session at once, then the siblings' and the server's.
    pub fn handle_logout(&mut self, now: Now) -> WaiterId {
        self.begin_input(now);
        let waiter = self.new_waiter();
        if self.closed {
            self.settle(waiter, Outcome::Failed(FailureKind::Closed.into()));
        } else {
            // A call that is under way ends this session too, unless another one began since.
            let told = self.leaving() && !self.logout_wanted && self.status == Status::Anonymous;
            self.raise_epoch(self.next_epoch());
            self.sign_out(SignedOutReason::Logout);
            self.logged_out_at = self.now.mono;
            self.broadcast(News::SignedOut { ago: Some(0) });
            if !self.config.logout_endpoint {
                self.settle(waiter, Outcome::Done);
            } else if told {
                self.leavers.push(waiter);
            } else {
                self.logouts.push(waiter);
                self.logout_wanted = true;
            }
        }
        self.conclude();
        waiter
    }

    /// The lock for `ticket` was granted, or can't be had.
    pub fn handle_lock(&mut self, now: Now, ticket: Ticket, granted: bool) {
        self.begin_input(now);
        if self.lock != Lock::Waiting(ticket) {
            if granted {
                self.put(Output::ReleaseLock { ticket });
            }
        } else if granted {
            self.lock = Lock::Held(ticket);
            self.timers.clear(Timer::Lock);
        } else {
            self.bypass_lock(Why::NoLock);
        }
        self.conclude();
    }

    /// The timer fired.
    pub fn handle_timer(&mut self, now: Now) {
        self.begin_input(now);
        self.armed = NEVER;
        self.look();
        self.conclude();
    }

    /// The page went through something.
    pub fn handle_wake(&mut self, now: Now, wake: Wake) {
        self.begin_input(now);
        match wake {
            _ if self.closed => {}
            Wake::Visible => {
                self.visible = true;
                self.resume_renewal();
            }
            Wake::Hidden => self.visible = false,
            Wake::Online => {
                self.online = true;
                if self.pursues() && self.failure.is_some() {
                    self.timers.clear(Timer::Retry);
                    self.backoff_until = 0;
                    // Who waited for the network is not made to wait for a pause that the authority
                    // asked for.
                    if let Attempt::Failed(failure) = self.want(Cause::Request) {
                        self.settle_waiters(Attempt::Failed(failure));
                    }
                }
            }
            Wake::Offline => self.online = false,
            Wake::Restored => self.doubt(),
        }
        self.look();
        self.conclude();
    }

    /// Ends everything. After the outputs of this input there is none any more.
    pub fn handle_close(&mut self, now: Now) {
        self.begin_input(now);
        if !self.closed {
            self.raise_epoch(self.next_epoch());
            let call = self.end_turn(|_| true);
            if let Some(call) = call {
                self.put(Output::AbortCall { call: call.id });
            }
            self.logout_wanted = false;
            // Also the mere wish: a closed keep would never give back what it is granted.
            self.free_lock();
            self.closed = true;
            self.sign_out(SignedOutReason::Closed);
            self.leavers.append(&mut self.logouts);
            self.leavers.append(&mut self.sign_ins);
            self.settle_leavers(Outcome::Failed(FailureKind::Closed.into()));
            self.settle_waiters(Attempt::Pending);
            self.timers.clear_all();
        }
        self.conclude();
    }

    fn demand(&mut self, now: Now, purpose: Purpose, validity: Millis) -> WaiterId {
        self.begin_input(now);
        // What is overdue happens first: who comes after it must not wait for it.
        self.look();
        let attempt = match self.status {
            Status::Unknown => self.start(),
            Status::Authenticated if !self.is_good(validity) && !self.doubted => {
                self.want(Cause::Request)
            }
            Status::Authenticated | Status::Anonymous => Attempt::Pending,
        };
        let waiter = self.wait(purpose, attempt);
        self.conclude();
        waiter
    }

    fn start(&mut self) -> Attempt {
        if !self.started && !self.closed {
            // Their epoch is ours from the start; the authority is asked without waiting for it.
            self.broadcast(News::Asking);
        }
        self.started = true;
        if self.status == Status::Unknown { self.want(Cause::Request) } else { Attempt::Pending }
    }
}
