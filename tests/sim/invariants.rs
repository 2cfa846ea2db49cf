//! The nine invariants, each judged by what the world sees, never by what the engine says of
//! itself; and the narrow physical exceptions: what no client can know or prevent.

use std::fmt;

use tokenkeep::engine::{
    CALLS, Failure, FailureKind, LONGEST_RETRY_AFTER, Message, Millis, News, Outcome, Output,
    SECOND, SignedOutReason, Status, WINDOW, WaiterId,
};

use crate::authority::Cookie;
use crate::network::{Errand, Exchange};
use crate::script::MINUTE;
use crate::tab::{End, Heard, Purpose, Request, Tab, Waiting};
use crate::world::{LISTED, PATIENCE, World};

/// An invariant that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    pub number: u8,
    pub what: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invariant {}: {}", self.number, self.what)
    }
}

/// So long after an outage a request is served at the latest.
pub const LATEST: Millis = 15 * SECOND;

pub type Verdict = Result<(), Broken>;

pub fn broken(number: u8, what: impl Into<String>) -> Verdict {
    Err(Broken { number, what: what.into() })
}

/// Invariant 1: No request is sent more than three times, and each further time for a reason of its
/// own: a 401 to our token, and one to the proof beside it.
pub fn a_request_is_sent_once_for_each_reason(before: &Request, after: &Request) -> Verdict {
    let has_reason = before.carried.is_some() && (before.refused || before.disproved);
    match (after.retries, after.repeats) {
        _ if before.sends > 0 && !has_reason => broken(1, "a further send without a 401 to it"),
        (0..=1, 0..=1) if after.sends == 1 + after.retries + after.repeats => Ok(()),
        (2.., _) => broken(1, "a second retry"),
        _ => broken(1, "a second repeat"),
    }
}

/// Invariant 2: On one origin with locks, refresh calls never overlap. `number` has just been sent.
///
/// Exceptions: a tab that waited in vain for a holder that could not run or was killed, or that
/// could not run itself; what such a call then overlaps with. Calls whose tab is gone or has given
/// them up can't be called back. A sign-in is the application's own request: it is waited for no
/// longer than a call may take.
pub fn refresh_calls_never_overlap(world: &World, number: usize) -> Verdict {
    if !world.locks_work() {
        return Ok(());
    }
    let call = &world.exchanges[number];
    if !call.locked {
        let tab = world.find(call.tab).expect("it has just sent");
        let notes = &world.tabs[tab].notes;
        let in_vain =
            |stalled_at: Option<Millis>| stalled_at.is_some_and(|at| at >= notes.wished_at);
        let holder_is_late = world.locks.holder().is_some_and(|holder| world.is_late(holder));
        if !(holder_is_late
            || world.is_late(call.tab)
            || in_vain(world.locks.stalled_at)
            || in_vain(notes.stalled_at)
            || world.device.slept_since(notes.wished_at))
        {
            return broken(2, format!("{} sends without the lock, whose holder is well", call.tab));
        }
    }
    let overlapped = world.open_turns().find(|&(other, exchange)| {
        let either = matches!(call.errand, Errand::Refresh(_))
            || matches!(exchange.errand, Errand::Refresh(_));
        other != number && either && call.locked && is_orderly(world, exchange)
    });
    overlapped.map_or(Ok(()), |(other, _)| broken(2, format!("#{number} overlaps with #{other}")))
}

/// Invariant 2: With a rotating authority no rotated cookie is ever presented. `number` presents
/// one.
///
/// Exceptions: the reply that brought the successor was lost on its way; a copy that the network
/// made rotated it; either call was one of those that may overlap.
pub fn no_rotated_cookie_is_presented(world: &World, number: usize) -> Verdict {
    let presented = world.exchanges[number].cookie;
    let rotation = world.rotations.iter().rev().find(|(cookie, ..)| Some(*cookie) == presented);
    let excused = rotation.is_none_or(|&(_, by, again)| {
        again || world.exchanges[by].reply_is_lost() || !is_undisturbed(world, by)
    });
    if !world.locks_work() || excused || !is_undisturbed(world, number) {
        return Ok(());
    }
    broken(2, format!("#{number} presents a rotated cookie"))
}

/// Invariant 3: No effect of an epoch that logout or a newer sign-in has ended: the answer to a
/// call of one.
pub fn a_late_answer_changes_nothing(
    world: &World,
    tab: usize,
    before: Option<(usize, u32)>,
) -> Verdict {
    if world.tabs[tab].token() == before {
        return Ok(());
    }
    broken(3, format!("{} takes the answer to a call of an ended session", world.tabs[tab].id))
}

/// Invariant 3: No effect of an epoch that logout has ended: a sibling that hears of the logout
/// holds no token from before it. At `turned_at` the session that it had until then began.
///
/// Exceptions: a message that does not tell when the logout was counts by its epoch alone. And what
/// is told of a logout later is not about a session that the tab was let into since.
pub fn a_logout_reaches_the_siblings(
    world: &World,
    tab: usize,
    heard: &Heard,
    turned_at: Millis,
) -> Verdict {
    let Tab { id, notes, .. } = &world.tabs[tab];
    let Some((token, _)) =
        world.tabs[tab].token().filter(|_| matches!(heard.message.news, News::SignedOut { .. }))
    else {
        return Ok(());
    };
    let family = &world.authority.families[world.authority.issued[token].family];
    let Message { epoch, news } = heard.message;
    let older = epoch < notes.epoch && news == (News::SignedOut { ago: None });
    let began_at = family.began_at.max(family.brought_at).max(turned_at);
    if began_at >= heard.since || older {
        return Ok(());
    }
    broken(3, format!("{id} keeps its token after it heard of the logout"))
}

/// Invariant 3: No effect of an epoch that a newer sign-in has ended: what is told of an old logout
/// ends no newer session.
///
/// Exception: within a minute of each other a logout and a sign-in count as simultaneous, and then
/// the logout wins.
pub fn an_old_logout_ends_no_newer_session(
    world: &World,
    tab: usize,
    heard: &Heard,
    before: Option<(usize, u32)>,
) -> Verdict {
    let Some((token, _)) = before.filter(|_| matches!(heard.message.news, News::SignedOut { .. }))
    else {
        return Ok(());
    };
    let began_at = world.authority.families[world.authority.issued[token].family].began_at;
    if began_at > heard.since + MINUTE && world.tabs[tab].token().is_none() {
        return broken(
            3,
            format!("{} leaves its session for a logout before it", world.tabs[tab].id),
        );
    }
    Ok(())
}

/// Invariant 3: No effect of an epoch that a newer sign-in has ended: a logout that queued
/// meanwhile is not sent with its cookie.
pub fn a_late_logout_ends_no_newer_session(tab: &Tab) -> Verdict {
    if tab.notes.sign_in_heard.is_some_and(|(_, at)| at > tab.notes.logged_out_at) {
        return broken(3, format!("{} sends a logout of an older session", tab.id));
    }
    Ok(())
}

/// Invariant 3: No effect of an epoch that a newer sign-in has ended: an older Set-Cookie never
/// overwrites its cookie.
pub fn no_cookie_of_an_ended_session_comes_back(
    world: &World,
    number: usize,
    cookie: Option<Cookie>,
) -> Verdict {
    let Some(current) = world.jar else { return Ok(()) };
    let newer =
        world.authority.families[current.family].began_at >= world.exchanges[number].sent_at;
    let older = cookie.is_none_or(|cookie| cookie.family < current.family);
    if newer && older && world.locks_work() && is_undisturbed(world, number) {
        return broken(3, format!("#{number} overwrites the cookie of a newer sign-in"));
    }
    Ok(())
}

/// Invariant 3: No effect of an epoch that logout has ended: when a logout that was called at
/// `since` is confirmed, the browser has no good cookie of a session that began before it.
///
/// Exceptions: calls that overlap, where that is excused, and what the reply to one that was given
/// up did to the cookie.
pub fn a_logout_that_is_confirmed_is_true(world: &World, tab: usize, since: Millis) -> Verdict {
    let id = world.tabs[tab].id;
    let Some(cookie) = world.jar.filter(|_| world.authority.honours(world.now, world.jar)) else {
        return Ok(());
    };
    let newer = world.authority.families[cookie.family].began_at >= since;
    let turn = world.turns.iter().rev().find(|&&turn| world.exchanges[turn].tab == id);
    let excused = !world.locks_work()
        || world.jar_spoilt_at.is_some_and(|at| at >= since)
        || turn.is_none_or(|&turn| !is_undisturbed(world, turn));
    if newer || excused || !world.script.config.logout_endpoint {
        return Ok(());
    }
    broken(3, format!("{id} is told that it is logged out, and {cookie:?} is good"))
}

/// Invariant 3: No effect of an epoch that logout has ended: a session that ended comes back only
/// when somebody has asked for one by name, or told of one, since.
pub fn a_session_that_ended_does_not_come_back(tab: &Tab) -> Verdict {
    let Tab { id, notes, .. } = tab;
    let back = notes.status == Status::Anonymous && tab.status() == Status::Authenticated;
    if back && notes.invited_at < notes.left_at {
        return broken(3, format!("{id} takes up the session that it has left"));
    }
    Ok(())
}

/// Invariant 4: Every waiter settles, once, with a token, a session answer or a typed error. A
/// sign-in that waits when its tab logs out is never sent.
pub fn a_waiter_is_settled_once(
    tab: &Tab,
    id: WaiterId,
    waiting: Option<Waiting>,
    outcome: Outcome,
) -> Verdict {
    let Tab { id: tab, notes, .. } = tab;
    let Some(Waiting { purpose, since, .. }) = waiting else {
        return broken(4, format!("{tab} settles {id:?}, who does not wait"));
    };
    let fits = match outcome {
        Outcome::Token => {
            matches!(purpose, Purpose::First { .. } | Purpose::Retry { .. } | Purpose::Lend)
        }
        Outcome::Anonymous => matches!(purpose, Purpose::First { .. }),
        Outcome::Done => {
            matches!(purpose, Purpose::Start { .. } | Purpose::Refresh | Purpose::Logout)
        }
        Outcome::GiveUp => matches!(purpose, Purpose::Retry { .. }),
        Outcome::Proceed => {
            matches!(purpose, Purpose::SignIn { .. }) && since >= notes.logged_out_at
        }
        Outcome::Failed(failure) => match purpose {
            Purpose::SignIn { .. } => match failure.kind {
                FailureKind::SignedOut => since <= notes.logged_out_at,
                kind => kind == FailureKind::Closed,
            },
            Purpose::Retry { .. } => failure.kind == FailureKind::Closed,
            Purpose::Logout => {
                matches!(failure.kind, FailureKind::Closed | FailureKind::LogoutFailed)
            }
            _ => true,
        },
        _ => false,
    };
    if fits { Ok(()) } else { broken(4, format!("{tab} settles {purpose:?} with {outcome:?}")) }
}

/// Invariant 4: Every waiter settles within its bounds, counted from when its tab last had
/// something to go on.
///
/// Exception: before the first answer, a network that is known to be off is waited for.
pub fn every_waiter_settles_in_time(world: &World, tab: usize) -> Verdict {
    let Tab { id, notes, waiters, .. } = &world.tabs[tab];
    if waiters.is_empty() || notes.offline {
        return Ok(());
    }
    let config = &world.script.config;
    let stirred_at =
        notes.stirred_at.max(notes.stalled_at.unwrap_or(0)).max(world.device.woke_at.unwrap_or(0));
    // A lock, a call, the siblings, and a timer that is late.
    let turn = 2 * config.timeout + 3 * SECOND + world.script.throttle;
    // A start() joins the backoff that is under way, and what the budget and the authority ask for.
    let start = turn + config.backoff.max + WINDOW + 2 * MINUTE;
    debug_assert!(start < LONGEST_RETRY_AFTER);
    let late = waiters.iter().find(|waiting| {
        let starts = matches!(waiting.purpose, Purpose::Start { .. });
        let bound = if starts { start } else { turn };
        world.now > waiting.since.max(stirred_at) + bound
    });
    late.map_or(Ok(()), |waiting| {
        broken(4, format!("{id} lets {:?} wait since {} ms", waiting.purpose, waiting.since))
    })
}

/// Invariant 5: No more than 10 refresh calls in any 60 s per tab. One is about to be sent.
pub fn refresh_calls_stay_in_the_budget(world: &mut World, tab: usize) -> Verdict {
    let now = world.clocks(tab).mono;
    let refreshes = &mut world.tabs[tab].notes.refreshes;
    refreshes.push_back(now);
    while refreshes.front().is_some_and(|&at| at + WINDOW < now) {
        refreshes.pop_front();
    }
    if refreshes.len() <= CALLS {
        Ok(())
    } else {
        broken(5, "an eleventh refresh call within a minute")
    }
}

/// Invariant 6: The token goes to listed origins only.
pub fn the_token_goes_to_listed_origins_only(sent: &Request) -> Verdict {
    let listed = LISTED
        .iter()
        .any(|origin| sent.url.strip_prefix(origin).is_some_and(|path| path.starts_with('/')));
    if listed || sent.carried.is_none() {
        Ok(())
    } else {
        broken(6, format!("the token goes to {}", sent.url))
    }
}

/// Invariant 7: If the authority is up and the cookie is good, a tab that makes a request gets a
/// valid token, 15 s after an outage at the latest. One has just been refused: it, or another one,
/// must have tried within the last 15 s.
///
/// Exceptions: the authority asked to be left alone. What answered is no refresh endpoint, and is
/// asked again after the longest backoff. Refreshes by name have used up the calls of the minute.
pub fn a_request_is_refused_for_a_reason(world: &World, tab: usize, failure: Failure) -> Verdict {
    if matches!(failure.kind, FailureKind::SignedOut | FailureKind::Closed) {
        return Ok(());
    }
    let (Tab { id, notes, .. }, now) = (&world.tabs[tab], world.clocks(tab).mono);
    let tried = notes.tried_mono == Some(now)
        || notes.refreshes.back().is_some_and(|&sent| now - sent <= LATEST);
    let calls = notes.refreshes.iter().filter(|&&sent| sent + WINDOW >= now).count();
    let named = notes.named_mono.is_some_and(|at| at + WINDOW >= now);
    if tried || now < notes.paused_mono.max(notes.resting_mono) || named && calls == CALLS {
        return Ok(());
    }
    broken(7, format!("{id} refuses a request with {failure:?}, and has not tried for 15 s"))
}

/// Invariant 4: Nobody waits at the end of a calm.
pub fn nobody_waits_forever(world: &World, tab: usize) -> Verdict {
    let Tab { id, waiters, .. } = &world.tabs[tab];
    waiters.first().map_or(Ok(()), |waiting| {
        broken(4, format!("{id} lets {:?} wait forever", waiting.purpose))
    })
}

/// Invariant 7: If the authority is up and the cookie is good, a visible tab that makes a request
/// gets a valid token. It was asked at the end of a calm, and has had its time; whoever waits now
/// waits forever (4).
///
/// Exceptions: a tab that is anonymous asks nobody, on purpose, if nobody had told it of a sign-in
/// since when it was asked. Without locks tabs may present the same cookie twice, and a strict
/// authority ends the session for it, even now. A request of one user is not repeated with the
/// token of another who signed in meanwhile. And a call that was given up too late to stop its
/// reply may have put an older cookie in the place of the one that the sign-in brought.
pub fn everybody_has_found_back(world: &World, tab: usize, asked: Option<Request>) -> Verdict {
    let Tab { id, notes, engine, .. } = &world.tabs[tab];
    let end = asked.and_then(|request| request.end);
    let Some(end) = end else { return broken(4, format!("the request of {id} never ends")) };
    let Some((cookie, true)) = world.question else { return Ok(()) };
    let told = notes.sign_in_heard.is_some_and(|(family, at)| {
        let spoilt = world.jar_spoilt_at.is_some_and(|spoilt_at| spoilt_at >= at);
        let in_time = at + PATIENCE <= world.now;
        let holds = family == cookie.family && at > notes.ended_at.max(notes.signed_in_at);
        holds && in_time && !spoilt
    });
    let carried =
        asked.and_then(|request| request.carried).map(|(_, token)| &world.authority.issued[token]);
    match end {
        End::Status(200) => {
            if told && carried.is_none_or(|issued| issued.family != cookie.family) {
                return broken(
                    3,
                    format!("{id} uses a token of a session that a newer sign-in has ended"),
                );
            }
            Ok(())
        }
        End::Anonymous if !told => Ok(()),
        End::Status(401)
            if carried.is_some_and(|issued| {
                issued.user != world.authority.families[cookie.family].user
            }) =>
        {
            Ok(())
        }
        _ if !world.locks_work() && !world.authority.honours(world.now, world.jar) => Ok(()),
        end => broken(7, format!("{id} got {end:?}, with a good cookie; {:?}", engine.session())),
    }
}

/// Invariant 8: A transient failure never changes `authenticated` to `anonymous`; nor does anything
/// else but a logout, a close, and the authority's verdict.
pub fn only_a_verdict_ends_a_session(tab: &Tab) -> Verdict {
    if tab.notes.status == Status::Authenticated
        && tab.status() != Status::Authenticated
        && !tab.notes.may_end
    {
        return broken(8, format!("{} leaves its session without a reason", tab.id));
    }
    Ok(())
}

/// Invariant 8: The verdict that a tab has just been given, if it is believed, is about the cookie
/// that the browser has.
///
/// Exception: calls that overlap, where that is excused.
pub fn a_verdict_that_is_believed_is_true(world: &World, tab: usize, number: usize) -> Verdict {
    let Tab { id, notes, .. } = &world.tabs[tab];
    let believed = notes.ended_at == world.now
        && matches!(
            world.tabs[tab].engine.session().reason,
            Some(SignedOutReason::Rejected | SignedOutReason::NoSession)
        );
    let wrong = believed && world.authority.honours(world.now, world.jar);
    if wrong && world.locks_work() && is_undisturbed(world, number) {
        return broken(8, format!("{id} believes a verdict on a cookie that is gone"));
    }
    Ok(())
}

/// Invariant 9: After `close()`: no timer, no output. Whoever asks all the same is told, and a lock
/// that comes late is given back.
pub fn nothing_comes_out_of_a_closed_keep(output: &Output) -> Verdict {
    match output {
        Output::Settle { outcome: Outcome::Failed(failure), .. }
            if failure.kind == FailureKind::Closed =>
        {
            Ok(())
        }
        Output::Settle { outcome: Outcome::GiveUp, .. } | Output::ReleaseLock { .. } => Ok(()),
        output => broken(9, format!("a closed keep says {output:?}")),
    }
}

/// Sent under the lock by a tab that waits for the answer, and still within its turn.
pub fn is_orderly(world: &World, exchange: &Exchange) -> bool {
    let ended_at = exchange.ended_at.unwrap_or(world.now);
    let overdue = matches!(exchange.errand, Errand::SignIn { .. })
        && ended_at - exchange.sent_at >= world.script.config.timeout;
    exchange.locked && !exchange.left && !overdue
}

/// Neither the exchange nor any turn that it overlaps with is one of those that may.
fn is_undisturbed(world: &World, number: usize) -> bool {
    let since = world.exchanges[number].sent_at;
    let turns = world.turns.iter().map(|&number| &world.exchanges[number]);
    let mut overlapping = turns.filter(|exchange| exchange.ended_at.is_none_or(|at| at >= since));
    overlapping.all(|exchange| is_orderly(world, exchange))
}
