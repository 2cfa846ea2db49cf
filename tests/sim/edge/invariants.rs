//! The six invariants, each judged by what the world sees, never by what the rules say of
//! themselves; and the narrow physical exceptions: what no isolate can know.

use tokenkeep::verify::freshness::Bounds;

use crate::edge::key_sets::LoadedSet;
use crate::edge::network::Cause;
use crate::edge::script::{Context, HOUR, MINUTE, SECOND, float};
use crate::edge::world::{Isolate, Moment, Refusal, Token, World};
use crate::invariants::Broken;

type Verdict = Result<(), Broken>;

fn broken(number: u8, what: impl Into<String>) -> Verdict {
    Err(Broken { number, what: what.into() })
}

/// Invariants 1 and 5: A key that left the published set verifies nothing after the longest of
/// max-age and cooldown since the isolate, or the one whose copy it took, last reached the
/// authority; stale service ends at its ceiling and needs an attempt to renew the set. After that
/// nothing can be known, and no token at all is let in.
///
/// Exception: a clock that was set back counts the time in between twice.
pub fn no_key_outlives_its_set(world: &World, loaded: LoadedSet, token: Token) -> Verdict {
    let isolate = isolate_of(world, token);
    let Bounds { max_stale, cooldown, .. } = world.script.bounds;
    let number = if world.authority.keys[token.key].until.is_some() { 1 } else { 5 };
    let lifetime = loaded.fresh_until - loaded.fetched_at;
    let Some(began) = loaded.truth.began else {
        if !token.brings_bundled {
            return broken(5, "an issuer is served the bundled set of another one");
        }
        let age = world.clock(world.requests[token.request].isolate) - loaded.fetched_at;
        return if age < max_stale.max(cooldown) || max_stale == 0.0 && age <= 0.0 {
            Ok(())
        } else {
            broken(number, format!("a bundled set still serves after {age} ms"))
        };
    };
    let age = float(world.now - began);
    let set_back = set_back(loaded, isolate);
    if lifetime > lifetime_told(world) {
        return broken(number, format!("a set is fresh for {lifetime} ms"));
    }
    if age < lifetime.max(cooldown) + set_back {
        return Ok(());
    }
    if age >= lifetime + max_stale + set_back {
        return broken(number, format!("set {} still serves after {age} ms", loaded.version));
    }
    // A renewal that was under way when the set went stale counts too: a read of the store and a
    // fetch. While the authority fails, the next attempt waits for a cooldown at most, also after
    // one that was cancelled.
    let stale_for = world.clock(world.requests[token.request].isolate) - loaded.fresh_until;
    let stale_for = stale_for + 2.0 * float(world.timeout());
    let since = |moment: Option<Moment>| moment.map(|at| float(world.now - at));
    let is_sought = since(isolate.attempted_at).is_some_and(|since| since <= stale_for);
    let waits = isolate.failed_at.is_some()
        && since(isolate.failed_at.max(isolate.attempted_at)).is_some_and(|since| since < cooldown);
    if is_sought || waits || was_set_since(isolate, began) {
        return Ok(());
    }
    broken(number, format!("set {} serves stale, and nobody asks for a newer one", loaded.version))
}

fn lifetime_told(world: &World) -> f64 {
    let told = world.script.told.map(|told| told.clamp(MINUTE, 24 * HOUR));
    told.map_or(world.script.bounds.max_age, float)
}

/// Invariants 2 and 5: A good token is never answered 401 while the authority answers, but for a
/// cooldown after its key was published. What can't be known is 503: a 401 says that the isolate
/// knows what was published a cooldown ago or later, and that the authority has not failed since.
///
/// Exception: by a clock that was set back the set is younger than it is.
pub fn a_401_is_known(world: &World, loaded: Option<LoadedSet>, token: Token) -> Verdict {
    let isolate = isolate_of(world, token);
    if isolate.failed_at.is_some() {
        return broken(5, "401 while the authority fails");
    }
    let Some((loaded, began)) = loaded.and_then(|loaded| Some((loaded, loaded.truth.began?)))
    else {
        return broken(5, "401 with no set that was ever published");
    };
    if was_set_since(isolate, token.asked_at) {
        return Ok(());
    }
    let bound = world.script.bounds.cooldown + set_back(loaded, isolate);
    let publication = &world.authority.keys.get(token.key);
    let good_since = publication.filter(|key| key.until.is_none()).map(|key| key.from);
    if let Some(since) = good_since.filter(|&since| since < token.asked_at) {
        let late = float(token.asked_at - since);
        if late > bound {
            return broken(2, format!("401 to a key that was published {late} ms ago"));
        }
    }
    let age = float(token.asked_at.saturating_sub(began));
    if age > bound {
        return broken(5, format!("401 by a set that is {age} ms old"));
    }
    Ok(())
}

/// Invariant 3: At most one fetch a cooldown, per isolate and address, whatever kids are sent.
/// While there is a set to serve, at most one renewal a second; while the authority fails, none in
/// the second after a failure.
///
/// Exceptions: an isolate whose clock was set since, or since the fetch of its set; a renewal that
/// has read the store meanwhile.
pub fn fetches_are_rare(
    world: &World,
    isolate: usize,
    loaded: Option<LoadedSet>,
    cause: Cause,
) -> Verdict {
    let at = &world.isolates[isolate];
    let Bounds { max_stale, cooldown, .. } = world.script.bounds;
    let now = world.clock(isolate);
    let serves = loaded.is_some_and(|loaded| {
        now < loaded.fresh_until + max_stale
            && loaded.truth.began.is_none_or(|began| !was_set_since(at, began))
    });
    let since = |moment: Option<Moment>| {
        let moment = moment.filter(|&moment| !was_set_since(at, moment))?;
        Some(float(world.now - moment))
    };
    match (cause, since(at.fetched_at), since(at.failed_at)) {
        (Cause::Key, Some(since), _) if since < cooldown => {
            broken(3, format!("a kid causes a fetch {since} ms after another fetch"))
        }
        (Cause::Renewal, ..) if world.script.has_store => Ok(()),
        (Cause::Renewal, Some(since), _) if since < float(SECOND) && serves => {
            broken(3, format!("a renewal {since} ms after another fetch"))
        }
        (Cause::Renewal, _, Some(since)) if since < float(SECOND) => {
            broken(3, format!("a renewal {since} ms after a failure"))
        }
        _ => Ok(()),
    }
}

/// Invariant 4: An older answer or store copy never takes the place of a newer one, and nothing
/// ever takes the place of a set with nothing.
///
/// Exception: clocks that disagree tell the order of two copies wrongly.
pub fn newer_sets_stay(
    world: &World,
    isolate: usize,
    before: Option<LoadedSet>,
    after: Option<LoadedSet>,
) -> Verdict {
    let Some(before) = before.filter(|_| before != after) else { return Ok(()) };
    let Some(after) = after else { return broken(4, "a set is gone") };
    let Some(began) = before.truth.began else { return Ok(()) };
    if after.truth.began.is_some_and(|at| at >= began) {
        return Ok(());
    }
    let ahead = before.fetched_at - world.clock(isolate) > float(MINUTE);
    let is_told_wrongly = after.truth.began.is_some() && after.fetched_at > before.fetched_at;
    if ahead || is_told_wrongly {
        return Ok(());
    }
    broken(4, format!("set {} takes the place of {}", after.version, before.version))
}

/// Invariant 6: No state a cancelled request leaves behind delays a later one beyond its own
/// bounds: those of the waits that it may need, each of which is a read of the store or a fetch.
pub fn everybody_is_answered(world: &World, token: Token) -> Verdict {
    // With the context of another request it can wait in vain twice.
    let keeps = world.script.contexts.contains(&Context::Kept);
    let bound = (if keeps { 8 } else { 6 }) * world.timeout() + 4 * SECOND;
    let took = world.now - token.asked_at;
    if took <= bound { Ok(()) } else { broken(6, format!("an answer took {took} ms")) }
}

/// Invariant 6: When all is well again a good token is let in.
///
/// Exception: by a clock that was set back, a wait can begin once more.
pub fn everybody_has_found_back(
    world: &World,
    token: Token,
    result: Result<LoadedSet, Refusal>,
) -> Verdict {
    match result {
        Err(refusal) if token.is_question && isolate_of(world, token).set_at.is_none() => {
            broken(6, format!("{refusal:?} in the calm"))
        }
        _ => Ok(()),
    }
}

/// A refusal says when to come again: in a second at the earliest, and within a cooldown.
pub fn waits_are_bounded(world: &World, retry_after: f64) -> Verdict {
    let most = world.script.bounds.cooldown.max(float(SECOND));
    if (float(SECOND)..=most).contains(&retry_after) {
        return Ok(());
    }
    broken(6, format!("Retry-After is {retry_after} ms"))
}

fn isolate_of(world: &World, token: Token) -> &Isolate {
    &world.isolates[world.requests[token.request].isolate]
}

fn was_set_since(isolate: &Isolate, moment: Moment) -> bool {
    isolate.set_at.is_some_and(|at| at >= moment)
}

/// By how much the clock that stamped the set was ahead of the one that reads the stamp.
#[expect(clippy::cast_precision_loss, reason = "no clock is wrong by 2^53 milliseconds")]
fn set_back(loaded: LoadedSet, isolate: &Isolate) -> f64 {
    (loaded.truth.error - isolate.error).max(0) as f64
}
