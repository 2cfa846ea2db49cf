//! Group B: when a token is renewed.

use tokenkeep::engine::{Config, Event, FailureKind, Lead, News, Outcome, Status, Step, Wake};

use crate::tab::{CONFIG, Tab, token};

const HOUR: u64 = 3_600_000;

#[test]
fn client_B8_a_renewal_is_due_a_leeway_before_expiry() {
    let mut tab = Tab::signed_in(900);
    tab.pass(839_999);
    assert!(tab.sent.is_empty());
    tab.pass(1);
    assert_eq!(tab.sent.len(), 1);
}

#[test]
fn client_B8_jitter_only_brings_it_forward() {
    let mut tab = Tab::with(Config { lead: Lead { leeway: 60_000, jitter: 10_000 }, ..CONFIG });
    tab.sign_in(900);
    let due = tab.timer_in().unwrap();
    assert!((830_000..=840_000).contains(&due), "{due}");
}

#[test]
fn client_B9_a_life_shorter_than_the_leeway_is_halved_and_makes_no_loop() {
    let mut tab = Tab::signed_in(10);
    assert_eq!(tab.timer_in(), Some(5_000));
    for _ in 0..60 {
        tab.pass(1_000);
        if !tab.refreshes.is_empty() {
            tab.grant(1);
        }
    }
    assert!(tab.sent.len() <= 6, "{} calls on its own account in a minute", tab.sent.len());
    let request = tab.request();
    assert_eq!((tab.outcome(request), tab.refreshes.len()), (None, 1), "requests have calls left");
}

#[test]
fn client_B10_a_year_is_waited_for_in_pieces() {
    let mut tab = Tab::signed_in(365 * 24 * 3_600);
    assert_eq!(tab.timer_in(), Some(0x7FFF_FFFF));
    tab.pass(0x7FFF_FFFF);
    assert!(tab.sent.is_empty());
    tab.pass(365 * 24 * HOUR - 60_000 - 0x7FFF_FFFF - 1);
    assert!(tab.sent.is_empty());
    tab.pass(1);
    assert_eq!(tab.sent.len(), 1);
}

#[test]
fn client_B11_a_lifetime_of_nothing_is_the_default() {
    for seconds in [0, u64::MAX] {
        let tab = Tab::signed_in(seconds);
        let life = if seconds == 0 { 300_000 } else { 366 * 24 * HOUR };
        assert_eq!(tab.engine.session().expires_at, Some(tab.now.wall + life));
        assert!(tab.sent.is_empty());
    }
}

#[test]
fn client_B12_a_new_token_replaces_the_old_schedule() {
    let mut tab = Tab::signed_in(900);
    tab.sign_in(3_600);
    tab.pass(3_539_999);
    assert!(tab.sent.is_empty());
    tab.pass(1);
    assert_eq!(tab.sent.len(), 1);
}

#[test]
fn client_B13_a_late_timer_behaves_as_if_on_time() {
    for ticks in [true, false] {
        let mut tab = Tab::signed_in(900);
        tab.sleep(8 * HOUR, ticks);
        let request = tab.request();
        assert_eq!(
            (tab.sent.len(), tab.outcome(request)),
            (1, None),
            "the expired token is not sent"
        );
        tab.grant(900);
        assert_eq!((tab.outcome(request), tab.sent.len()), (Some(Outcome::Token), 1));
        assert_eq!(tab.status(), Status::Authenticated);
        assert!(!tab.events.iter().any(|event| matches!(event, Event::SignedOut(_))));
    }
}

#[test]
fn client_B14_a_wall_clock_that_jumps_costs_at_most_one_refresh() {
    for hours in [-5_i64, -1, 1, 5] {
        let mut tab = Tab::signed_in(900);
        tab.pass(1_000);
        tab.now.wall = tab.now.wall.saturating_add_signed(hours * HOUR as i64);
        for _ in 0..100 {
            tab.request();
            if !tab.refreshes.is_empty() {
                tab.grant(900);
            }
            tab.pass(1_000);
        }
        assert!(tab.sent.len() <= 1, "{} after {hours} h", tab.sent.len());
        assert_eq!(tab.status(), Status::Authenticated);
    }
}

#[test]
fn client_B15_a_clock_that_is_wrong_from_the_start_changes_nothing() {
    let mut tab = Tab::new();
    tab.now.wall = 12_345;
    tab.sign_in(900);
    tab.pass(839_999);
    assert!(tab.sent.is_empty());
    tab.pass(1);
    assert_eq!(tab.sent.len(), 1);
}

#[test]
fn client_B16_a_hidden_tab_leaves_the_renewal_to_a_visible_one() {
    let mut tab = Tab::coordinating();
    tab.sign_in(900);
    tab.input(|engine, now| engine.handle_wake(now, Wake::Hidden));
    tab.pass(840_000);
    assert_eq!(tab.told.last().map(|message| message.news), Some(News::Asking));
    tab.hear(
        0,
        News::Standing { signed_in: true, visible: true, subject: None, retry_after: None },
    );
    tab.pass(10_000);
    assert_eq!(tab.locks.len(), 0, "nothing is refreshed");
    assert!(tab.saw(Step::RenewalLeftToSibling));
    tab.input(|engine, now| engine.handle_wake(now, Wake::Visible));
    assert_eq!(tab.locks.len(), 1, "seen again, it renews before anybody asks");
}

#[test]
fn client_B16_a_hidden_tab_that_is_alone_renews() {
    let mut tab = Tab::coordinating();
    tab.sign_in(900);
    tab.input(|engine, now| engine.handle_wake(now, Wake::Hidden));
    tab.pass(840_500);
    assert_eq!(tab.locks.len(), 1);
}

#[test]
fn client_B17_wake_ups_that_arrive_together_are_one() {
    let mut tab = Tab::signed_in(900);
    tab.sleep(HOUR, false);
    for wake in [Wake::Visible, Wake::Online, Wake::Restored, Wake::Visible] {
        tab.input(|engine, now| engine.handle_wake(now, wake));
    }
    assert_eq!(tab.sent.len(), 1);
}

#[test]
fn the_expiry_that_is_shown_follows_the_wall_clock_of_the_receipt() {
    let mut tab = Tab::new();
    tab.input(|engine, now| engine.handle_adopt(now, token(900), false));
    assert_eq!(tab.engine.session().expires_at, Some(tab.now.wall + 900_000));
    tab.pass(840_000);
    tab.fail(FailureKind::Unreachable);
    assert!(tab.engine.session().retry_at.is_some());
}
