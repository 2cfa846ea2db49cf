//! A further token of the session that there is, which the application hands over.

use tokenkeep::engine::{Engine, Event, FailureKind, News, Outcome, Status, Wake};

use crate::tab::{Tab, token};

fn slide(tab: &mut Tab, seconds: u64) -> bool {
    tab.input(|engine, now| engine.handle_adopt(now, token(seconds), true))
}

#[test]
fn client_G106_a_sliding_token_leaves_epoch_and_siblings_alone() {
    let mut tab = Tab::coordinating();
    tab.sign_in(900);
    tab.told.clear();
    tab.events.clear();
    let waiter = tab.input(Engine::handle_refresh);
    assert!(slide(&mut tab, 600));
    assert_eq!(tab.engine.session().generation, 2);
    assert_eq!((tab.told.as_slice(), tab.events.as_slice()), (&[][..], &[][..]));
    // It is what the refresh was wanted for.
    assert_eq!(tab.outcome(waiter), Some(Outcome::Done));
    // The epoch is what it was: a token of before the slide belongs to the session.
    let refused = tab.refused(1);
    assert_eq!(tab.outcome(refused), Some(Outcome::Token));
    tab.pass(tab.timer_in().expect("a renewal is due"));
    assert_eq!(tab.locks.len(), 2);
}

#[test]
fn client_G106_there_is_nothing_to_slide_without_a_session() {
    let mut tab = Tab::coordinating();
    assert!(!slide(&mut tab, 900));
    tab.sign_in(900);
    let leaver = tab.input(Engine::handle_logout);
    assert!(!slide(&mut tab, 900));
    assert_eq!(tab.engine.session().status, Status::Anonymous);
    assert_eq!(tab.outcome(leaver), None);
    tab.input(Engine::handle_close);
    assert!(!slide(&mut tab, 900));
}

#[test]
fn client_G106_a_token_of_the_old_session_is_not_taken_into_a_siblings_new_one() {
    let mut tab = Tab::coordinating();
    tab.sign_in(900);
    tab.hear(1, News::SignedIn { subject: Some(7) });
    assert!(!slide(&mut tab, 900));
    assert!(tab.engine.token().is_none());
}

#[test]
fn client_G106_a_sliding_token_ends_no_doubt_about_the_session() {
    let mut tab = Tab::coordinating();
    tab.sign_in(900);
    tab.input(|engine, now| engine.handle_wake(now, Wake::Restored));
    assert!(slide(&mut tab, 900));
    let waiter = tab.request();
    assert_eq!(tab.outcome(waiter), None);
    tab.hear(
        0,
        News::Standing { signed_in: true, visible: true, subject: None, retry_after: None },
    );
    assert_eq!(tab.outcome(waiter), Some(Outcome::Token));
    let mut alone = Tab::signed_in(900);
    alone.input(|engine, now| engine.handle_wake(now, Wake::Restored));
    assert!(slide(&mut alone, 900));
    alone.fail(FailureKind::Rejected);
    assert!(alone.events.contains(&Event::SignedOut(tokenkeep::engine::SignedOutReason::Rejected)));
}
