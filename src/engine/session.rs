//! The session that this tab has, or the lack of one: the token, whose it is, and the numbers that
//! tell what belongs to it.

use super::clock::{Millis, Now, SECOND};
use super::grant::Grant;
use super::snapshot::{Session, SignedOutReason, Status};
use crate::token::AccessToken;

/// For so long after an API refused a fresh token, further refusals of it start no refresh.
const REFUSAL_MEMORY: Millis = 10 * SECOND;

/// Names a session. An answer counts only while the session that its call was made for is current.
///
/// The epoch alone does not name one: a sibling may log out at the epoch at which another one signs
/// in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Era {
    pub(super) epoch: u64,
    /// Logouts so far, here and elsewhere.
    pub(super) sign_outs: u32,
}

struct Token {
    grant: Grant,
    lifetime: Millis,
    /// From here on a renewal is due.
    due_at: Millis,
    /// From here on requests wait for a renewal. Moves ahead of `expires_at` when the machine may
    /// have slept.
    fresh_until: Millis,
    expires_at: Millis,
    expires_at_wall: Millis,
    /// An API refused it.
    refused: bool,
}

/// What a new token changed.
pub(super) struct Change {
    /// There was no session before.
    pub(super) signed_in: bool,
    /// The session is another user's now.
    pub(super) other_user: bool,
}

#[expect(clippy::struct_excessive_bools, reason = "any of the five may hold beside any other")]
pub(super) struct SessionState {
    status: Status,
    reason: Option<SignedOutReason>,
    token: Option<Token>,
    era: Era,
    /// Counts the tokens of this tab.
    generation: u32,
    /// The first generation of this epoch: a 401 to an older one belongs to another session.
    first_generation: u32,
    /// A hash of the user.
    subject: Option<u64>,
    /// Counts the changes of user. A waiter of another count gets no token.
    identity: u32,
    /// When the session, or the lack of one, began.
    began_at: Millis,
    /// Somebody has asked for the session.
    started: bool,
    /// Somebody asked for the session whatever this tab knows of it, and the authority has not
    /// answered yet.
    asked_again: bool,
    /// A sibling signed in, and the token of that session is still to come.
    joining: bool,
    /// That sibling's user may be another one.
    stranger: bool,
    /// Something may have been missed: the token rests until a sibling or the authority confirms
    /// the session.
    doubted: bool,
    /// It began with a sign-in, and no refresh has shown yet that the cookie of it was kept.
    unproven: bool,
    /// A fresh token that an API refused all the same, and when.
    refused: Option<(u32, Millis)>,
}

impl SessionState {
    pub(super) fn new(now: Now) -> Self {
        Self {
            status: Status::Unknown,
            reason: None,
            token: None,
            era: Era { epoch: 0, sign_outs: 0 },
            generation: 0,
            first_generation: 1,
            subject: None,
            identity: 0,
            began_at: now.mono,
            started: false,
            asked_again: false,
            joining: false,
            stranger: false,
            doubted: false,
            unproven: false,
            refused: None,
        }
    }

    pub(super) fn status(&self) -> Status {
        self.status
    }

    pub(super) fn is_authenticated(&self) -> bool {
        self.status == Status::Authenticated
    }

    /// Signed out, and no sibling has signed in since.
    pub(super) fn is_over(&self) -> bool {
        self.status == Status::Anonymous && !self.joining
    }

    pub(super) fn reason(&self) -> Option<SignedOutReason> {
        self.reason
    }

    pub(super) fn generation(&self) -> u32 {
        self.generation
    }

    pub(super) fn subject(&self) -> Option<u64> {
        self.subject
    }

    /// Whether the user is known, and is not this one.
    pub(super) fn is_of_another(&self, subject: Option<u64>) -> bool {
        self.subject.zip(subject).is_some_and(|(own, other)| own != other)
    }

    pub(super) fn identity(&self) -> u32 {
        self.identity
    }

    pub(super) fn began_at(&self) -> Millis {
        self.began_at
    }

    pub(super) fn is_started(&self) -> bool {
        self.started
    }

    pub(super) fn start(&mut self) {
        self.started = true;
    }

    pub(super) fn is_asked_again(&self) -> bool {
        self.asked_again
    }

    pub(super) fn ask_again(&mut self) {
        self.asked_again = true;
    }

    /// A token of this session, or of one that a sibling began, is there or on its way.
    pub(super) fn is_held_or_joined(&self) -> bool {
        self.is_authenticated() || self.joining
    }

    /// Nobody knows yet whether there is a session, and no sibling has told of one.
    pub(super) fn is_open(&self) -> bool {
        self.status == Status::Unknown && !self.joining
    }

    /// A token of a session that began elsewhere is to be fetched.
    pub(super) fn is_sought(&self) -> bool {
        self.asked_again || self.joining
    }

    /// Whether the engine wants a token on its own account.
    pub(super) fn is_pursued(&self) -> bool {
        match self.status {
            Status::Unknown => self.started,
            Status::Anonymous => self.is_sought(),
            Status::Authenticated => true,
        }
    }

    pub(super) fn access_token(&self) -> Option<&AccessToken> {
        self.token.as_ref().map(|token| &token.grant.access_token)
    }

    /// The token leaves the session, which ends.
    pub(super) fn take_grant(&mut self) -> Option<Grant> {
        self.token.take().map(|token| token.grant)
    }

    pub(super) fn claims(&self) -> Option<&[u8]> {
        self.token.as_ref()?.grant.payload.as_ref().map(|payload| payload.json.as_slice())
    }

    pub(super) fn lifetime(&self) -> Option<Millis> {
        self.token.as_ref().map(|token| token.lifetime)
    }

    pub(super) fn is_due(&self, now: Millis) -> bool {
        self.token.as_ref().is_some_and(|token| token.due_at <= now)
    }

    /// Whether requests may go out with the token as it is.
    pub(super) fn is_good(&self, now: Millis, validity: Millis) -> bool {
        !self.doubted
            && self.token.as_ref().is_some_and(|token| {
                !token.refused && now.saturating_add(validity) < token.fresh_until
            })
    }

    /// Whether the token has not expired, as far as one can tell: good enough when no better one
    /// can be had.
    pub(super) fn is_unexpired(&self, now: Millis, validity: Millis) -> bool {
        self.token.as_ref().is_some_and(|token| now.saturating_add(validity) < token.expires_at)
    }

    /// Whether there is a token that is newer than this generation.
    pub(super) fn is_renewed(&self, generation: u32) -> bool {
        self.token.is_some() && self.generation > generation
    }

    /// Whether a token of this generation belongs to the session.
    pub(super) fn owns(&self, generation: u32) -> bool {
        generation >= self.first_generation && self.is_authenticated()
    }

    pub(super) fn era(&self) -> Era {
        self.era
    }

    pub(super) fn epoch(&self) -> u64 {
        self.era.epoch
    }

    /// Above every epoch that was heard of. A tab that has just opened has heard of none; the wall
    /// clock, which is one for all tabs of a browser, puts its logout above what its siblings know
    /// all the same.
    pub(super) fn next_epoch(&self, now: Now) -> u64 {
        if self.era.epoch == 0 { now.wall.max(1) } else { self.era.epoch + 1 }
    }

    /// Another session begins, or none: what belongs to an older epoch has no effect any more.
    pub(super) fn begin_epoch(&mut self, epoch: u64) {
        self.era.epoch = epoch;
        self.first_generation = self.generation + 1;
    }

    /// The session has been of this epoch all along.
    pub(super) fn correct_epoch(&mut self, epoch: u64) {
        self.era.epoch = epoch;
    }

    /// Takes over a token that is due at `due_at`.
    pub(super) fn accept(
        &mut self,
        grant: Grant,
        lifetime: Millis,
        due_at: Millis,
        now: Now,
    ) -> Change {
        let expires_at = now.mono + lifetime;
        let subject = grant.payload.as_ref().and_then(|payload| payload.subject);
        let known = self.subject.zip(subject);
        let signed_in = !self.is_authenticated();
        let other_user = !signed_in && known.map_or(self.stranger, |(old, new)| old != new);
        self.token = Some(Token {
            grant,
            lifetime,
            due_at,
            fresh_until: expires_at,
            expires_at,
            expires_at_wall: now.wall_at(expires_at),
            refused: false,
        });
        self.generation += 1;
        self.subject = subject;
        self.status = Status::Authenticated;
        self.reason = None;
        if signed_in {
            self.began_at = now.mono;
        }
        self.identity += u32::from(other_user);
        self.settle();
        Change { signed_in, other_user }
    }

    /// The token that was just taken began a session of its own.
    pub(super) fn begin(&mut self, now: Millis) {
        self.began_at = now;
        self.unproven = true;
    }

    /// A refresh worked, here or in a sibling: the cookie was kept.
    pub(super) fn prove(&mut self) {
        self.unproven = false;
    }

    pub(super) fn is_unproven(&self) -> bool {
        self.unproven
    }

    /// The session is over: the token is wiped. The epoch is the caller's to raise.
    pub(super) fn end(&mut self, reason: SignedOutReason, now: Millis) {
        self.token = None;
        self.subject = None;
        self.status = Status::Anonymous;
        self.reason = Some(reason);
        self.began_at = now;
        self.era.sign_outs = self.era.sign_outs.wrapping_add(u32::from(reason.is_logout()));
        self.settle();
    }

    /// A sibling began a session: the token is of another one, and that of the new one is to be
    /// fetched.
    pub(super) fn join(&mut self, epoch: u64, subject: Option<u64>, now: Millis) {
        let same_user = self.subject.is_some() && self.subject == subject;
        let stranger = self.is_authenticated() && (self.stranger || !same_user);
        self.begin_epoch(epoch);
        self.began_at = now;
        self.token = None;
        self.settle();
        self.stranger = stranger;
        self.joining = true;
    }

    /// `start()` found no session.
    pub(super) fn note_no_session(&mut self) {
        self.reason = Some(SignedOutReason::NoSession);
    }

    /// The authority serves a sibling: a session is there, and a token of it is to be fetched.
    pub(super) fn rejoin(&mut self) {
        self.joining = true;
    }

    /// Nothing about the session is open any more.
    pub(super) fn settle(&mut self) {
        self.asked_again = false;
        self.joining = false;
        self.stranger = false;
        self.doubted = false;
    }

    pub(super) fn is_doubted(&self) -> bool {
        self.doubted
    }

    pub(super) fn doubt(&mut self) {
        self.doubted = true;
    }

    /// The session stands, as far as one can tell. Returns whether that was in doubt.
    pub(super) fn confirm(&mut self) -> bool {
        core::mem::take(&mut self.doubted)
    }

    /// Makes the token older: the machine may have slept for so long. Returns when it is due.
    pub(super) fn grow_older(&mut self, by: Millis) -> Option<Millis> {
        let token = self.token.as_mut()?;
        token.due_at = token.due_at.saturating_sub(by);
        token.fresh_until = token.fresh_until.saturating_sub(by);
        Some(token.due_at)
    }

    /// An API refused the token of this generation.
    pub(super) fn refuse(&mut self, generation: u32) {
        if let Some(token) = self.token.as_mut().filter(|_| generation == self.generation) {
            token.refused = true;
        }
    }

    /// A refused token is the best there is when no other can be had: other APIs may take it.
    pub(super) fn pardon(&mut self) {
        if let Some(token) = &mut self.token {
            token.refused = false;
        }
    }

    /// An API refused the retry with the token of this generation too.
    pub(super) fn note_refused_again(&mut self, generation: u32, now: Millis) {
        if generation == self.generation {
            self.refused = Some((generation, now));
        }
    }

    /// Whether an API refused the current token, which is of this generation, when it was fresh.
    pub(super) fn was_refused_again(&self, generation: u32, now: Millis) -> bool {
        let known = self.refused.filter(|&(_, at)| now < at + REFUSAL_MEMORY);
        generation == self.generation && known.is_some_and(|(known, _)| known == generation)
    }

    /// An API accepted the token of this generation. Forgets that another API refused it.
    pub(super) fn note_accepted(&mut self, generation: u32) {
        self.refused.take_if(|&mut (known, _)| known == generation);
    }

    /// The session as the application sees it.
    pub(super) fn snapshot(&self, refreshing: bool, retry_at: Option<Millis>) -> Session {
        Session {
            status: self.status,
            generation: self.generation,
            expires_at: self.token.as_ref().map(|token| token.expires_at_wall),
            refreshing,
            retry_at,
            reason: self.reason,
        }
    }
}
