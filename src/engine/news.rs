//! What the siblings say, and what it does to us. A message changes what we know of the session; it
//! never brings a token and is never sent on.

use core::cmp::Ordering;

use super::budget::Cause;
use super::clock::{Millis, Now, SECOND};
use super::contract::{Event, Outcome};
use super::failure::FailureKind;
use super::journal::{Step, Why};
use super::machine::Engine;
use super::reply::LONGEST_RETRY_AFTER;
use super::session::{SignedOutReason, Status};
use super::sibling::{Message, News};
use super::timers::Timer;
use super::waiters::Attempt;

/// No epoch is further ahead of the wall clock: a day.
const FARTHEST: Millis = 24 * 3_600 * SECOND;
/// A tab has missed fewer logouts and sign-ins than this.
const MOST_MISSED: u64 = 1_000;

impl Engine {
    /// A sibling said something.
    pub fn handle_sibling(&mut self, now: Now, message: Message) {
        self.begin_input(now);
        if !self.closed && self.config.coordinate {
            self.listen(message);
        }
        self.conclude();
    }

    fn listen(&mut self, Message { epoch, news }: Message) {
        match news {
            News::TurnOver => self.watch_lock(),
            News::Asking => self.tell_standing(),
            News::Pause { retry_after } | News::Standing { retry_after: Some(retry_after), .. } => {
                self.pause(retry_after)
            }
            _ => {}
        }
        let ahead = epoch > self.epoch;
        match news {
            News::SignedOut { ago } => self.hear_logout(epoch, ago),
            _ if !self.believes(epoch) => {}
            News::Standing { signed_in, subject, .. } if ahead => {
                self.catch_up(epoch, signed_in, subject);
            }
            News::Standing { signed_in: true, visible, .. } if epoch == self.epoch => {
                self.visible_sibling_at =
                    visible.then_some(self.now.mono).or(self.visible_sibling_at);
                self.confirm();
            }
            News::SignedIn { subject } if ahead => self.join(epoch, subject),
            News::Refreshed { visible } if epoch >= self.epoch => {
                self.heard = self.heard.wrapping_add(1);
                self.visible_sibling_at =
                    visible.then_some(self.now.mono).or(self.visible_sibling_at);
                if ahead {
                    self.catch_up(epoch, true, None);
                }
                self.hear_success();
            }
            News::Rejected if epoch == self.epoch && self.status == Status::Authenticated => {
                self.write(Step::SiblingRejected, None);
                let _ = self.want(Cause::Request);
            }
            _ => {}
        }
    }

    /// Whether a sibling can have come to this epoch. Anybody on the origin can write any number on
    /// the channel; one that is out of reach would make all later ones look old.
    fn believes(&self, epoch: u64) -> bool {
        // Each logout and sign-in adds one. The wall clock, which the first epoch is taken from, may
        // have been set back since.
        epoch <= (self.epoch + MOST_MISSED).max(self.now.wall + FARTHEST)
    }

    fn hear_logout(&mut self, epoch: u64, ago: Option<Millis>) {
        let later = |ago| self.now.mono.saturating_sub(ago) >= self.began_at;
        match epoch.cmp(&self.epoch) {
            Ordering::Greater => {}
            // Of two who raise the epoch at once the logout wins: its call to the server comes
            // last.
            Ordering::Equal if self.pursues() => {}
            // The sender knows of fewer sessions than there were, and has ended the latest all the
            // same.
            Ordering::Less if ago.is_some_and(later) => {}
            _ => return,
        }
        let outbid = epoch < self.epoch;
        self.raise_epoch(if self.believes(epoch) { epoch.max(self.epoch) } else { self.epoch });
        self.sign_out(SignedOutReason::LogoutElsewhere);
        if outbid {
            // So that its next sign-in is news.
            self.tell_standing();
        }
    }

    fn tell_standing(&mut self) {
        if self.logging_out() && self.status == Status::Anonymous && !self.joining {
            let ago = self.now.mono.saturating_sub(self.logged_out_at);
            self.broadcast(News::SignedOut { ago: Some(ago) });
        } else if self.status != Status::Unknown || self.epoch > 0 {
            let pause = self.blocked_until.saturating_sub(self.now.mono);
            self.broadcast(News::Standing {
                // Whoever is about to join a session says so: its epoch would else be taken for
                // that of a logout.
                signed_in: self.status == Status::Authenticated || self.joining,
                visible: self.visible,
                subject: self.subject,
                retry_after: (pause > 0).then_some(pause),
            });
        }
    }

    /// The sibling's epoch is ahead of ours.
    fn catch_up(&mut self, epoch: u64, signed_in: bool, subject: Option<u64>) {
        match self.status {
            Status::Authenticated if self.doubted && !signed_in => {
                self.raise_epoch(epoch);
                self.sign_out(SignedOutReason::LogoutElsewhere);
            }
            Status::Authenticated if self.doubted => self.join(epoch, subject),
            Status::Anonymous if signed_in => self.join(epoch, subject),
            // We have listened since we opened, so what raised it came before us: our session is
            // the one that it began.
            _ => {
                let current = core::mem::replace(&mut self.epoch, epoch);
                if let Some(call) = self.call.as_mut().filter(|call| call.epoch == current) {
                    call.epoch = epoch;
                }
            }
        }
    }

    /// A sibling signed in: what we hold is of another session, and ours of the new one is to be
    /// fetched.
    fn join(&mut self, epoch: u64, subject: Option<u64>) {
        self.raise_epoch(epoch);
        self.began_at = self.now.mono;
        let same_user = self.subject.is_some() && self.subject == subject;
        let (status, stranger) = (self.status, self.stranger || !same_user);
        self.token = None;
        self.timers.clear(Timer::Renewal);
        self.forget_troubles();
        self.stranger = stranger && status == Status::Authenticated;
        self.joining = true;
        self.write(Step::SiblingSignedIn, None);
        if core::mem::take(&mut self.logout_wanted) {
            // The cookie is the new session's now: a logout that still queues would end that one.
            for waiter in core::mem::take(&mut self.logouts) {
                self.settle(waiter, Outcome::Failed(FailureKind::LogoutFailed.into()));
            }
            self.write(Step::LogoutFailed, None);
        }
        if (status != Status::Unknown || self.started)
            && let Attempt::Failed(failure) = self.want(Cause::Request)
        {
            self.settle_waiters(Attempt::Failed(failure));
        }
    }

    fn hear_success(&mut self) {
        match self.status {
            Status::Authenticated => {
                self.confirm();
                self.emit(Event::Refreshed { generation: self.generation, by_sibling: true });
            }
            // We were told that there is no session, and there is one: once more.
            Status::Anonymous
                if matches!(
                    self.reason,
                    Some(SignedOutReason::Rejected | SignedOutReason::NoSession)
                ) =>
            {
                self.joining = true;
                let _ = self.want(Cause::Schedule);
            }
            Status::Anonymous | Status::Unknown => {}
        }
    }

    /// A sibling holds the session that we hold: it stands.
    fn confirm(&mut self) {
        if self.doubted {
            self.doubted = false;
            self.timers.clear(Timer::Answer);
            self.settle_waiters(Attempt::Pending);
        }
    }

    /// The authority asked a sibling to wait, so all of us do.
    fn pause(&mut self, wait: Millis) {
        let until = self.now.mono + wait.min(LONGEST_RETRY_AFTER);
        if until > self.blocked_until {
            self.blocked_until = until;
            self.write(Step::Paused, Some(Why::SiblingPaused));
        }
    }
}
