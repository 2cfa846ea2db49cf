//! Group G: several tabs of one origin.

use tokenkeep::engine::{
    Engine, Event, FailureKind, News, Outcome, SignedOutReason, Status, Step, Wake,
};

use crate::tab::{Tab, failed, token_of};

/// A coordinating tab of alice.
fn alice() -> Tab {
    let mut tab = Tab::coordinating();
    tab.input(|engine, now| engine.handle_adopt(now, token_of("alice"), false));
    tab.told.clear();
    tab.events.clear();
    tab
}

fn subject_of(user: &str) -> Option<u64> {
    token_of(user).payload.and_then(|payload| payload.subject)
}

#[test]
fn client_G59_the_call_goes_out_under_the_lock_only() {
    let mut tab = alice();
    tab.input(Engine::handle_refresh);
    assert_eq!((tab.locks.len(), tab.sent.len()), (1, 0));
    tab.lock();
    assert_eq!((tab.sent.len(), tab.released.len()), (1, 0));
    tab.grant(900);
    assert_eq!(tab.released, tab.locks);
}

#[test]
fn client_G59_after_the_lock_it_asks_again_whether_it_must() {
    let mut tab = alice();
    let named = tab.input(Engine::handle_refresh);
    tab.hear(1, News::SignedOut { ago: None });
    assert_eq!(tab.outcome(named), failed(FailureKind::SignedOut));
    assert_eq!(tab.released, tab.locks, "it stops asking");
    tab.lock();
    assert_eq!(
        (tab.sent.len(), tab.released.len()),
        (0, 2),
        "and gives back what it is granted all the same"
    );
}

#[test]
fn client_G60_a_frozen_holder_delays_no_longer_than_the_bound() {
    let mut tab = alice();
    tab.input(Engine::handle_refresh);
    tab.pass(10_999);
    assert!(tab.sent.is_empty());
    tab.pass(1);
    assert_eq!((tab.sent.len(), tab.released.len()), (1, 1));
    tab.lock();
    assert_eq!(tab.sent.len(), 1, "a grant that comes too late is given back");
}

#[test]
fn client_G60_signs_of_life_extend_the_wait() {
    let mut tab = alice();
    tab.input(Engine::handle_refresh);
    for _ in 0..5 {
        tab.pass(8_000);
        tab.hear(0, News::TurnOver);
    }
    assert!(tab.sent.is_empty());
    tab.lock();
    assert_eq!(tab.sent.len(), 1);
}

#[test]
fn client_G61_without_locks_it_goes_on() {
    let mut tab = alice();
    tab.input(Engine::handle_refresh);
    let ticket = tab.locks[0];
    tab.input(|engine, now| engine.handle_lock(now, ticket, false));
    assert_eq!(tab.sent.len(), 1);
    assert!(tab.saw(Step::LockBypassed));
}

#[test]
fn client_G62_nothing_is_heard_when_the_tab_is_alone() {
    let mut tab = Tab::signed_in(900);
    tab.hear(99, News::SignedOut { ago: None });
    assert_eq!(tab.status(), Status::Authenticated);
}

#[test]
fn client_G63_old_news_change_nothing_and_none_is_sent_on() {
    let mut tab = alice();
    for news in [
        News::SignedOut { ago: None },
        News::SignedIn { subject: None },
        News::Rejected,
        News::Refreshed { visible: true },
        News::Standing { signed_in: false, visible: true, subject: None, retry_after: None },
    ] {
        tab.hear(-1, news);
    }
    assert_eq!((tab.status(), tab.generation(), tab.events.len()), (Status::Authenticated, 1, 0));
    tab.hear(0, News::Refreshed { visible: true });
    tab.hear(4, News::SignedOut { ago: None });
    assert_eq!(tab.told.len(), 0);
}

#[test]
fn client_G64_a_sign_in_elsewhere_leads_out_of_anonymous() {
    let mut tab = Tab::coordinating();
    tab.input(Engine::handle_start);
    tab.lock();
    tab.fail(FailureKind::Rejected);
    tab.hear(1, News::SignedIn { subject: subject_of("alice") });
    tab.lock();
    tab.answer(Ok(token_of("alice")));
    assert_eq!(tab.status(), Status::Authenticated);
    assert!(tab.events.contains(&Event::SignedIn) && !tab.events.contains(&Event::UserChanged));
}

#[test]
fn client_G64_another_user_elsewhere_is_told_and_no_token_is_mixed() {
    let mut tab = alice();
    tab.sleep(1_000_000, true);
    let pending = tab.request();
    tab.hear(1, News::SignedIn { subject: subject_of("bob") });
    assert!(tab.engine.token().is_none(), "alice's token is wiped at once");
    let request = tab.request();
    tab.lock();
    // The refresh that was queued for alice is bob's now.
    tab.answer(Ok(token_of("bob")));
    assert!(tab.events.contains(&Event::UserChanged));
    assert_eq!(
        tab.outcome(pending),
        failed(FailureKind::SignedOut),
        "alice's request is not sent as bob"
    );
    assert!(matches!(tab.outcome(request), Some(Outcome::Failed(_) | Outcome::Token)));
    assert_eq!(tab.status(), Status::Authenticated);
}

#[test]
fn client_G64_the_same_user_elsewhere_is_no_change() {
    let mut tab = alice();
    tab.hear(1, News::SignedIn { subject: subject_of("alice") });
    tab.lock();
    tab.answer(Ok(token_of("alice")));
    assert!(!tab.events.contains(&Event::UserChanged));
}

#[test]
fn client_G65_a_logout_elsewhere_wipes_at_once() {
    let mut tab = alice();
    tab.hear(1, News::SignedOut { ago: None });
    assert_eq!(
        (tab.status(), tab.reason()),
        (Status::Anonymous, Some(SignedOutReason::LogoutElsewhere))
    );
    assert!(tab.engine.token().is_none());
    assert_eq!(tab.timer_in(), None);
}

#[test]
fn client_G65_a_tab_that_comes_back_asks_before_it_sends() {
    let mut tab = alice();
    tab.input(|engine, now| engine.handle_wake(now, Wake::Restored));
    assert_eq!(tab.told.last().map(|message| message.news), Some(News::Asking));
    let request = tab.request();
    assert_eq!(tab.outcome(request), None);
    tab.hear(
        1,
        News::Standing { signed_in: false, visible: true, subject: None, retry_after: None },
    );
    assert_eq!((tab.status(), tab.outcome(request)), (Status::Anonymous, Some(Outcome::Anonymous)));
}

#[test]
fn client_G65_a_sibling_that_confirms_ends_the_doubt() {
    let mut tab = alice();
    tab.input(|engine, now| engine.handle_wake(now, Wake::Restored));
    let request = tab.request();
    tab.hear(
        0,
        News::Standing { signed_in: true, visible: true, subject: None, retry_after: None },
    );
    assert_eq!((tab.outcome(request), tab.sent.len()), (Some(Outcome::Token), 0));
}

#[test]
fn client_G65_without_siblings_the_authority_is_asked() {
    let mut tab = alice();
    tab.input(|engine, now| engine.handle_wake(now, Wake::Restored));
    let request = tab.request();
    tab.pass(500);
    tab.lock();
    assert_eq!((tab.sent.len(), tab.outcome(request)), (1, None));
    tab.fail(FailureKind::Rejected);
    assert_eq!((tab.status(), tab.outcome(request)), (Status::Anonymous, Some(Outcome::Anonymous)));
}

#[test]
fn client_G65_and_when_it_does_not_answer_the_session_stands() {
    let mut tab = alice();
    tab.input(|engine, now| engine.handle_wake(now, Wake::Restored));
    let request = tab.request();
    tab.pass(500);
    tab.lock();
    tab.fail(FailureKind::Unreachable);
    assert_eq!((tab.status(), tab.outcome(request)), (Status::Authenticated, Some(Outcome::Token)));
}

#[test]
fn client_G65_a_pause_that_comes_in_doubt_lets_nobody_wait() {
    let mut tab = alice();
    tab.input(|engine, now| engine.handle_wake(now, Wake::Restored));
    tab.pass(500);
    tab.hear(0, News::Pause { retry_after: 60_000 });
    tab.lock();
    assert_eq!((tab.sent.len(), tab.status()), (0, Status::Authenticated));
    let request = tab.request();
    assert_eq!(tab.outcome(request), Some(Outcome::Token), "the session stands");
}

#[test]
fn client_G65_a_pause_from_before_the_doubt_lets_nobody_wait() {
    let mut tab = alice();
    tab.hear(0, News::Pause { retry_after: 3_600_000 });
    // It was frozen until after the token had expired.
    tab.sleep(1_000_000, true);
    tab.input(|engine, now| engine.handle_wake(now, Wake::Restored));
    let request = tab.request();
    assert_eq!(tab.outcome(request), None, "it may have been signed out");
    tab.hear(
        0,
        News::Standing { signed_in: true, visible: true, subject: None, retry_after: None },
    );
    assert!(matches!(tab.outcome(request), Some(Outcome::Failed(_))), "the session stands");
}

#[test]
fn client_G66_a_new_tab_waits_for_its_turn() {
    let mut tab = Tab::coordinating();
    let start = tab.input(Engine::handle_start);
    assert_eq!(tab.told[0].news, News::Asking);
    tab.hear(
        3,
        News::Standing { signed_in: true, visible: true, subject: None, retry_after: None },
    );
    assert!(tab.sent.is_empty());
    tab.lock();
    tab.grant(900);
    assert_eq!((tab.outcome(start), tab.sent.len()), (Some(Outcome::Done), 1));
    tab.hear(0, News::SignedIn { subject: None });
    assert_eq!(tab.generation(), 1, "it has taken over the siblings' epoch");
    assert!(tab.engine.token().is_some());
}

#[test]
fn client_G66_an_epoch_that_is_told_late_costs_a_new_tab_nothing() {
    let mut tab = Tab::coordinating();
    tab.input(Engine::handle_start);
    tab.lock();
    tab.grant(900);
    tab.hear(
        3,
        News::Standing {
            signed_in: true,
            visible: true,
            subject: subject_of("alice"),
            retry_after: None,
        },
    );
    tab.hear(3, News::Refreshed { visible: true });
    assert!(tab.engine.token().is_some());
    assert_eq!((tab.generation(), tab.locks.len()), (1, 1));
    let refused = tab.refused(1);
    assert_eq!((tab.outcome(refused), tab.locks.len()), (None, 2), "its 401s are still its own");
}

#[test]
fn a_tab_that_asks_during_a_logout_is_told_of_it() {
    let mut tab = alice();
    tab.input(Engine::handle_logout);
    tab.told.clear();
    tab.pass(700);
    tab.hear(-1, News::Asking);
    assert_eq!(tab.told[0].news, News::SignedOut { ago: Some(700) });
}

#[test]
fn a_verdict_elsewhere_is_checked_not_believed() {
    let mut tab = alice();
    tab.hear(0, News::Rejected);
    assert_eq!(tab.status(), Status::Authenticated);
    tab.lock();
    tab.grant(900);
    assert_eq!(tab.status(), Status::Authenticated);
}

#[test]
fn a_tab_that_was_refused_tries_again_when_a_sibling_is_served() {
    let mut tab = alice();
    tab.input(Engine::handle_refresh);
    tab.lock();
    tab.fail(FailureKind::Rejected);
    assert_eq!(tab.status(), Status::Anonymous);
    tab.hear(0, News::Refreshed { visible: true });
    tab.lock();
    tab.answer(Ok(token_of("alice")));
    assert_eq!(tab.status(), Status::Authenticated);
}

#[test]
fn client_G60_a_turn_that_is_over_is_told_to_those_who_queue() {
    let mut tab = alice();
    tab.input(Engine::handle_refresh);
    tab.lock();
    tab.told.clear();
    tab.fail(FailureKind::Unreachable);
    assert_eq!(tab.told[0].news, News::TurnOver);
}

#[test]
fn client_G65_a_logout_in_a_tab_that_knows_nobody_reaches_everybody() {
    let old = alice();
    let mut new = Tab::coordinating();
    new.now.wall = old.now.wall + 60_000;
    new.input(Engine::handle_logout);
    assert!(new.told[0].epoch > old.epoch());
    new.hear(
        -50_000,
        News::Standing { signed_in: true, visible: true, subject: None, retry_after: None },
    );
    assert_eq!(new.status(), Status::Anonymous);
}

#[test]
fn client_G64_a_tab_that_comes_back_to_another_users_session_joins_it() {
    let mut tab = alice();
    tab.input(|engine, now| engine.handle_wake(now, Wake::Restored));
    let request = tab.request();
    tab.hear(
        1,
        News::Standing {
            signed_in: true,
            visible: true,
            subject: subject_of("bob"),
            retry_after: None,
        },
    );
    assert!(tab.engine.token().is_none());
    tab.lock();
    tab.answer(Ok(token_of("bob")));
    assert!(tab.events.contains(&Event::UserChanged));
    assert_eq!(tab.outcome(request), failed(FailureKind::SignedOut));
}

#[test]
fn client_G64_a_tab_without_a_session_learns_of_one_when_it_asks() {
    let mut tab = Tab::coordinating();
    tab.input(Engine::handle_start);
    tab.lock();
    tab.fail(FailureKind::Rejected);
    tab.input(|engine, now| engine.handle_wake(now, Wake::Restored));
    tab.hear(
        1,
        News::Standing { signed_in: true, visible: true, subject: None, retry_after: None },
    );
    tab.lock();
    tab.grant(900);
    assert_eq!(tab.status(), Status::Authenticated);
}

/// The largest whole number that the channel carries.
const LARGEST: u64 = (1 << 53) - 1;
const DAY: u64 = 86_400_000;

fn standing(signed_in: bool) -> News {
    News::Standing { signed_in, visible: true, subject: None, retry_after: None }
}

#[test]
fn client_G89_an_epoch_beyond_a_day_ahead_of_the_wall_clock_is_ignored() {
    for news in [
        standing(true),
        standing(false),
        News::SignedIn { subject: subject_of("bob") },
        News::Refreshed { visible: true },
        News::Rejected,
    ] {
        let mut tab = alice();
        for epoch in [LARGEST, tab.now.wall + DAY + 1, u64::MAX] {
            tab.hear_at(epoch, news);
        }
        assert_eq!((tab.status(), tab.locks.len()), (Status::Authenticated, 0), "{news:?}");
        assert!(tab.engine.token().is_some() && tab.events.is_empty());
        tab.input(Engine::handle_logout);
        let said = tab.told.last().expect("it tells of its logout");
        assert!(said.epoch <= tab.now.wall + DAY, "{news:?}: {}", said.epoch);
    }
}

#[test]
fn client_G89_within_a_day_it_is_believed() {
    let mut tab = alice();
    let epoch = tab.now.wall + DAY;
    tab.hear_at(epoch, News::SignedIn { subject: subject_of("bob") });
    assert_eq!((tab.engine.token().is_none(), tab.locks.len()), (true, 1));
}

#[test]
fn client_G89_a_logout_counts_whatever_its_epoch() {
    for epoch in [LARGEST, u64::MAX, alice().epoch() + 1] {
        let mut tab = alice();
        tab.hear_at(epoch, News::SignedOut { ago: None });
        assert_eq!(tab.reason(), Some(SignedOutReason::LogoutElsewhere), "{epoch}");
        assert!(tab.engine.token().is_none());
        tab.sign_in(900);
        let told = tab.told.last().expect("it tells of its sign-in");
        assert!(told.epoch <= tab.now.wall + DAY, "what was too far ahead is not taken over");
    }
}

#[test]
fn client_G89_a_logout_that_came_after_the_session_began_counts_though_its_epoch_is_lower() {
    // A forged epoch that can be believed has put everybody ahead of a tab that has just opened.
    let mut tab = alice();
    tab.pass(1_000);
    tab.hear_at(tab.now.wall + DAY, standing(true));
    let mut new = Tab::coordinating();
    new.now = tab.now;
    new.input(Engine::handle_logout);
    let said = *new.told.last().expect("it tells of its logout");
    tab.hear_at(said.epoch, said.news);
    assert_eq!((tab.status(), tab.engine.token().is_none()), (Status::Anonymous, true));
    // It says where it stands, so that the next sign-in of the other one is news to it.
    let answer = *tab.told.last().expect("it answers");
    assert_eq!(
        answer.news,
        News::Standing { signed_in: false, visible: true, subject: None, retry_after: None }
    );
    new.hear_at(answer.epoch, answer.news);
    new.sign_in(900);
    let said = *new.told.last().expect("it tells of its sign-in");
    tab.hear_at(said.epoch, said.news);
    assert_eq!(tab.locks.len(), 1, "it joins");
}

#[test]
fn client_G89_a_tab_that_has_heard_of_nobody_asks_before_it_signs_in() {
    let mut tab = Tab::coordinating();
    let turn = tab.input(Engine::handle_sign_in);
    assert_eq!(tab.told[0].news, News::Asking);
    tab.hear_at(tab.now.wall + DAY, standing(false));
    tab.lock();
    assert_eq!(tab.outcome(turn), Some(Outcome::Proceed));
    tab.sign_in(900);
    assert_eq!(tab.epoch(), tab.now.wall + DAY + 1);
}

#[test]
fn client_G89_a_logout_before_the_session_began_does_not_count() {
    for ago in [Some(1_999), Some(2_000), Some(u64::MAX), None] {
        let mut tab = alice();
        tab.pass(1_999);
        tab.hear(-1, News::SignedOut { ago });
        let ended = ago.is_some_and(|ago| ago < 2_000);
        assert_eq!(tab.status() == Status::Anonymous, ended, "{ago:?}");
    }
}

#[test]
fn client_G89_tabs_stay_in_step_when_the_wall_clock_is_set_back_by_days() {
    let mut tab = alice();
    tab.now.wall -= 3 * DAY;
    tab.hear(1, News::SignedIn { subject: subject_of("bob") });
    assert_eq!((tab.engine.token().is_none(), tab.locks.len()), (true, 1));
}

#[test]
fn client_G89_no_message_makes_a_tab_wait_for_longer_than_a_day() {
    let mut tab = alice();
    tab.hear_at(0, News::Pause { retry_after: LARGEST });
    let named = tab.input(Engine::handle_refresh);
    let Some(Outcome::Failed(failure)) = tab.outcome(named) else {
        panic!("it is refused at once")
    };
    assert_eq!(failure.retry_after(), Some(DAY));
}

#[test]
fn client_F50_a_pause_is_told_to_a_tab_that_opens() {
    let mut tab = Tab::coordinating();
    tab.hear(
        0,
        News::Standing { signed_in: true, visible: true, subject: None, retry_after: Some(60_000) },
    );
    let start = tab.input(Engine::handle_start);
    assert!(matches!(tab.outcome(start), Some(Outcome::Failed(_))));
    assert!(tab.locks.is_empty());
    tab.told.clear();
    tab.hear(
        1,
        News::Standing { signed_in: true, visible: true, subject: None, retry_after: None },
    );
    tab.hear(0, News::Asking);
    let News::Standing { signed_in, retry_after, .. } = tab.told[0].news else {
        panic!("it tells where it stands")
    };
    assert_eq!((signed_in, retry_after), (false, Some(60_000)));
}

#[test]
fn client_F50_a_tab_that_joins_while_the_authority_pauses_says_so_to_its_callers() {
    let mut tab = alice();
    tab.hear(0, News::Pause { retry_after: 60_000 });
    tab.sleep(1_000, true);
    tab.hear(1, News::SignedIn { subject: subject_of("alice") });
    let request = tab.request();
    assert!(
        matches!(tab.outcome(request), Some(Outcome::Failed(_))),
        "no token, and none to be had for a minute"
    );
}

#[test]
fn client_H69_a_logout_that_queues_ends_no_session_that_came_after_it() {
    let mut tab = alice();
    let logout = tab.input(Engine::handle_logout);
    tab.hear(1, News::SignedIn { subject: subject_of("bob") });
    assert_eq!(tab.outcome(logout), failed(FailureKind::LogoutFailed));
    tab.told.clear();
    tab.hear(1, News::Asking);
    assert!(
        !tab.told.iter().any(|message| message.news == News::SignedOut { ago: None }),
        "it speaks for the newer session"
    );
    tab.lock();
    assert_eq!((tab.logouts.len(), tab.sent.len()), (0, 1));
}

#[test]
fn client_A4_back_online_during_a_pause_those_who_waited_are_told_of_it() {
    let mut tab = Tab::coordinating();
    tab.input(|engine, now| engine.handle_wake(now, Wake::Offline));
    let request = tab.request();
    tab.lock();
    tab.fail(FailureKind::Unreachable);
    assert_eq!(tab.outcome(request), None);
    tab.hear(0, News::Pause { retry_after: 60_000 });
    tab.input(|engine, now| engine.handle_wake(now, Wake::Online));
    let Some(Outcome::Failed(failure)) = tab.outcome(request) else { panic!("it waits no longer") };
    assert_eq!(failure.retry_after(), Some(60_000));
}

#[test]
fn client_G65_of_a_sign_in_and_a_logout_that_tie_the_logout_wins() {
    let mut tab = Tab::coordinating();
    tab.input(Engine::handle_start);
    tab.lock();
    tab.fail(FailureKind::Rejected);
    tab.hear(7, News::SignedIn { subject: None });
    tab.lock();
    tab.hear(7, News::SignedOut { ago: None });
    tab.grant(900);
    assert_eq!(tab.status(), Status::Anonymous);
    assert!(tab.engine.token().is_none());
}
