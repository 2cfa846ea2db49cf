//! The driver of an engine, in the place of the browser half: it carries outputs out, and answers
//! in.

use tokenkeep::engine::{
    CallId, Engine, Message, News, Now, Outcome, Output, Status, Ticket, WaiterId, Wake,
};

use crate::forger::LARGEST;
use crate::hosted::{self, By};
use crate::invariants;
use crate::locks::Wish;
use crate::network::Errand;
use crate::planted::Bug;
use crate::queue::Event;
use crate::script::{HOUR, LockManner};
use crate::tab::{End, Heard, Life, Purpose, Task, Waiting};
use crate::tokens::token_number;
use crate::trace::tell;
use crate::world::World;

impl World {
    /// Somebody asks the engine of a tab for something, and waits.
    pub fn ask(
        &mut self,
        tab: usize,
        purpose: Purpose,
        input: impl FnOnce(&mut Engine, Now) -> WaiterId,
    ) {
        self.ask_by(tab, purpose, None, input);
    }

    /// The same, for the call of a page.
    pub fn ask_by(
        &mut self,
        tab: usize,
        purpose: Purpose,
        by: Option<By>,
        input: impl FnOnce(&mut Engine, Now) -> WaiterId,
    ) {
        let id = self.step(tab, input);
        let waiting = Waiting { id, purpose, by, since: self.now };
        self.tabs[tab].waiters.push(waiting);
        self.follow_up(tab);
    }

    /// Something happens to a tab.
    pub fn input<T>(&mut self, tab: usize, input: impl FnOnce(&mut Engine, Now) -> T) -> T {
        let result = self.step(tab, input);
        self.follow_up(tab);
        result
    }

    /// One mutation of the engine, its outputs, and the invariants.
    fn step<T>(&mut self, tab: usize, input: impl FnOnce(&mut Engine, Now) -> T) -> T {
        let clocks = self.clocks(tab);
        self.tabs[tab].notes.status = self.tabs[tab].status();
        let result = input(&mut self.tabs[tab].engine, clocks);
        while let Some(output) = self.tabs[tab].engine.poll_output() {
            if self.tabs[tab].closed {
                let verdict = invariants::nothing_comes_out_of_a_closed_keep(&output);
                self.hold(verdict);
            }
            self.perform(tab, output);
        }
        self.steps += 1;
        let verdict = invariants::every_waiter_settles_in_time(self, tab);
        self.hold(verdict);
        let verdict = invariants::only_a_verdict_ends_a_session(&self.tabs[tab]);
        self.hold(verdict);
        let verdict = invariants::a_session_that_ended_does_not_come_back(&self.tabs[tab]);
        self.hold(verdict);
        self.tabs[tab].notes.may_end = false;
        let (before, after) = (self.tabs[tab].notes.status, self.tabs[tab].status());
        if before != after {
            let notes = &mut self.tabs[tab].notes;
            notes.turned(self.now, clocks.mono);
            if after == Status::Anonymous {
                notes.ended_at = self.now;
            }
        }
        result
    }

    fn perform(&mut self, tab: usize, output: Output) {
        let id = self.tabs[tab].id;
        if !matches!(
            output,
            Output::Settle { .. } | Output::Changed | Output::SetTimer { .. } | Output::ClearTimer
        ) {
            tell!(self, id, "{output:?}");
        }
        match output {
            Output::SendRefresh { call } => {
                let verdict = invariants::refresh_calls_stay_in_the_budget(self, tab);
                self.hold(verdict);
                self.send_turn(tab, call, Errand::Refresh(call));
            }
            Output::SendLogout { call } => {
                let verdict = invariants::a_late_logout_ends_no_newer_session(&self.tabs[tab]);
                self.hold(verdict);
                let token = self.tabs[tab].engine.logout_token();
                let token = token.map(|token| token_number(token.expose()));
                self.send_turn(tab, call, Errand::Logout(call, token));
            }
            Output::AbortCall { call } => self.drop_call(tab, call),
            Output::AcquireLock { ticket } => self.ask_for_lock(tab, ticket),
            Output::ReleaseLock { ticket } => {
                self.tabs[tab].notes.wish.take_if(|wish| *wish == ticket);
                self.note_stalls();
                let next = self.locks.release(id, ticket);
                self.grant(next);
            }
            Output::SetTimer { delay, .. } => self.arm(tab, Some(delay)),
            Output::ClearTimer => self.arm(tab, None),
            Output::Broadcast(message) => self.tell_siblings(tab, message),
            Output::Settle { waiter, outcome } => {
                self.tabs[tab].settled.push_back((waiter, outcome))
            }
            // The application of a page reads the session from the engine when it wants to know.
            // The pages of a worker are told.
            Output::Changed => self.changed(tab),
            Output::Emit(event) => self.emitted(tab, event),
            _ => {}
        }
    }

    fn send_turn(&mut self, tab: usize, call: CallId, errand: Errand) {
        let number = self.send(tab, errand);
        // The turn before is over: that of a sign-in ends by time, and not by an answer.
        self.tabs[tab].notes.stirred_at = self.now;
        self.tabs[tab].calls.push((call, number));
        let verdict = invariants::refresh_calls_never_overlap(self, number);
        self.hold(verdict);
    }

    fn drop_call(&mut self, tab: usize, call: CallId) {
        let calls = &mut self.tabs[tab].calls;
        if let Some(at) = calls.iter().position(|&(known, _)| known == call) {
            let (_, exchange) = calls.swap_remove(at);
            let mono = self.clocks(tab).mono;
            let notes = &mut self.tabs[tab].notes;
            (notes.stirred_at, notes.tried_mono) = (self.now, Some(mono));
            self.leave(exchange, true);
        }
    }

    fn ask_for_lock(&mut self, tab: usize, ticket: Ticket) {
        let id = self.tabs[tab].id;
        let notes = &mut self.tabs[tab].notes;
        (notes.wish, notes.wished_at, notes.stirred_at) = (Some(ticket), self.now, self.now);
        if self.bug == Some(Bug::NoLockRecheck) {
            self.schedule(0, Event::Task { tab: id, task: Task::Lock { ticket, granted: true } });
            return;
        }
        match self.script.locks {
            LockManner::Denied => self
                .schedule(0, Event::Task { tab: id, task: Task::Lock { ticket, granted: false } }),
            LockManner::Hanging => {}
            LockManner::Working | LockManner::Slow(_) => {
                let next = self.locks.ask(Wish { tab: id, ticket });
                self.grant(next);
            }
        }
    }

    /// This wish has the lock now; its tab hears of it later.
    pub fn grant(&mut self, wish: Option<Wish>) {
        let Some(Wish { tab, ticket }) = wish else { return };
        self.note_stalls();
        let most = match self.script.locks {
            LockManner::Slow(most) if !self.calm => most,
            _ => 3,
        };
        let delay = self.dice.between(0, most);
        self.schedule(delay, Event::Task { tab, task: Task::Lock { ticket, granted: true } });
    }

    fn tell_siblings(&mut self, tab: usize, message: Message) {
        let family = self.tabs[tab].token().map(|(token, _)| self.authority.issued[token].family);
        // A logout that is told later, to a tab that asks, is as old as the logout itself.
        let since = if matches!(message.news, News::SignedOut { .. }) {
            self.tabs[tab].notes.logged_out_at
        } else {
            self.now
        };
        let heard = Heard { message, from: self.tabs[tab].id, since, family };
        if self.tabs[tab].life == Life::Stored {
            return; // Its channel is closed.
        }
        let notes = &mut self.tabs[tab].notes;
        notes.epoch = notes.epoch.max(message.epoch);
        for sibling in 0..self.tabs.len() {
            if sibling != tab
                && self.tabs[sibling].life != Life::Stored
                && !self.tabs[sibling].closed
            {
                let at = self.now + self.dice.between(0, 5);
                let arrivals = &mut self.tabs[sibling].arrivals;
                let at = match arrivals.iter_mut().find(|(from, _)| *from == heard.from) {
                    Some((_, last)) => {
                        *last = at.max(*last);
                        *last
                    }
                    None => {
                        arrivals.push((heard.from, at));
                        at
                    }
                };
                let tab = self.tabs[sibling].id;
                self.schedule(at - self.now, Event::Task { tab, task: Task::Hear(heard) });
            }
        }
    }

    /// A task of a tab that runs.
    pub fn run_task(&mut self, tab: usize, task: Task) {
        match task {
            Task::Timer { serial } => self.fire(tab, serial),
            Task::Lock { ticket, granted } => {
                // If the tab has given the wish up meanwhile, the page releases the lock itself.
                if self.tabs[tab].notes.wish == Some(ticket) {
                    self.tabs[tab].notes.stirred_at = self.now;
                    self.input(tab, |engine, now| engine.handle_lock(now, ticket, granted));
                }
            }
            Task::Hear(heard) => self.hear(tab, heard),
            Task::Answer { exchange } => self.answer(tab, exchange),
            Task::Wake(wake) => {
                tell!(self, self.tabs[tab].id, "{wake:?}");
                self.note_stalls();
                match wake {
                    Wake::Visible => self.show(tab),
                    Wake::Hidden => self.tabs[tab].visible = false,
                    Wake::Online => self.tabs[tab].notes.offline = false,
                    Wake::Offline => self.tabs[tab].notes.offline = true,
                    _ => {}
                }
                self.tabs[tab].notes.stirred_at = self.now;
                self.note_stalls();
                self.input(tab, |engine, now| engine.handle_wake(now, wake));
            }
        }
    }

    fn hear(&mut self, tab: usize, heard: Heard) {
        if self.tabs[tab].closed {
            return;
        }
        tell!(self, self.tabs[tab].id, "hears {:?} from {}", heard.message, heard.from);
        let before = self.tabs[tab].status();
        let Message { epoch, news } = heard.message;
        let (wall, mono) = (self.device.wall(self.now), self.clocks(tab).mono);
        let notes = &mut self.tabs[tab].notes;
        let turned_at = notes.turned_at;
        if !matches!(news, News::Asking) {
            notes.stirred_at = self.now;
        }
        if matches!(
            news,
            News::SignedIn { .. } | News::Refreshed { .. } | News::Standing { signed_in: true, .. }
        ) {
            notes.invited_at = self.now;
        }
        if let News::Pause { retry_after } | News::Standing { retry_after: Some(retry_after), .. } =
            news
        {
            notes.paused_mono = notes.paused_mono.max(mono + retry_after);
        }
        let speaks =
            !matches!(news, News::Asking | News::TurnOver | News::Rejected | News::Pause { .. });
        let newer = speaks && epoch > notes.epoch;
        let later = matches!(news, News::SignedOut { ago: Some(ago) }
            if mono.saturating_sub(ago) >= notes.turned_mono);
        let joining = notes.sign_in_heard.is_some_and(|(_, at)| at >= notes.ended_at);
        let has_session = before == Status::Authenticated || joining;
        let logout = matches!(news, News::SignedOut { .. })
            && (newer || epoch == notes.epoch && has_session || epoch < notes.epoch && later);
        // No sibling has come further than a day ahead of the wall clock, unless that was set back:
        // then its epoch is next to the tab's own.
        let newer = newer && (epoch <= wall + 24 * HOUR || epoch <= notes.epoch + 1_000);
        let other = match news {
            News::SignedIn { .. } => newer,
            // A tab that has a session has listened since it opened: a higher epoch is that of its
            // own session.
            News::Refreshed { .. } | News::Standing { signed_in: true, .. } => {
                newer && before == Status::Anonymous
            }
            _ => false,
        };
        if logout || other {
            notes.fences += 1;
            notes.turned(self.now, mono);
        }
        if logout {
            notes.sign_outs += 1;
            (notes.ended_at, notes.left_at) = (self.now, self.now);
            notes.sign_in_heard = None;
        }
        notes.may_end =
            matches!(news, News::SignedOut { .. } | News::Standing { signed_in: false, .. });
        if let (true, Some(family)) = (other, heard.family) {
            notes.sign_in_heard = Some((family, self.now));
        }
        if newer {
            notes.epoch = epoch;
        }
        let token = self.tabs[tab].token();
        if epoch <= LARGEST {
            self.input(tab, |engine, now| engine.handle_sibling(now, heard.message));
        }
        let verdict = invariants::an_old_logout_ends_no_newer_session(self, tab, &heard, token);
        self.hold(verdict);
        let verdict = invariants::a_logout_reaches_the_siblings(self, tab, &heard, turned_at);
        self.hold(verdict);
    }

    /// What the promises that were settled by an input do next.
    fn follow_up(&mut self, tab: usize) {
        while let Some((id, outcome)) = self.tabs[tab].settled.pop_front() {
            let waiters = &mut self.tabs[tab].waiters;
            let waiting = waiters
                .iter()
                .position(|waiting| waiting.id == id)
                .map(|at| waiters.swap_remove(at));
            let verdict =
                invariants::a_waiter_is_settled_once(&self.tabs[tab], id, waiting, outcome);
            self.hold(verdict);
            let Some(Waiting { purpose, by, since, .. }) = waiting else { continue };
            if let (Purpose::First { .. }, Outcome::Failed(failure)) = (purpose, outcome) {
                let verdict = invariants::a_request_is_refused_for_a_reason(self, tab, failure);
                self.hold(verdict);
            }
            if (purpose, outcome) == (Purpose::Logout, Outcome::Done) {
                let verdict = invariants::a_logout_that_is_confirmed_is_true(self, tab, since);
                self.hold(verdict);
            }
            tell!(self, self.tabs[tab].id, "{purpose:?}: {outcome:?}");
            if let Some(by) = by {
                self.answer_waiter(tab, by, purpose, outcome);
            }
            match (purpose, outcome) {
                (Purpose::SignIn { user }, Outcome::Proceed) => {
                    self.send_sign_in(tab, id, user, by);
                }
                (Purpose::First { request } | Purpose::Retry { request }, Outcome::Token) => {
                    self.send_request(tab, request)
                }
                (Purpose::First { request }, Outcome::Anonymous) => self.send_request(tab, request),
                (Purpose::First { request }, _) => self.end_request(tab, request, End::Unsent),
                (Purpose::Retry { request }, _) => self.end_request(tab, request, End::Status(401)),
                _ => {}
            }
        }
    }

    fn send_sign_in(&mut self, tab: usize, waiter: WaiterId, user: u32, by: Option<By>) {
        if let Some(by) = by {
            if !self.is_wanted(tab, by) {
                return self.fail_sign_in(tab, waiter, by);
            }
            let verdict = hosted::invariants::a_call_is_begun_once(self, by);
            self.hold(verdict);
        }
        let number = self.send(tab, Errand::SignIn { waiter, user });
        self.exchanges[number].by = by;
        // The application's request has no number among the engine's calls; the engine never aborts
        // it.
        self.tabs[tab].calls.push((CallId(u32::MAX), number));
    }

    /// Sends a request, for the first time or again, with the token if there is one.
    pub fn send_request(&mut self, tab: usize, request: usize) {
        if self.is_given_up(tab, request) {
            return self.end_request(tab, request, End::Unsent);
        }
        let allowed = self.origins.allow(self.tabs[tab].requests[request].url.as_bytes());
        let token = self.tabs[tab].token().filter(|_| allowed);
        let state = &mut self.tabs[tab].requests[request];
        if state.sends > 0 && token.is_none() {
            return self.end_request(tab, request, End::Status(401));
        }
        let before = *state;
        state.sends += 1;
        state.repeats += u32::from(before.disproved);
        state.retries += u32::from(before.refused);
        state.carried = token.map(|(number, generation)| (generation, number));
        let after = *state;
        let verdict = invariants::a_request_is_sent_once_for_each_reason(&before, &after);
        self.hold(verdict);
        let verdict = invariants::the_token_goes_to_listed_origins_only(&after);
        self.hold(verdict);
        if let Some(by) = after.by.filter(|_| after.sends == 1) {
            let verdict = hosted::invariants::a_call_is_begun_once(self, by);
            self.hold(verdict);
        }
        self.send(tab, Errand::Api { request, token: token.map(|(number, _)| number) });
    }

    /// Whether the page whose request it is has given it up.
    pub fn is_given_up(&mut self, tab: usize, request: usize) -> bool {
        self.tabs[tab].requests[request].by.is_some_and(|by| !self.is_wanted(tab, by))
    }

    /// A request came to this.
    pub fn end_request(&mut self, tab: usize, request: usize, end: End) {
        let request = &mut self.tabs[tab].requests[request];
        request.end = Some(end);
        if let Some(by) = request.by {
            self.end_fetch(tab, by, end);
        }
    }
}
