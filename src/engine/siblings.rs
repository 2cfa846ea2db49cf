//! What the siblings say, and what it does to this tab. A message changes what is known of the
//! session; it never brings a token and is never sent on.

use core::cmp::Ordering;

use super::budget::Asker;
use super::clock::{Millis, Now, SECOND};
use super::contract::{Event, Output};
use super::journal::{Note, Step};
use super::machine::Engine;
use super::message::{Message, News};
use super::reply::LONGEST_RETRY_AFTER;
use super::snapshot::{SignedOutReason, Status};
use super::waiters::Attempt;

/// No epoch is further ahead of the wall clock: a day.
const FARTHEST: Millis = 24 * 3_600 * SECOND;
/// A tab has missed fewer logouts and sign-ins than this.
const MOST_MISSED: u64 = 1_000;

/// What is known of the other tabs.
#[derive(Default)]
pub(super) struct Siblings {
    /// Their refreshes so far.
    successes: u32,
    /// When they were asked whether one of them is visible, and when one last said so.
    asked_at: Option<Millis>,
    visible_at: Option<Millis>,
}

impl Siblings {
    pub(super) fn successes(&self) -> u32 {
        self.successes
    }

    /// Asks for a visible one, the first time; the second time tells whether one has answered.
    pub(super) fn seek_visible(&mut self, now: Millis) -> Option<bool> {
        if let Some(asked_at) = self.asked_at.take() {
            return Some(self.visible_at >= Some(asked_at));
        }
        self.asked_at = Some(now);
        None
    }

    pub(super) fn forget_question(&mut self) {
        self.asked_at = None;
    }

    fn note(&mut self, visible: bool, now: Millis) {
        if visible {
            self.visible_at = Some(now);
        }
    }
}

impl Engine {
    /// A sibling said something.
    pub fn handle_sibling(&mut self, now: Now, message: Message) {
        self.begin_input(now);
        if !self.closed && self.config.coordinate {
            self.listen(message);
        }
        self.conclude();
    }

    pub(super) fn broadcast(&mut self, news: News) {
        if self.config.coordinate {
            self.put(Output::Broadcast(Message { epoch: self.session.epoch(), news }));
        }
    }

    fn listen(&mut self, Message { epoch, news }: Message) {
        match news {
            News::TurnOver => self.watch_lock(),
            News::Asking => self.tell_standing(),
            News::Pause { retry_after } | News::Standing { retry_after: Some(retry_after), .. } => {
                self.hear_pause(retry_after);
            }
            _ => {}
        }
        let ahead = epoch > self.session.epoch();
        let level = epoch == self.session.epoch();
        match news {
            News::SignedOut { ago } => self.hear_logout(epoch, ago),
            _ if !self.believes(epoch) => {}
            News::Standing { signed_in, subject, .. } if ahead => {
                self.catch_up(epoch, signed_in, subject);
            }
            News::Standing { signed_in: true, visible, .. } if level => {
                self.siblings.note(visible, self.now.mono);
                self.confirm();
            }
            News::SignedIn { subject } if ahead => self.join(epoch, subject),
            News::Refreshed { visible } if ahead || level => {
                self.siblings.successes = self.siblings.successes.wrapping_add(1);
                self.session.prove();
                self.siblings.note(visible, self.now.mono);
                if ahead {
                    self.catch_up(epoch, true, None);
                }
                self.hear_success();
            }
            News::Rejected if level && self.session.is_authenticated() => {
                self.write(Step::SiblingRejected, None);
                let _ = self.want(Asker::Request);
            }
            _ => {}
        }
    }

    /// Whether a sibling can have come to this epoch. Every script of the origin can write any
    /// number on the channel; one that is out of reach would make all later ones look old.
    fn believes(&self, epoch: u64) -> bool {
        // Each logout and sign-in adds one. The first epoch is taken from the wall clock, which may
        // have been set back since.
        epoch <= (self.session.epoch() + MOST_MISSED).max(self.now.wall + FARTHEST)
    }

    fn hear_logout(&mut self, epoch: u64, ago: Option<Millis>) {
        let known = self.session.epoch();
        let later = |ago| self.now.mono.saturating_sub(ago) >= self.session.began_at();
        match epoch.cmp(&known) {
            Ordering::Greater => {}
            // Of two that raise the epoch at once the logout wins: its call to the server comes
            // last.
            Ordering::Equal if self.session.is_pursued() && !self.session.is_over() => {}
            // The sender knows of fewer sessions than there were, and has ended the latest all the
            // same.
            Ordering::Less if ago.is_some_and(later) => {}
            _ => return,
        }
        self.session.begin_epoch(if self.believes(epoch) { epoch.max(known) } else { known });
        self.sign_out(SignedOutReason::LogoutElsewhere);
        if epoch < known {
            // For the sender, so that its next sign-in is news here.
            self.tell_standing();
        }
    }

    pub(super) fn tell_standing(&mut self) {
        let over = self.session.is_over();
        if over && self.logging_out() {
            let ago = self.logout.ago(self.now.mono);
            self.broadcast(News::SignedOut { ago: Some(ago) });
        } else if self.session.status() != Status::Unknown || self.session.epoch() > 0 {
            self.broadcast(News::Standing {
                // A tab that is about to join a session counts as signed in. Otherwise its epoch
                // would pass for that of a logout.
                signed_in: self.session.is_held_or_joined(),
                visible: self.page.is_visible(),
                subject: self.session.subject(),
                retry_after: self.tries.pause(self.now.mono),
            });
        }
    }

    /// The sibling's epoch is ahead of this tab's.
    fn catch_up(&mut self, epoch: u64, signed_in: bool, subject: Option<u64>) {
        match self.session.status() {
            Status::Authenticated if self.session.is_doubted() && !signed_in => {
                self.session.begin_epoch(epoch);
                self.sign_out(SignedOutReason::LogoutElsewhere);
            }
            Status::Authenticated if self.session.is_doubted() => self.join(epoch, subject),
            Status::Authenticated if signed_in && self.session.is_of_another(subject) => {
                self.join(epoch, subject);
            }
            Status::Anonymous if signed_in => self.join(epoch, subject),
            // This tab has listened since it opened, so what raised the epoch came before it: its
            // session is the one that began then.
            _ => {
                self.turn.correct_epoch(self.session.epoch(), epoch);
                self.session.correct_epoch(epoch);
            }
        }
    }

    /// A sibling signed in: the token is of another session, and that of the new one is to be
    /// fetched.
    fn join(&mut self, epoch: u64, subject: Option<u64>) {
        let started = self.session.status() != Status::Unknown || self.session.is_started();
        self.drop_renewal();
        self.session.join(epoch, subject, self.now.mono);
        self.write(Step::SiblingSignedIn, None);
        self.drop_logout();
        if started && let Attempt::Failed(failure) = self.want(Asker::Request) {
            self.settle_waiters(Attempt::Failed(failure));
        }
    }

    fn hear_success(&mut self) {
        match self.session.status() {
            Status::Authenticated => {
                self.confirm();
                let generation = self.session.generation();
                self.emit(Event::Refreshed { generation, by_sibling: true });
            }
            // The authority denied this tab a session, and gives a sibling one: asks once more.
            Status::Anonymous
                if matches!(
                    self.session.reason(),
                    Some(SignedOutReason::Rejected | SignedOutReason::NoSession)
                ) =>
            {
                self.session.rejoin();
                let _ = self.want(Asker::Engine);
            }
            Status::Anonymous | Status::Unknown => {}
        }
    }

    /// The authority asked a sibling to wait, so all tabs do.
    fn hear_pause(&mut self, wait: Millis) {
        if self.tries.lengthen_pause(self.now.mono + wait.min(LONGEST_RETRY_AFTER)) {
            self.write(Step::Paused, Some(Note::SiblingPaused));
        }
    }
}
