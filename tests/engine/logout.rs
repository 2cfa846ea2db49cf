//! Group H, and signing in: what ends a session and what begins one, in order.

use tokenkeep::engine::{
    CALLS, Config, Engine, Event, Failure, FailureKind, Grant, LogoutAnswer, News, Note, Outcome,
    SignInAnswer, SignedOutReason, Status, Step,
};

use crate::tab::{CONFIG, Tab, failed, token, token_of};

#[test]
fn client_H68_an_answer_that_comes_after_logout_is_dropped() {
    let mut tab = Tab::signed_in(900);
    tab.input(Engine::handle_refresh);
    let logout = tab.input(Engine::handle_logout);
    assert_eq!((tab.status(), tab.engine.token().is_none()), (Status::Anonymous, true));
    tab.grant(900);
    assert_eq!((tab.status(), tab.generation()), (Status::Anonymous, 1));
    assert!(tab.saw(Step::AnswerDiscarded));
    tab.logged_out(204);
    assert_eq!(tab.outcome(logout), Some(Outcome::Done));
}

#[test]
fn client_H68_a_logout_during_start_is_told() {
    let mut tab = Tab::new();
    let (start, request) = (tab.input(Engine::handle_start), tab.request());
    tab.input(Engine::handle_logout);
    tab.grant(900);
    assert_eq!(
        (tab.status(), tab.events.clone()),
        (Status::Anonymous, vec![Event::SignedOut(SignedOutReason::Logout)])
    );
    assert_eq!(
        (tab.outcome(start), tab.outcome(request)),
        (Some(Outcome::Done), Some(Outcome::Anonymous))
    );
}

#[test]
fn client_H69_the_lock_is_held_until_the_server_has_answered() {
    let mut tab = Tab::coordinating();
    tab.sign_in(900);
    tab.input(Engine::handle_logout);
    assert_eq!(
        tab.told.last().map(|message| message.news),
        Some(News::SignedOut { ago: Some(0) }),
        "siblings first"
    );
    assert!(tab.logouts.is_empty());
    tab.lock();
    assert_eq!((tab.logouts.len(), tab.released.len()), (1, 0));
    tab.logged_out(204);
    assert_eq!(tab.released, tab.locks);
}

#[test]
fn client_H69_logout_follows_a_refresh_under_the_same_lock() {
    let mut tab = Tab::coordinating();
    tab.sign_in(900);
    tab.input(Engine::handle_refresh);
    tab.lock();
    tab.input(Engine::handle_logout);
    assert!(tab.logouts.is_empty(), "the cookie of the refresh lands first");
    tab.grant(900);
    assert_eq!((tab.logouts.len(), tab.locks.len(), tab.released.len()), (1, 1, 0));
}

#[test]
fn client_H70_a_logout_that_reaches_nobody_is_reported_and_stands() {
    let mut tab = Tab::signed_in(900);
    let logout = tab.input(Engine::handle_logout);
    let call = tab.logouts[0];
    tab.input(|engine, now| engine.handle_logout_answer(now, call, LogoutAnswer::Missing));
    assert_eq!(
        (tab.outcome(logout), tab.status()),
        (failed(FailureKind::LogoutFailed), Status::Anonymous)
    );
}

#[test]
fn client_H70_a_logout_call_that_hangs_is_given_up() {
    let mut tab = Tab::signed_in(900);
    let logout = tab.input(Engine::handle_logout);
    tab.pass(10_000);
    assert_eq!((tab.outcome(logout), tab.aborted.len()), (failed(FailureKind::LogoutFailed), 1));
}

#[test]
fn client_H70_a_logout_that_gets_no_answer_tells_no_status_of_an_earlier_one() {
    let mut tab = Tab::signed_in(900);
    tab.input(Engine::handle_logout);
    tab.logged_out(500);
    tab.fail(FailureKind::Rejected);
    tab.sign_in(900);
    let logout = tab.input(Engine::handle_logout);
    tab.pass(CONFIG.timeout);
    assert_eq!(tab.outcome(logout), failed(FailureKind::LogoutFailed));
}

/// What a logout comes to that was answered with `status` while the session is not over.
fn doubtful(status: u16) -> Option<Outcome> {
    Some(Outcome::Failed(Failure::from(FailureKind::LogoutFailed).answered(status)))
}

#[test]
fn client_H86_a_logout_that_is_not_confirmed_fails_while_the_session_lives() {
    for status in [401, 403, 404, 500, 0] {
        let mut tab = Tab::coordinating();
        tab.sign_in(900);
        let logout = tab.input(Engine::handle_logout);
        tab.lock();
        tab.logged_out(status);
        assert_eq!((tab.outcome(logout), tab.sent.len()), (None, 1), "it looks: {status}");
        assert_eq!((tab.locks.len(), tab.released.len()), (1, 0), "under the same lock");
        tab.grant(900);
        assert_eq!(tab.outcome(logout), doubtful(status));
        assert_eq!((tab.status(), tab.generation()), (Status::Anonymous, 1), "no token of it");
        assert!(tab.engine.token().is_none());
        assert_eq!(tab.released, tab.locks);
        assert!(tab.saw(Step::LogoutDoubted) && tab.saw(Step::LogoutFailed));
        let refreshed = |event: &Event| matches!(event, Event::Refreshed { .. });
        assert!(!tab.events.iter().any(refreshed));
    }
}

#[test]
fn client_H86_a_logout_that_is_not_confirmed_succeeds_when_the_session_is_over() {
    let mut tab = Tab::signed_in(900);
    let logout = tab.input(Engine::handle_logout);
    tab.logged_out(401);
    tab.fail(FailureKind::Rejected);
    assert_eq!((tab.outcome(logout), tab.status()), (Some(Outcome::Done), Status::Anonymous));
    assert_eq!(tab.reason(), Some(SignedOutReason::Logout));
    assert!(tab.saw(Step::LogoutTold));
}

#[test]
fn client_H86_a_logout_whose_doubt_cannot_be_settled_fails() {
    for kind in [FailureKind::Unreachable, FailureKind::Malformed, FailureKind::Misconfigured] {
        let mut tab = Tab::signed_in(900);
        let logout = tab.input(Engine::handle_logout);
        tab.logged_out(401);
        tab.fail(kind);
        assert_eq!((tab.outcome(logout), tab.timer_in()), (doubtful(401), None), "{kind:?}");
    }
    let mut tab = Tab::signed_in(900);
    let logout = tab.input(Engine::handle_logout);
    tab.logged_out(401);
    tab.pass(10_000);
    assert_eq!((tab.outcome(logout), tab.aborted.len()), (doubtful(401), 1), "no answer in time");
    tab.grant(900);
    assert_eq!(tab.status(), Status::Anonymous);
}

#[test]
fn client_H86_the_look_counts_as_a_refresh_call_and_obeys_a_pause() {
    let mut tab = Tab::signed_in(900);
    for _ in 0..CALLS {
        tab.input(Engine::handle_refresh);
        tab.grant(900);
    }
    let logout = tab.input(Engine::handle_logout);
    tab.logged_out(401);
    assert_eq!((tab.outcome(logout), tab.sent.len()), (doubtful(401), CALLS));

    let mut tab = Tab::coordinating();
    tab.sign_in(900);
    let logout = tab.input(Engine::handle_logout);
    tab.lock();
    tab.logged_out(401);
    tab.refuse_for(60_000);
    assert_eq!(tab.outcome(logout), doubtful(401));
    let pauses = |tab: &Tab| {
        tab.told.iter().filter(|message| matches!(message.news, News::Pause { .. })).count()
    };
    assert_eq!(pauses(&tab), 1, "the siblings obey it too");
    let again = tab.input(Engine::handle_logout);
    tab.lock();
    tab.logged_out(401);
    assert_eq!((tab.outcome(again), tab.sent.len()), (doubtful(401), 1));
}

#[test]
fn client_H86_a_second_logout_meanwhile_shares_the_look() {
    let mut tab = Tab::signed_in(900);
    let first = tab.input(Engine::handle_logout);
    tab.logged_out(401);
    let second = tab.input(Engine::handle_logout);
    tab.grant(900);
    assert_eq!((tab.outcome(first), tab.outcome(second)), (doubtful(401), doubtful(401)));
    assert_eq!((tab.logouts.len(), tab.sent.len()), (1, 1));
    let third = tab.input(Engine::handle_logout);
    assert_eq!((tab.outcome(third), tab.logouts.len()), (None, 2), "it tells the server again");
}

#[test]
fn client_H86_a_sign_in_meanwhile_waits_and_its_session_stands() {
    let mut tab = Tab::signed_in(900);
    let logout = tab.input(Engine::handle_logout);
    tab.logged_out(401);
    let turn = tab.input(Engine::handle_sign_in);
    assert_eq!(tab.outcome(turn), None);
    tab.grant(900);
    assert_eq!((tab.outcome(logout), tab.outcome(turn)), (doubtful(401), Some(Outcome::Proceed)));
    assert!(tab.input(|engine, now| engine.handle_sign_in_answer(now, turn, granted())));
    assert_eq!((tab.status(), tab.generation()), (Status::Authenticated, 2));
}

#[test]
fn client_H86_no_look_is_taken_at_a_session_that_began_since() {
    let mut tab = Tab::signed_in(900);
    let logout = tab.input(Engine::handle_logout);
    tab.sign_in(900);
    tab.logged_out(401);
    assert_eq!((tab.outcome(logout), tab.sent.len()), (doubtful(401), 0));
    assert_eq!(tab.status(), Status::Authenticated);
}

#[test]
fn each_logout_is_answered_by_a_call_that_was_made_after_it() {
    let mut tab = Tab::signed_in(900);
    let first = tab.input(Engine::handle_logout);
    tab.sign_in(900);
    let second = tab.input(Engine::handle_logout);
    tab.logged_out(204);
    assert_eq!((tab.outcome(first), tab.outcome(second)), (Some(Outcome::Done), None));
    tab.logged_out(401);
    tab.grant(900);
    assert_eq!(tab.outcome(second), doubtful(401));
}

#[test]
fn client_H71_nothing_is_retried_after_logout() {
    let mut tab = Tab::signed_in(900);
    let retry = tab.refused(1);
    tab.input(Engine::handle_logout);
    assert_eq!(tab.outcome(retry), Some(Outcome::GiveUp));
    let request = tab.request();
    assert_eq!(tab.outcome(request), Some(Outcome::Anonymous));
}

#[test]
fn two_logouts_tell_the_server_once() {
    let mut tab = Tab::signed_in(900);
    let waiters = [tab.input(Engine::handle_logout), tab.input(Engine::handle_logout)];
    assert_eq!(tab.logouts.len(), 1);
    tab.logged_out(204);
    assert!(waiters.iter().all(|&waiter| tab.outcome(waiter) == Some(Outcome::Done)));
    let ends = tab.events.iter().filter(|event| matches!(event, Event::SignedOut(_))).count();
    assert_eq!((ends, tab.logouts.len()), (1, 1));
}

fn granted() -> SignInAnswer {
    SignInAnswer::Granted(token(900))
}

#[test]
fn client_A88_a_sign_in_without_a_token_is_told_and_leaves_the_session_as_it_was() {
    for (answer, note) in
        [(SignInAnswer::WithoutToken, None), (SignInAnswer::Unusable, Some(Note::Malformed))]
    {
        let mut tab = Tab::signed_in(900);
        let turn = tab.input(Engine::handle_sign_in);
        assert!(!tab.input(|engine, now| engine.handle_sign_in_answer(now, turn, answer)));
        assert_eq!((tab.status(), tab.generation()), (Status::Authenticated, 1));
        let told = tab.engine.explain().last().expect("it is told");
        assert_eq!((told.step, told.note), (Step::SignInWithoutToken, note));
        tab.input(Engine::handle_refresh);
        assert_eq!(tab.sent.len(), 1, "its turn is over");
    }
}

#[test]
fn a_sign_in_waits_for_a_refresh_and_raises_the_epoch() {
    let mut tab = Tab::new();
    let start = tab.input(Engine::handle_start);
    let turn = tab.input(Engine::handle_sign_in);
    assert_eq!(tab.outcome(turn), None);
    tab.fail(FailureKind::Rejected);
    assert_eq!(
        (tab.outcome(start), tab.outcome(turn)),
        (Some(Outcome::Done), Some(Outcome::Proceed))
    );
    tab.input(Engine::handle_refresh);
    assert_eq!(tab.sent.len(), 1, "no refresh runs beside a sign-in");
    assert!(tab.input(|engine, now| engine.handle_sign_in_answer(now, turn, granted())));
    assert_eq!(tab.status(), Status::Authenticated);
}

#[test]
fn client_H362_a_logout_ends_the_sign_ins_that_still_wait_for_their_turn() {
    let mut tab = Tab::signed_in(900);
    tab.input(Engine::handle_refresh);
    let waiting = [tab.input(Engine::handle_sign_in), tab.input(Engine::handle_sign_in)];
    let logout = tab.input(Engine::handle_logout);
    for turn in waiting {
        let over = Outcome::Failed(FailureKind::SignedOut.into());
        assert_eq!(tab.outcome(turn), Some(over), "it was asked for before the logout");
    }
    let turn = tab.input(Engine::handle_sign_in);
    tab.grant(900);
    tab.logged_out(204);
    assert_eq!(
        (tab.outcome(logout), tab.outcome(turn)),
        (Some(Outcome::Done), Some(Outcome::Proceed)),
        "it was asked for after the logout"
    );
}

#[test]
fn a_failed_sign_in_leaves_the_session_as_it_was() {
    let mut tab = Tab::signed_in(900);
    let turn = tab.input(Engine::handle_sign_in);
    tab.input(|engine, now| engine.handle_sign_in_answer(now, turn, SignInAnswer::Failed));
    assert_eq!((tab.status(), tab.generation()), (Status::Authenticated, 1));
    tab.input(Engine::handle_refresh);
    assert_eq!(tab.sent.len(), 1, "its turn is over");
}

#[test]
fn a_logout_goes_before_a_sign_in_that_it_overtook() {
    let mut tab = Tab::new();
    let turn = tab.input(Engine::handle_sign_in);
    tab.input(Engine::handle_logout);
    assert!(tab.logouts.is_empty());
    assert!(!tab.input(|engine, now| engine.handle_sign_in_answer(now, turn, granted())));
    assert_eq!(
        (tab.status(), tab.logouts.len()),
        (Status::Anonymous, 1),
        "and the new cookie is logged out too"
    );
}

#[test]
fn a_slow_sign_in_loses_its_turn_and_still_counts() {
    let mut tab = Tab::new();
    let turn = tab.input(Engine::handle_sign_in);
    tab.pass(10_000);
    tab.input(Engine::handle_refresh);
    assert_eq!(tab.sent.len(), 1);
    assert!(tab.input(|engine, now| engine.handle_sign_in_answer(now, turn, granted())));
    tab.grant(60);
    assert_eq!(
        (tab.generation(), tab.status()),
        (1, Status::Authenticated),
        "the older refresh has no effect"
    );
}

#[test]
fn signing_in_as_somebody_else_is_told() {
    let mut tab = Tab::new();
    tab.input(|engine, now| engine.handle_adopt(now, token_of("alice"), false));
    tab.input(|engine, now| engine.handle_adopt(now, token_of("bob"), false));
    assert!(tab.events.contains(&Event::UserChanged));
    let claims = tab.engine.claims().unwrap();
    assert!(claims.windows(3).any(|part| part == b"bob"));
}

/// A tab whose logout call takes the token along, signed in.
fn guarded(seconds: u64) -> Tab {
    let mut tab = Tab::with(Config { logout_authorization: true, ..CONFIG });
    tab.sign_in(seconds);
    tab
}

/// What the logout call under way takes along.
fn carried(tab: &Tab) -> Option<String> {
    tab.engine.logout_token().map(|token| token.expose().to_owned())
}

fn fresh() -> Result<Grant, Failure> {
    Grant::new(b"fresh-token", Some(900)).map_err(Into::into)
}

#[test]
fn client_H117_the_token_goes_along_with_the_logout_and_is_gone() {
    let mut tab = guarded(900);
    let logout = tab.input(Engine::handle_logout);
    assert!(tab.engine.token().is_none(), "the session has none any more");
    assert_eq!((tab.logouts.len(), tab.sent.len()), (1, 0));
    assert_eq!(carried(&tab), Some("opaque-token".to_owned()));
    tab.logged_out(204);
    assert_eq!((tab.outcome(logout), carried(&tab)), (Some(Outcome::Done), None));

    let mut plain = Tab::signed_in(900);
    plain.input(Engine::handle_logout);
    assert_eq!(carried(&plain), None);
}

#[test]
fn client_H117_a_token_that_no_call_takes_along_is_dropped() {
    let config = Config { logout_authorization: true, coordinate: true, ..CONFIG };
    let mut overtaken = Tab::with(config);
    overtaken.sign_in(900);
    overtaken.input(Engine::handle_logout);
    overtaken.hear(1, News::SignedIn { subject: None });
    assert_eq!((carried(&overtaken), overtaken.logouts.len()), (None, 0));

    let mut closed = Tab::with(config);
    closed.sign_in(900);
    closed.input(Engine::handle_logout);
    closed.input(Engine::handle_close);
    assert_eq!(carried(&closed), None);

    let mut unsent = guarded(900);
    unsent.input(Engine::handle_logout);
    let call = unsent.logouts[0];
    unsent.input(|engine, now| engine.handle_logout_answer(now, call, LogoutAnswer::Missing));
    assert_eq!(carried(&unsent), None);
}

#[test]
fn client_H118_an_expired_token_is_renewed_first_and_under_the_same_lock() {
    let mut tab = Tab::with(Config { logout_authorization: true, coordinate: true, ..CONFIG });
    tab.sign_in(900);
    tab.sleep(3_600_000, false);
    let logout = tab.input(Engine::handle_logout);
    tab.lock();
    assert_eq!((tab.logouts.len(), tab.sent.len()), (0, 1));
    tab.answer(fresh());
    assert_eq!((tab.logouts.len(), carried(&tab)), (1, Some("fresh-token".to_owned())));
    assert_eq!((tab.status(), tab.engine.token().is_none()), (Status::Anonymous, true));
    tab.logged_out(204);
    assert_eq!(tab.outcome(logout), Some(Outcome::Done));
    assert_eq!((tab.locks.len(), tab.released.len()), (1, 1));
    assert!(!tab.saw(Step::LogoutDoubted));
}

#[test]
fn client_H118_no_token_of_an_earlier_session_goes_along() {
    let mut tab = guarded(900);
    tab.input(Engine::handle_logout);
    tab.sign_in(1);
    tab.pass(2_000);
    tab.input(Engine::handle_logout);
    tab.logged_out(204);
    assert_eq!((tab.logouts.len(), tab.sent.len()), (1, 1), "an expired token is renewed first");
    tab.answer(fresh());
    assert_eq!((tab.logouts.len(), carried(&tab).as_deref()), (2, Some("fresh-token")));
}

#[test]
fn client_H118_a_logout_that_is_refused_is_made_once_more_with_a_new_token() {
    let mut tab = guarded(900);
    let logout = tab.input(Engine::handle_logout);
    tab.logged_out(401);
    tab.answer(fresh());
    assert_eq!((tab.logouts.len(), carried(&tab)), (2, Some("fresh-token".to_owned())));
    tab.logged_out(204);
    assert_eq!((tab.outcome(logout), tab.sent.len()), (Some(Outcome::Done), 1));
}

#[test]
fn client_H118_a_logout_that_is_refused_twice_fails_while_the_session_lives() {
    for seconds in [900, 0] {
        let mut tab = guarded(900);
        if seconds == 0 {
            tab.pass(100);
            tab.sleep(3_600_000, false);
        }
        let logout = tab.input(Engine::handle_logout);
        for _ in 0..4 {
            if !tab.refreshes.is_empty() {
                tab.answer(fresh());
            } else if tab.outcome(logout).is_none() {
                tab.logged_out(401);
            }
        }
        assert_eq!(tab.outcome(logout), doubtful(401));
        assert!(tab.logouts.len() <= 2 && tab.sent.len() <= 2);
        assert_eq!((tab.status(), carried(&tab)), (Status::Anonymous, None));
    }
}

#[test]
fn client_H118_without_a_session_there_is_nobody_to_tell() {
    let mut tab = guarded(900);
    tab.input(Engine::handle_logout);
    tab.logged_out(500);
    tab.fail(FailureKind::Unreachable);
    let again = tab.input(Engine::handle_logout);
    tab.fail(FailureKind::Rejected);
    assert_eq!((tab.outcome(again), tab.logouts.len()), (Some(Outcome::Done), 1));
}

#[test]
fn client_H118_the_server_is_told_also_when_no_token_can_be_had() {
    let ways: [fn(&mut Tab); 2] = [
        |tab| tab.fail(FailureKind::Unreachable),
        // No answer in time.
        |tab| tab.pass(10_000),
    ];
    for fails in ways {
        let mut tab = Tab::with(Config { logout_authorization: true, coordinate: true, ..CONFIG });
        let logout = tab.input(Engine::handle_logout);
        tab.lock();
        fails(&mut tab);
        assert_eq!((tab.logouts.len(), carried(&tab)), (1, None));
        assert_eq!((tab.locks.len(), tab.released.len()), (1, 0), "under the same lock");
        tab.logged_out(204);
        assert_eq!(tab.outcome(logout), Some(Outcome::Done));
    }
    // The authority wants to be left alone: no refresh is made.
    let mut tab = guarded(900);
    tab.input(Engine::handle_refresh);
    tab.refuse_for(60_000);
    tab.input(Engine::handle_logout);
    tab.logged_out(204);
    let again = tab.input(Engine::handle_logout);
    assert_eq!((tab.logouts.len(), tab.sent.len()), (2, 1));
    tab.logged_out(204);
    assert_eq!(tab.outcome(again), Some(Outcome::Done));
}

#[test]
fn client_H118_no_further_call_is_made_for_a_session_that_began_since() {
    let mut tab = guarded(900);
    let logout = tab.input(Engine::handle_logout);
    tab.logged_out(401);
    tab.sign_in(900);
    tab.answer(fresh());
    assert_eq!((tab.outcome(logout), tab.logouts.len()), (doubtful(401), 1));
    assert_eq!((tab.status(), carried(&tab)), (Status::Authenticated, None));
}

#[test]
fn client_H119_a_listed_answer_is_done_without_a_look() {
    for status in [0, 302, 404, 419, 500] {
        let answer = LogoutAnswer::judge(status, b"text/html", true);
        assert_eq!(answer, LogoutAnswer::Done, "{status}");
        assert_eq!(LogoutAnswer::judge(status, b"", false), LogoutAnswer::Doubtful(status));
    }
    assert_eq!(LogoutAnswer::judge(200, b"text/html", true), LogoutAnswer::Done);
}

#[test]
fn client_H120_a_401_to_a_logout_is_looked_into_also_where_it_is_listed() {
    assert_eq!(LogoutAnswer::judge(401, b"", true), LogoutAnswer::Doubtful(401));
}
