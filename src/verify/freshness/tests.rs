#![expect(clippy::float_cmp, reason = "moments are whole numbers")]

use super::*;

const SECOND: Millis = 1_000.0;
const MINUTE: Millis = 60.0 * SECOND;
const T: Millis = 1_800_000_000_000.0;

const BOUNDS: Bounds = Bounds {
    max_age: 10.0 * MINUTE,
    max_stale: 60.0 * MINUTE,
    cooldown: 30.0 * SECOND,
    timeout: 5.0 * SECOND,
};

/// A request with nothing to help it.
const ALONE: Means =
    Means { under_way: None, kept_alive: false, has_tried: false, has_bundled: false };
const KEPT_ALIVE: Means = Means { kept_alive: true, ..ALONE };
const TRIED: Means = Means { has_tried: true, ..ALONE };

fn fresh() -> Freshness {
    Freshness::new(BOUNDS)
}

/// Fetched at `T`, fresh for ten minutes.
fn fetched() -> Freshness {
    let mut freshness = fresh();
    let fetch = freshness.began(T);
    assert_eq!(freshness.answered(fetch, None), Reception::Accepted);
    freshness
}

fn fails(freshness: &mut Freshness, at: Millis) {
    let fetch = freshness.began(at);
    freshness.failed(fetch, at);
}

const STALE: Millis = T + 10.0 * MINUTE;

#[test]
fn a_set_serves_while_it_is_fresh() {
    let freshness = fetched();
    assert_eq!(freshness.ask(STALE - 1.0, ALONE), Step::Serve);
    assert_eq!(freshness.ask(STALE, ALONE), Step::Renew);
    // Once is enough.
    assert_eq!(freshness.ask(STALE, TRIED), Step::ServeStale);
    assert_eq!(freshness.fresh(), (T - AHEAD, STALE));
}

#[test]
fn an_answer_says_how_long_it_is_fresh_within_bounds() {
    for (told, lifetime) in [
        (None, 10.0 * MINUTE),
        (Some(0.0), MINUTE),
        (Some(5.0 * MINUTE), 5.0 * MINUTE),
        (Some(f64::INFINITY), 24.0 * 60.0 * MINUTE),
        (Some(f64::NAN), 10.0 * MINUTE),
    ] {
        let mut freshness = fresh();
        let fetch = freshness.began(T);
        freshness.answered(fetch, told);
        assert_eq!(freshness.fresh().1, T + lifetime, "{told:?}");
        assert_eq!(freshness.usable_for(), lifetime + BOUNDS.max_stale);
    }
}

#[test]
fn freshness_counts_from_the_beginning_of_the_fetch() {
    let mut freshness = fresh();
    let fetch = freshness.began(T);
    freshness.answered(fetch, Some(MINUTE));
    assert_eq!(freshness.ask(T + MINUTE, ALONE), Step::Renew);
}

#[test]
fn only_a_request_that_is_kept_alive_renews_behind_its_answer() {
    let freshness = fetched();
    assert_eq!(freshness.ask(STALE, KEPT_ALIVE), Step::RenewBehind);
    // Stale for longer than it was fresh: not without having asked.
    let late = STALE + 10.0 * MINUTE;
    assert_eq!(freshness.ask(late - 1.0, KEPT_ALIVE), Step::RenewBehind);
    assert_eq!(freshness.ask(late, KEPT_ALIVE), Step::Renew);
}

#[test]
fn a_renewal_holds_the_others_back_for_a_second_whatever_becomes_of_it() {
    let mut freshness = fetched();
    freshness.renewing(STALE);
    assert_eq!(freshness.ask(STALE + 1.0, ALONE), Step::ServeStale);
    assert_eq!(freshness.ask(STALE + SECOND, ALONE), Step::Renew);
    // The fetch itself does so again.
    freshness.began(STALE + 500.0);
    assert_eq!(freshness.ask(STALE + SECOND, ALONE), Step::ServeStale);
    assert_eq!(freshness.ask(STALE + 1_500.0, ALONE), Step::Renew);
}

#[test]
fn a_renewal_of_the_same_scope_is_joined_while_it_can_have_an_end() {
    let joins = |began: Millis| Means { under_way: Some(began), ..ALONE };
    let mut freshness = fetched();
    freshness.renewing(STALE);
    assert_eq!(freshness.ask(STALE + 1.0, joins(STALE)), Step::Join);
    assert_eq!(freshness.ask(STALE + 9_999.0, joins(STALE)), Step::Join);
    assert_eq!(freshness.ask(STALE + 10_000.0, joins(STALE)), Step::Renew);
    let behind = Means { kept_alive: true, ..joins(STALE) };
    assert_eq!(freshness.ask(STALE + 5_000.0, behind), Step::ServeStale);
    assert_eq!(freshness.ask(STALE + 10_000.0, behind), Step::RenewBehind);
    assert_eq!(fresh().ask(T, joins(T)), Step::Join);
    assert_eq!(fresh().look(T, T, joins(T)), Look::Join);
    assert_eq!(fresh().look(T, T + 10_000.0, joins(T)), Look::Fetch);
}

#[test]
fn a_stale_set_serves_through_an_outage_up_to_its_ceiling() {
    let mut freshness = fetched();
    fails(&mut freshness, STALE);
    assert_eq!(freshness.ask(STALE, TRIED), Step::ServeStale);
    let ceiling = STALE + BOUNDS.max_stale;
    fails(&mut freshness, ceiling - SECOND);
    assert_eq!(freshness.ask(ceiling - 1.0, ALONE), Step::ServeStale);
    assert_eq!(freshness.ask(ceiling, ALONE), Step::Refuse);
    assert_eq!(freshness.ask(ceiling, TRIED), Step::Refuse);
}

#[test]
fn failures_double_the_wait_up_to_the_cooldown() {
    let mut freshness = fresh();
    let mut now = T;
    for wait in [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0] {
        fails(&mut freshness, now);
        assert_eq!(freshness.ask(now + wait * SECOND - 1.0, ALONE), Step::Refuse);
        assert_eq!(freshness.retry_after(now), wait * SECOND);
        now += wait * SECOND;
        assert_eq!(freshness.ask(now, ALONE), Step::Renew);
    }
    let fetch = freshness.began(now);
    freshness.answered(fetch, None);
    // Nothing is left of the waits when the set goes stale.
    assert_eq!(freshness.ask(now + 10.0 * MINUTE, ALONE), Step::Renew);
}

#[test]
fn a_fetch_that_is_lost_while_the_endpoint_fails_holds_renewals_back_for_a_cooldown_at_most() {
    let mut freshness = fetched();
    for minutes in [1.0, 2.0, 3.0, 4.0, 5.0, 6.0] {
        fails(&mut freshness, T + minutes * MINUTE);
    }
    // It looks for an unknown key, and its request is cancelled.
    let lost = STALE - SECOND;
    freshness.began(lost);
    assert_eq!(freshness.ask(STALE, ALONE), Step::ServeStale);
    assert_eq!(freshness.ask(lost + BOUNDS.cooldown - 1.0, ALONE), Step::ServeStale);
    assert_eq!(freshness.ask(lost + BOUNDS.cooldown, ALONE), Step::Renew);
}

#[test]
fn fetches_that_fail_together_count_once() {
    let mut freshness = fresh();
    let fetches: Vec<Fetch> = (0..50).map(|_| freshness.began(T)).collect();
    for fetch in fetches {
        freshness.failed(fetch, T + SECOND);
    }
    assert_eq!(freshness.retry_after(T + SECOND), SECOND);
    assert_eq!(freshness.ask(T + 2.0 * SECOND, ALONE), Step::Renew);
}

#[test]
fn cold_requests_fetch_each_for_themselves() {
    let mut freshness = fresh();
    for _ in 0..3 {
        assert_eq!(freshness.ask(T, ALONE), Step::Renew);
        freshness.began(T);
    }
}

#[test]
fn an_older_answer_is_overtaken() {
    let mut freshness = fresh();
    let [first, second] = [freshness.began(T), freshness.began(T)];
    assert_eq!(freshness.answered(second, None), Reception::Accepted);
    assert_eq!(freshness.answered(first, None), Reception::Overtaken);
    // And an older failure says nothing.
    let [third, fourth] = [freshness.began(T + SECOND), freshness.began(T + SECOND)];
    assert_eq!(freshness.answered(fourth, None), Reception::Accepted);
    freshness.failed(third, T + SECOND);
    assert_eq!(freshness.look(T + SECOND, T + SECOND, ALONE), Look::Unknown);
}

#[test]
fn an_older_answer_counts_until_a_newer_one_has_come() {
    let mut freshness = fresh();
    let [first, second] = [freshness.began(T), freshness.began(T + SECOND)];
    assert_eq!(freshness.answered(first, None), Reception::Accepted);
    assert_eq!(freshness.answered(second, None), Reception::Accepted);
    assert_eq!(freshness.fresh().1, STALE + SECOND);
}

#[test]
fn a_copy_is_taken_if_it_is_newer_and_of_use() {
    let mut freshness = fetched();
    let now = T + 2.0 * MINUTE;
    assert_eq!(freshness.stored(now, T, None), Reception::Overtaken);
    assert_eq!(freshness.stored(now, T - 1.0, None), Reception::Overtaken);
    assert_eq!(freshness.stored(now, now + 1.0, None), Reception::Overtaken);
    assert_eq!(freshness.stored(now, f64::NAN, None), Reception::Overtaken);
    assert_eq!(freshness.stored(now, T + MINUTE, None), Reception::Accepted);
    assert_eq!(freshness.fresh().1, STALE + MINUTE);
    let old = T - 70.0 * MINUTE;
    assert_eq!(fresh().stored(T, old, None), Reception::Overtaken);
    assert_eq!(fresh().stored(T, old + 1.0, None), Reception::Accepted);
}

#[test]
fn an_answer_that_began_before_the_copy_was_fetched_is_overtaken() {
    let mut freshness = fetched();
    let [slow, slower] = [freshness.began(STALE), freshness.began(STALE + 2.0 * SECOND)];
    let copied = STALE + SECOND;
    assert_eq!(freshness.stored(STALE + 3.0 * SECOND, copied, None), Reception::Accepted);
    assert_eq!(freshness.answered(slow, None), Reception::Overtaken);
    assert_eq!(freshness.answered(slower, None), Reception::Accepted);
}

#[test]
fn an_older_answer_hides_no_later_failure_whatever_became_of_the_answers() {
    let mut freshness = fetched();
    let [first, second, third] = [0.0, 1.0, 2.0].map(|later| freshness.began(STALE + later));
    let now = STALE + SECOND;
    assert_eq!(freshness.stored(now, now, None), Reception::Accepted);
    assert_eq!(freshness.answered(second, None), Reception::Overtaken);
    freshness.failed(third, now);
    assert_eq!(freshness.look(now, now, ALONE), Look::Unreachable);
    assert_eq!(freshness.answered(first, None), Reception::Overtaken);
    assert_eq!(freshness.look(now, now, ALONE), Look::Unreachable);
}

#[test]
fn a_fetch_that_begins_after_a_copy_was_taken_replaces_it_whatever_the_clock_says() {
    let mut freshness = fresh();
    assert_eq!(freshness.stored(T, T, None), Reception::Accepted);
    let fetch = freshness.began(T - 60.0 * MINUTE);
    assert_eq!(freshness.answered(fetch, None), Reception::Accepted);
}

#[test]
fn a_fresh_copy_ends_the_wait_for_it() {
    let mut freshness = fresh();
    for wait in [0.0, 10.0, 20.0] {
        fails(&mut freshness, T + wait * SECOND);
    }
    freshness.renewing(T + MINUTE);
    let lifetime = Some(MINUTE);
    assert_eq!(freshness.stored(T + MINUTE, T + SECOND, lifetime), Reception::Accepted);
    assert_eq!(freshness.ask(T + MINUTE + SECOND, ALONE), Step::Renew);
}

#[test]
fn an_unknown_key_is_looked_for_once_a_cooldown() {
    let mut freshness = fetched();
    let early = T + BOUNDS.cooldown - 1.0;
    assert_eq!(freshness.look(early, early, ALONE), Look::Unknown);
    let now = T + BOUNDS.cooldown;
    assert_eq!(freshness.look(now, now, ALONE), Look::Fetch);
    let fetch = freshness.began(now);
    // The set is a cooldown old, and a newer one is on its way.
    let later = now + 1.0;
    assert_eq!(freshness.look(later, later, ALONE), Look::Unreachable);
    assert_eq!(freshness.retry_after(later), SECOND);
    freshness.answered(fetch, None);
    assert_eq!(freshness.look(now, later, TRIED), Look::Unknown);
    assert_eq!(freshness.look(later, later, ALONE), Look::Unknown);
}

#[test]
fn a_fetch_that_is_lost_lets_nobody_say_that_a_key_is_unknown() {
    let mut freshness = fetched();
    let now = T + BOUNDS.cooldown;
    freshness.began(now);
    let lost = now + BOUNDS.cooldown - SECOND;
    assert_eq!(freshness.look(lost, lost, ALONE), Look::Unreachable);
    assert_eq!(freshness.retry_after(now + 6.0 * SECOND), 24.0 * SECOND);
    assert_eq!(freshness.look(lost + SECOND, lost + SECOND, ALONE), Look::Fetch);
}

#[test]
fn while_the_endpoint_fails_nobody_can_say_that_a_key_is_unknown() {
    let mut freshness = fetched();
    fails(&mut freshness, T + SECOND);
    let now = T + 2.0 * SECOND;
    assert_eq!(freshness.look(now, now, ALONE), Look::Unreachable);
    let fetch = freshness.began(now);
    freshness.answered(fetch, None);
    assert_eq!(freshness.look(now, now, ALONE), Look::Unknown);
}

#[test]
fn by_a_copy_a_key_is_unknown_as_of_its_fetch() {
    let mut freshness = fresh();
    freshness.stored(T + 40.0 * SECOND, T, None);
    let now = T + 40.0 * SECOND;
    assert_eq!(freshness.look(now, now, ALONE), Look::Fetch);
    freshness.began(now);
    assert_eq!(freshness.look(now, now, TRIED), Look::Unreachable);
    assert_eq!(freshness.look(T + BOUNDS.cooldown, now, TRIED), Look::Unknown);
}

#[test]
fn the_bundled_set_serves_stale_until_the_endpoint_was_reached() {
    let bundled = Means { has_bundled: true, ..ALONE };
    let mut freshness = fresh();
    assert_eq!(freshness.ask(T, bundled), Step::Renew);
    fails(&mut freshness, T);
    assert_eq!(freshness.ask(T, Means { has_tried: true, ..bundled }), Step::UseBundled);
    freshness.use_bundled(T);
    assert_eq!(freshness.ask(T, bundled), Step::ServeStale);
    assert_eq!(freshness.look(T, T, bundled), Look::Unreachable);
    let mut unreached = freshness;
    fails(&mut unreached, T + BOUNDS.max_stale);
    assert_eq!(unreached.ask(T + BOUNDS.max_stale, bundled), Step::Refuse);
    // Whether a key is published it never says, also where the endpoint was not seen to fail.
    let mut unseen = fresh();
    unseen.use_bundled(T);
    assert_eq!(unseen.look(T, T, TRIED), Look::Unreachable);
    // Any copy is newer.
    assert_eq!(freshness.stored(T + SECOND, T - MINUTE, None), Reception::Accepted);
}

#[test]
fn nothing_serves_stale_where_nothing_may() {
    let mut freshness = Freshness::new(Bounds { max_stale: 0.0, ..BOUNDS });
    let bundled = Means { has_bundled: true, ..TRIED };
    assert_eq!(freshness.ask(T, bundled), Step::Refuse);
    let fetch = freshness.began(T);
    freshness.answered(fetch, None);
    assert_eq!(freshness.ask(STALE, KEPT_ALIVE), Step::Renew);
    assert_eq!(freshness.ask(STALE, TRIED), Step::Refuse);
}

#[test]
fn moments_of_a_clock_that_was_wrong_bind_nobody() {
    let now = T - 24.0 * 60.0 * MINUTE;
    let mut freshness = fetched();
    // A set of the future is not fresh, an unknown key is looked for, and nobody waits a day.
    assert_eq!(freshness.ask(now, ALONE), Step::Renew);
    assert_eq!(freshness.look(now, now, ALONE), Look::Fetch);
    fails(&mut freshness, T);
    assert_eq!(freshness.ask(now, ALONE), Step::Renew);
    assert!(freshness.retry_after(now) <= BOUNDS.cooldown);
    assert_eq!(freshness.stored(now, now - SECOND, None), Reception::Accepted);
    // A clock that was set back a little changes nothing.
    assert_eq!(fetched().ask(T - AHEAD, ALONE), Step::Serve);
    assert_eq!(fetched().ask(T - AHEAD - 1.0, ALONE), Step::Renew);
}

#[test]
fn what_is_known_goes_through_numbers_unchanged() {
    let mut freshness = fresh();
    let mut states = vec![freshness];
    let [first, second] = [freshness.began(T), freshness.began(T + 1.0)];
    states.push(freshness);
    freshness.failed(first, T + 2.0);
    freshness.use_bundled(T + 3.0);
    states.push(freshness);
    freshness.stored(T + 5.0, T + 4.0, Some(0.0));
    freshness.answered(second, None);
    states.push(freshness);
    for state in states {
        assert_eq!(Freshness::from_numbers(state.to_numbers()), state);
    }
}
