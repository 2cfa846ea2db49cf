//! What the seed decides before a run begins: the browser, the authority, the application and the
//! weather.

use tokenkeep::engine::{Backoff, Config, Lead, Millis, SECOND};

use crate::dice::Dice;

pub const MINUTE: Millis = 60 * SECOND;
pub const HOUR: Millis = 60 * MINUTE;

/// How the browser deals out the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockManner {
    /// As the standard says; the grant reaches the tab after a few milliseconds at most.
    Working,
    /// The same, but the grant takes up to this long.
    Slow(Millis),
    /// There is none, or a policy denies it: every wish is turned down.
    Denied,
    /// It never answers.
    Hanging,
}

/// How the authority answers a logout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogoutManner {
    /// It ends the session, deletes the cookie and says so.
    Obliging,
    /// It wants a bearer token: 401, and nothing is ended.
    Refusing,
    /// The same, and with a good token it obliges.
    Guarded,
    /// It ends the session and answers with this status all the same.
    Odd(u16),
}

/// A rate in thousandths for each thing that can go wrong.
#[derive(Debug, Clone, Copy)]
pub struct Weather {
    /// Most time that one way through the network takes.
    pub delay: Millis,
    /// Requests, and replies, that get lost.
    pub loss: u64,
    /// Of what is lost: the connection hangs, and the browser is told late.
    pub hang: u64,
    /// Requests that arrive twice.
    pub duplication: u64,
    /// Calls that reach the authority and come back as a gateway's 502.
    pub gateway: u64,
    /// Outages of the authority, among the faults.
    pub outages: u64,
    /// Tabs that are frozen, stored and killed, among the faults.
    pub lives: u64,
    /// Sleep and wall clocks that jump, among the faults.
    pub clocks: u64,
    /// APIs that refuse good tokens, among the faults.
    pub refusals: u64,
    /// Faults among all actions.
    pub faults: u64,
    /// Messages that another script of the origin forges, for each action.
    pub forgeries: u64,
}

/// The lifetime that the authority gives and tells.
#[derive(Debug, Clone, Copy)]
pub struct Lifetime {
    /// How long its tokens live.
    pub real: Millis,
    /// The member `expires_in`, or nothing.
    pub told: Option<&'static str>,
    /// Whether a claim tells it instead.
    pub claimed: bool,
}

#[derive(Debug, Clone)]
pub struct Script {
    pub config: Config,
    pub tabs: usize,
    pub locks: LockManner,
    pub weather: Weather,
    /// How long the authority takes the predecessor of a refresh token again.
    pub grace: Millis,
    pub lifetime: Lifetime,
    pub logout: LogoutManner,
    /// The options say that a 401 to a logout means "done".
    pub lists_401: bool,
    /// Access tokens are JWTs: they tell who the user is.
    pub jwt: bool,
    /// The API asks the authority about each token, so that a logout ends it there too.
    pub introspects: bool,
    /// While the machine sleeps the monotonic clock runs on.
    pub clock_runs_in_sleep: bool,
    /// How far the wall clock is wrong from the start.
    pub wall_error: i64,
    /// Timers of hidden tabs fire on multiples of this.
    pub throttle: Millis,
    /// Whether a cookie is there from an earlier visit.
    pub returning: bool,
    /// Most time between two actions.
    pub pace: Millis,
    /// Actions before each calm.
    pub actions: u64,
    /// Storms, each with its calm.
    pub storms: u64,
}

impl Script {
    pub fn draw(dice: &mut Dice, second: &mut Dice, third: &mut Dice) -> Self {
        let mut script = Self::draw_first(dice, second);
        script.config.logout_authorization = third.chance(300);
        if script.config.logout_authorization && third.chance(700) {
            script.logout = LogoutManner::Guarded;
        }
        script.lists_401 = third.chance(300);
        if second.chance(100) {
            // Tokens that live for seconds and a quick backoff use up the budget.
            script.lifetime = Lifetime { real: 3 * SECOND, told: Some("3"), claimed: false };
            script.config.lead.leeway = SECOND;
            script.config.backoff = Backoff { base: 300, max: 500 };
        }
        script
    }

    fn draw_first(dice: &mut Dice, second: &mut Dice) -> Self {
        let lifetime = Self::draw_lifetime(dice);
        Self {
            config: Config {
                lead: Lead { leeway: dice.pick(&[60 * SECOND, 10 * SECOND]), jitter: 10 * SECOND },
                default_lifetime: 300 * SECOND,
                timeout: dice.weighted(&[(3, 10 * SECOND), (1, 2 * SECOND)]),
                backoff: Backoff { base: SECOND, max: dice.pick(&[60 * SECOND, 5 * SECOND]) },
                coordinate: dice.chance(950),
                logout_endpoint: dice.chance(950),
                logout_authorization: false,
            },
            tabs: dice.weighted(&[(2, 1), (4, 2), (3, 3), (1, 4), (1, 5)]),
            locks: dice.weighted(&[
                (14, LockManner::Working),
                (2, LockManner::Slow(20 * SECOND)),
                (2, LockManner::Denied),
                (1, LockManner::Hanging),
            ]),
            weather: Self::draw_weather(dice, second),
            grace: dice.pick(&[0, 20 * SECOND]),
            logout: second.weighted(&[
                (8, LogoutManner::Obliging),
                (1, LogoutManner::Refusing),
                (1, LogoutManner::Odd(401)),
                (1, LogoutManner::Odd(500)),
            ]),
            lists_401: false,
            jwt: lifetime.claimed || dice.chance(500),
            lifetime,
            introspects: dice.chance(500),
            clock_runs_in_sleep: dice.chance(500),
            wall_error: dice.weighted(&[
                (6, 0),
                (1, -(5 * HOUR as i64)),
                (1, 5 * HOUR as i64),
                (1, -1_700_000_000_000),
            ]),
            throttle: dice.pick(&[1, SECOND, MINUTE]),
            returning: dice.chance(700),
            pace: dice.weighted(&[(2, 200), (4, 3 * SECOND), (3, 30 * SECOND), (2, 6 * MINUTE)]),
            actions: dice.between(15, 70),
            storms: dice.between(1, 2),
        }
    }

    fn draw_lifetime(dice: &mut Dice) -> Lifetime {
        let (real, told, claimed) = dice.weighted(&[
            (1, (SECOND, Some("1"), false)),
            (1, (5 * SECOND, Some("5"), false)),
            (2, (30 * SECOND, Some("30"), false)),
            (3, (60 * SECOND, Some("60"), false)),
            (4, (300 * SECOND, Some("\"300\""), false)),
            (4, (900 * SECOND, Some("900"), false)),
            (2, (24 * HOUR, Some("86400"), false)),
            (1, (365 * 24 * HOUR, Some("31536000"), false)),
            (1, (300 * SECOND, None, false)),
            (1, (120 * SECOND, None, true)),
            (1, (300 * SECOND, Some("0"), false)),
            (1, (300 * SECOND, Some("-5"), false)),
            (1, (24 * HOUR, Some("1e99"), false)),
        ]);
        Lifetime { real, told, claimed }
    }

    fn draw_weather(dice: &mut Dice, second: &mut Dice) -> Weather {
        Weather {
            delay: dice.weighted(&[(4, 60), (4, 1_500), (2, 14 * SECOND)]),
            loss: dice.pick(&[0, 0, 20, 200]),
            hang: dice.pick(&[0, 500]),
            duplication: dice.pick(&[0, 0, 30]),
            gateway: dice.pick(&[0, 0, 50]),
            outages: dice.pick(&[0, 1, 3]),
            lives: dice.pick(&[0, 2, 4]),
            clocks: dice.pick(&[0, 1, 2]),
            refusals: dice.pick(&[0, 1]),
            faults: dice.pick(&[0, 100, 300]),
            forgeries: second.pick(&[0, 0, 0, 100]),
        }
    }
}
