//! Answers of the servers: the driver reads each as the browser half does, and hands it to the
//! engine.

use tokenkeep::engine::{CallId, FailureKind, LogoutAnswer, SignInAnswer, Status};
use tokenkeep::token::shape::Shape;

use crate::invariants;
use crate::network::{Answer, Errand, Exchange, reply};
use crate::planted::Bug;
use crate::tab::{End, Purpose, Request};
use crate::trace::tell;
use crate::world::World;

impl World {
    /// The answer to an exchange reaches its tab.
    pub fn answer(&mut self, tab: usize, number: usize) {
        let exchange = &self.exchanges[number];
        let (errand, answer) = (exchange.errand, exchange.answer);
        if let Errand::Api { request, token } = errand {
            return self.api_answer(tab, number, request, token);
        }
        if !self.tabs[tab].calls.iter().any(|&(_, known)| known == number) {
            return;
        }
        self.tabs[tab].calls.retain(|&(_, known)| known != number);
        self.tabs[tab].notes.stirred_at = self.now;
        tell!(self, self.tabs[tab].id, "#{number} is answered: {answer:?}");
        match errand {
            Errand::Refresh(call) => self.refresh_answer(tab, number, call, answer),
            Errand::Logout(call, _) => {
                let answer = match answer {
                    Answer::Status(..) if self.bug == Some(Bug::UnconfirmedLogout) => {
                        LogoutAnswer::Done
                    }
                    Answer::Status(status, _) => {
                        let listed = status == 401 && self.script.lists_401;
                        LogoutAnswer::judge(status, b"", listed)
                    }
                    Answer::Html => LogoutAnswer::judge(200, b"text/html", false),
                    _ => LogoutAnswer::Missing,
                };
                self.input(tab, |engine, now| engine.handle_logout_answer(now, call, answer));
            }
            Errand::SignIn { waiter, .. } => {
                let by = self.exchanges[number].by;
                let end = match answer {
                    Answer::Status(status, _) => End::Status(status),
                    Answer::Token(_) => End::Status(200),
                    _ => End::Unsent,
                };
                let answer = match answer {
                    Answer::Token(token) => {
                        let body = self.reply_body(token);
                        SignInAnswer::read(&Shape::default(), &reply(200, "", None, &body))
                    }
                    _ => SignInAnswer::Failed,
                };
                // A logout in the meantime goes before. Without one a new session begins here.
                let late = self.exchanges[number].sign_outs != self.tabs[tab].notes.sign_outs;
                let granted = matches!(answer, SignInAnswer::Granted(_));
                let fresh = granted && !late && !self.tabs[tab].closed;
                if fresh {
                    self.tabs[tab].notes.fences += 1;
                    let mono = self.clocks(tab).mono;
                    let notes = &mut self.tabs[tab].notes;
                    (notes.signed_in_at, notes.invited_at) = (self.now, self.now);
                    notes.turned(self.now, mono);
                }
                let before = self.tabs[tab].token();
                self.input(tab, |engine, now| engine.handle_sign_in_answer(now, waiter, answer));
                if late {
                    let verdict = invariants::a_late_answer_changes_nothing(self, tab, before);
                    self.hold(verdict);
                }
                if let Some(by) = by {
                    self.end_fetch(tab, by, end);
                }
            }
            Errand::Api { .. } => {}
        }
    }

    fn refresh_answer(&mut self, tab: usize, number: usize, call: CallId, answer: Answer) {
        let before = self.tabs[tab].token();
        let late = self.exchanges[number].fences != self.tabs[tab].notes.fences;
        let judged = self.judged(answer);
        let mono = self.clocks(tab).mono;
        let notes = &mut self.tabs[tab].notes;
        notes.tried_mono = Some(mono);
        notes.resting_mono = 0;
        if let Err(failure) = &judged {
            if let Some(wait) = failure.retry_after() {
                notes.paused_mono = notes.paused_mono.max(mono + wait);
            }
            if failure.kind == FailureKind::Misconfigured {
                notes.resting_mono = mono + self.script.config.backoff.max;
            }
        }
        let terminal = judged.as_ref().is_err_and(|failure| failure.kind == FailureKind::Rejected);
        self.tabs[tab].notes.may_end = terminal && !late;
        match judged {
            Ok(grant) if late && self.bug == Some(Bug::NoEpochCheck) => {
                self.input(tab, |engine, now| engine.handle_adopt(now, grant, false));
            }
            judged => {
                self.input(tab, |engine, now| engine.handle_refresh_answer(now, call, judged))
            }
        }
        if late {
            let verdict = invariants::a_late_answer_changes_nothing(self, tab, before);
            self.hold(verdict);
        }
        if terminal {
            if self.tabs[tab].status() == Status::Anonymous {
                self.tabs[tab].notes.ended_at = self.now;
            }
            let verdict = invariants::a_verdict_that_is_believed_is_true(self, tab, number);
            self.hold(verdict);
        }
    }

    fn api_answer(&mut self, tab: usize, number: usize, request: usize, token: Option<usize>) {
        let Exchange { answer, nonce, next_nonce, .. } = self.exchanges[number];
        if answer != Answer::Unreachable {
            self.tabs[tab].nonce = next_nonce;
        }
        if self.is_given_up(tab, request) {
            return self.end_request(tab, request, End::Unsent);
        }
        let is_better = self.tabs[tab].nonce != nonce;
        let sent = &mut self.tabs[tab].requests[request];
        (sent.disproved, sent.refused) = (answer == Answer::BadProof, false);
        if answer == Answer::BadProof {
            // The token was not at fault, so the engine hears nothing.
            if is_better && (sent.repeats == 0 || self.bug == Some(Bug::EndlessRepeats)) {
                return self.send_request(tab, request);
            }
            return self.end_request(tab, request, End::Status(401));
        }
        let Answer::Status(status, _) = answer else {
            return self.end_request(tab, request, End::Status(0));
        };
        self.tabs[tab].requests[request].refused = status == 401;
        let Request { retries, carried, .. } = self.tabs[tab].requests[request];
        let Some((generation, _)) = carried.filter(|_| token.is_some()) else {
            return self.end_request(tab, request, End::Anonymous);
        };
        tell!(self, self.tabs[tab].id, "request {request} got {status} to generation {generation}");
        if status != 401 {
            if core::mem::take(&mut self.tabs[tab].refused) {
                self.input(tab, |engine, _| engine.handle_accepted(generation));
            }
        } else if retries == 0 || self.bug == Some(Bug::ThirdAttempt) && retries == 1 {
            let retry = Purpose::Retry { request };
            return self.ask(tab, retry, |engine, now| engine.handle_unauthorized(now, generation));
        } else {
            self.tabs[tab].refused = true;
            self.input(tab, |engine, now| engine.handle_retry_refused(now, generation));
        }
        self.end_request(tab, request, End::Status(status));
    }
}
