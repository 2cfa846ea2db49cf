//! The three invariants of pages whose engine lives in a worker, beside the nine of engines.

use tokenkeep::engine::{Millis, SECOND, SignedOutReason, Status};

use super::channel::{By, Channel, Work};
use super::page::{Ask, Told};
use super::protocol::{FromWorker, Input};
use crate::invariants::{Verdict, broken};
use crate::tab::{Life, Request};
use crate::world::{PATIENCE, World};

/// Invariant 10: A call of a page ends once.
pub fn a_call_ends_once(world: &World, page: usize, number: usize, told: Told) -> Verdict {
    let page = &world.hosted.pages[page];
    let asked = page.asked[number];
    match asked.told {
        None => Ok(()),
        Some(before) => broken(10, format!("{} hears {told:?} after {before:?}", page.id)),
    }
}

/// Invariant 10: The answer is one to a call that waits, or that the page has just given up.
pub fn an_answer_is_awaited(
    world: &World,
    page: usize,
    number: Option<usize>,
    message: FromWorker,
) -> Verdict {
    let page = &world.hosted.pages[page];
    let aborted = page.asked.iter().any(|asked| asked.told == Some(Told::Aborted));
    if number.is_some() || aborted {
        return Ok(());
    }
    broken(10, format!("{} hears {message:?}, for which it does not wait", page.id))
}

/// Invariant 10: A call is begun once: it is not sent again after the loss of a worker, by which
/// it may have been sent already. `by` has just been sent for the first time.
pub fn a_call_is_begun_once(world: &mut World, by: By) -> Verdict {
    let (Work::Fetch { number, .. } | Work::SignIn { number, .. }) = by.work else { return Ok(()) };
    let Some(page) = world.find_page(by.page) else { return Ok(()) };
    let asked = &mut world.hosted.pages[page].asked[number];
    asked.begun += 1;
    if asked.begun <= 1 {
        return Ok(());
    }
    broken(10, format!("{:?} of {} is sent again", asked.what, by.page))
}

/// Invariant 10: Within 15 s of the loss of a worker, every call that waited for it has ended.
///
/// Exception: a page that can't run, or not on time, notices when it can.
pub fn a_loss_is_noticed(world: &World, page: usize, lost_at: Millis) -> Verdict {
    let state = &world.hosted.pages[page];
    let late = world.page_is_late(page)
        || state.stalled_at >= lost_at
        || world.device.slept_since(lost_at);
    let waits = state.home.as_ref().is_some_and(|home| {
        home.waiters.iter().any(|&(_, number)| state.asked[number].since <= lost_at)
            && world.find_worker(home.worker).is_none()
    });
    if late || !waits {
        return Ok(());
    }
    broken(10, format!("{} waits for a worker that is gone", state.id))
}

/// Invariant 10: No worker that can answer is taken for lost. The page has just given its own up.
pub fn no_well_worker_is_taken_for_lost(world: &World, page: usize) -> Verdict {
    let state = &world.hosted.pages[page];
    let Some(home) = &state.home else { return Ok(()) };
    let Some(worker) = world.find_worker(home.worker) else { return Ok(()) };
    let worker = &world.hosted.workers[worker];
    let serves = world.engine_of(home.channel).is_some();
    let stalled = worker.life != Life::Running || worker.stalled_at + 15 * SECOND > world.now;
    if !serves || stalled {
        return Ok(());
    }
    broken(10, format!("{} gives up {}, which is well", state.id, worker.id))
}

/// Invariant 11: What has become of the session reaches a page before the answer that it is the
/// reason of. A logout reaches every page before its next answer.
pub fn the_news_come_before_the_answer(world: &World, page: usize, message: FromWorker) -> Verdict {
    let page = &world.hosted.pages[page];
    let (FromWorker::Head { truth, .. } | FromWorker::Settled { truth, .. }) = message else {
        return Ok(());
    };
    if page.closed || page.status == truth {
        return Ok(());
    }
    broken(11, format!("{} shows {:?} at an answer of {truth:?}", page.id, page.status))
}

/// Invariant 11: A page is told once that a session has begun, and once that it has ended. Who has
/// logged out is told of a logout, the others of one elsewhere.
pub fn an_event_is_told_once(world: &World, page: usize, message: FromWorker) -> Verdict {
    let page = &world.hosted.pages[page];
    let logs_out = |what| what == Ask::Settle(Input::Logout);
    match message {
        FromWorker::SignedIn if page.signed_in => {
            broken(11, format!("{} is signed in twice", page.id))
        }
        FromWorker::SignedIn if page.status != Status::Authenticated => {
            broken(11, format!("{} is signed in while it shows {:?}", page.id, page.status))
        }
        FromWorker::SignedOut(_) if page.signed_out => {
            broken(11, format!("{} is signed out twice", page.id))
        }
        FromWorker::SignedOut(_) if page.status != Status::Anonymous => {
            broken(11, format!("{} is signed out while it shows {:?}", page.id, page.status))
        }
        FromWorker::SignedOut(SignedOutReason::Logout)
            if !page.asked.iter().any(|asked| logs_out(asked.what)) =>
        {
            broken(11, format!("{} is told that it has logged out", page.id))
        }
        _ => Ok(()),
    }
}

/// Invariant 11: An engine rests only while every page is hidden.
pub fn an_engine_knows_whether_it_is_seen(world: &World, tab: usize) -> Verdict {
    let Some(tab) = world.tabs.get(tab).filter(|tab| !tab.closed) else { return Ok(()) };
    let channels = tab.shared.iter().flat_map(|shared| &shared.channels);
    let mut open = channels.filter(|channel| channel.open).peekable();
    if open.peek().is_none() || open.any(|channel| !channel.hidden) == tab.visible {
        return Ok(());
    }
    broken(11, format!("{} is visible: {}, and its pages are not so", tab.id, tab.visible))
}

/// Invariant 12: No message goes to a page that is stored or gone, and one that has closed its keep
/// gets the answers to its calls alone.
pub fn a_page_hears_what_it_may(channel: &Channel, message: FromWorker) -> Verdict {
    let answers = message.answered().is_some() || message == FromWorker::Ping;
    let may = match message {
        FromWorker::Pong | FromWorker::Lost => true,
        _ => channel.open || answers,
    };
    if channel.stored {
        return broken(12, format!("{} is stored and hears {message:?}", channel.page));
    }
    if channel.gone || !may {
        return broken(12, format!("{} has left and hears {message:?}", channel.page));
    }
    Ok(())
}

/// Invariant 11: At the end of a calm a page shows what its engine knows. Invariant 10: nothing
/// waits there.
pub fn a_page_is_up_to_date(world: &World, page: usize) -> Verdict {
    let state = &world.hosted.pages[page];
    if let Some(asked) = state.asked.iter().find(|asked| asked.told.is_none()) {
        let patient = asked.since + PATIENCE <= world.now;
        if patient {
            return broken(10, format!("{} waits forever for {:?}", state.id, asked.what));
        }
    }
    let Some(tab) = engine_of(world, page) else {
        return broken(10, format!("{} has no engine at the end of a calm", state.id));
    };
    let truth = world.tabs[tab].status();
    if state.status == truth && state.signed_in == (truth == Status::Authenticated) {
        return Ok(());
    }
    broken(11, format!("{} shows {:?}, its engine {truth:?}", state.id, state.status))
}

/// The engine that a page shares.
fn engine_of(world: &World, page: usize) -> Option<usize> {
    world.engine_of(world.hosted.pages[page].home.as_ref()?.channel)
}

/// The engine of a page, and what the request came to by which the page was asked.
pub fn question_to(world: &World, page: usize) -> Option<(usize, Option<Request>)> {
    let tab = engine_of(world, page)?;
    let state = &world.hosted.pages[page];
    let last = state.asked.iter().rposition(|asked| matches!(asked.what, Ask::Fetch { .. }))?;
    let is_it = |request: &&Request| {
        request.by.is_some_and(|by| {
            by.page == state.id && matches!(by.work, Work::Fetch { number, .. } if number == last)
        })
    };
    Some((tab, world.tabs[tab].requests.iter().find(is_it).copied()))
}
