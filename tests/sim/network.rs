//! The network between browser and servers: delay, loss, duplication, reordering, and the cookie
//! that travels along.
//!
//! The fate of an exchange is drawn when it is sent. Set-Cookie is the browser's business: it takes
//! effect when the reply reaches the browser, whether or not the tab still listens.

use tokenkeep::engine::{
    CallId, Clock, Failure, FailureKind, Grant, Millis, NoSession, Reply, SECOND, TokenTypes,
    WaiterId, judge,
};
use tokenkeep::token::shape::Shape;

use crate::authority::{Cookie, Outage, Verdict};
use crate::dice::Dice;
use crate::hosted::By;
use crate::invariants;
use crate::queue::Event;
use crate::script::{LogoutManner, MINUTE, Weather};
use crate::tab::{Life, TabId, Task};
use crate::tokens::{token_reply, token_text};
use crate::trace::tell;
use crate::world::World;

/// A connection that hangs is given up by the browser after this.
const HANG: Millis = 2 * MINUTE;

/// What an exchange is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errand {
    Refresh(CallId),
    Logout(CallId, Option<usize>),
    SignIn { waiter: WaiterId, user: u32 },
    Api { request: usize, token: Option<usize> },
}

/// What the browser makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Unreachable,
    Token(usize),
    Status(u16, Option<Millis>),
    /// A refusal of the proof (RFC 9449), not of the token.
    BadProof,
    Html,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Loss {
    Request,
    Reply,
}

#[derive(Debug, Clone, Copy)]
struct Fate {
    out: Millis,
    back: Millis,
    loss: Option<Loss>,
    hangs: bool,
    /// A second copy arrives, by this much later.
    twice: Option<Millis>,
    /// The authority's own answer is replaced by a 502.
    gateway: bool,
}

pub struct Exchange {
    pub tab: TabId,
    pub errand: Errand,
    /// The call of a page that it is sent for.
    pub by: Option<By>,
    pub sent_at: Millis,
    pub ended_at: Option<Millis>,
    /// The cookie that it carries.
    pub cookie: Option<Cookie>,
    /// It was sent by a tab that held the lock.
    pub locked: bool,
    /// The tab no longer waits for it: aborted, overdue, or the tab is gone.
    pub left: bool,
    /// The connection was cut: no reply reaches the browser.
    cut: bool,
    /// The tab's ended sessions, and logouts, when it was sent.
    pub fences: u32,
    pub sign_outs: u32,
    /// The nonce in its proof, and the one that comes with the answer.
    pub nonce: u32,
    pub next_nonce: u32,
    fate: Fate,
    pub answer: Answer,
    set_cookie: Option<Option<Cookie>>,
}

impl Exchange {
    /// Its Set-Cookie will never reach the browser, or never has.
    pub fn reply_is_lost(&self) -> bool {
        self.cut || self.fate.loss.is_some() || self.fate.gateway
    }
}

impl Fate {
    fn draw(dice: &mut Dice, weather: &Weather, calm: bool, authority: bool) -> Self {
        if calm {
            let (out, back) = (dice.between(1, 20), dice.between(1, 20));
            return Self { out, back, loss: None, hangs: false, twice: None, gateway: false };
        }
        let loss = match () {
            () if dice.chance(weather.loss) => Some(Loss::Request),
            () if dice.chance(weather.loss) => Some(Loss::Reply),
            () => None,
        };
        Self {
            out: dice.between(1, weather.delay),
            back: dice.between(1, weather.delay),
            loss,
            hangs: dice.chance(weather.hang),
            twice: dice.chance(weather.duplication).then(|| dice.between(1, 3 * SECOND)),
            gateway: authority && dice.chance(weather.gateway),
        }
    }
}

impl World {
    /// Sends something from a tab; returns the number of the exchange.
    pub fn send(&mut self, tab: usize, errand: Errand) -> usize {
        let number = self.exchanges.len();
        let is_turn = !matches!(errand, Errand::Api { .. });
        let fate = Fate::draw(&mut self.dice, &self.script.weather, self.calm, is_turn);
        let Self { tabs, locks, .. } = self;
        let (id, notes) = (tabs[tab].id, &tabs[tab].notes);
        self.exchanges.push(Exchange {
            tab: id,
            errand,
            by: None,
            sent_at: self.now,
            ended_at: None,
            cookie: self.jar.filter(|_| is_turn),
            locked: locks.holder() == Some(id),
            left: false,
            cut: false,
            fences: notes.fences,
            sign_outs: notes.sign_outs,
            nonce: tabs[tab].nonce,
            next_nonce: 0,
            fate,
            answer: Answer::Unreachable,
            set_cookie: None,
        });
        if is_turn {
            self.turns.push(number);
        }
        tell!(self, id, "sends #{number} {errand:?} {:?}", self.jar.filter(|_| is_turn));
        if !self.device.online {
            self.schedule(1, Event::Fail { exchange: number });
            return number;
        }
        if fate.loss == Some(Loss::Request) {
            self.schedule(
                if fate.hangs { HANG } else { fate.out },
                Event::Fail { exchange: number },
            );
        } else {
            self.schedule(fate.out, Event::Arrive { exchange: number, again: false });
            if let Some(later) = fate.twice {
                self.schedule(fate.out + later, Event::Arrive { exchange: number, again: true });
            }
        }
        number
    }

    /// A request, or the second copy of one, reaches its server.
    pub fn arrive(&mut self, number: usize, again: bool) {
        let (errand, cookie) = (self.exchanges[number].errand, self.exchanges[number].cookie);
        let (answer, set_cookie) = match errand {
            Errand::Api { token, .. } => (self.ask_api(number, token), None),
            _ if self.outage().is_some() => (self.outage().expect("looked up just before"), None),
            Errand::Refresh(_) => self.ask_for_refresh(number, cookie, again),
            Errand::Logout(_, token) => match self.script.logout {
                LogoutManner::Refusing => (Answer::Status(401, None), None),
                LogoutManner::Guarded
                    if !token
                        .is_some_and(|token| self.authority.vouches(self.now, token, true)) =>
                {
                    (Answer::Status(401, None), None)
                }
                LogoutManner::Odd(status) => {
                    self.authority.end(cookie);
                    (Answer::Status(status, None), None)
                }
                LogoutManner::Obliging | LogoutManner::Guarded => {
                    self.authority.end(cookie);
                    (Answer::Status(204, None), Some(None))
                }
            },
            Errand::SignIn { .. } if again => return, // The form carries a one-time value.
            Errand::SignIn { .. } if !self.calm && self.dice.chance(100) => {
                (Answer::Status(401, None), None)
            }
            Errand::SignIn { user, .. } => {
                let (cookie, token) = self.authority.sign_in(self.now, user, cookie);
                (Answer::Token(token), Some(Some(cookie)))
            }
        };
        tell!(
            self,
            "network",
            "#{number} arrived{}: {answer:?}",
            if again { " again" } else { "" }
        );
        if again {
            return; // Nobody waits for the answer to a copy.
        }
        let exchange = &mut self.exchanges[number];
        let fate = exchange.fate;
        (exchange.answer, exchange.set_cookie) = (answer, set_cookie);
        if fate.gateway {
            (exchange.answer, exchange.set_cookie) = (Answer::Status(502, None), None);
        }
        if fate.loss == Some(Loss::Reply) {
            self.schedule(
                if fate.hangs { HANG } else { fate.back },
                Event::Fail { exchange: number },
            );
        } else {
            self.schedule(fate.back, Event::Return { exchange: number });
        }
    }

    fn ask_for_refresh(
        &mut self,
        number: usize,
        cookie: Option<Cookie>,
        again: bool,
    ) -> (Answer, Option<Option<Cookie>>) {
        let current = cookie.map(|cookie| self.authority.families[cookie.family].serial);
        let rotated = cookie.zip(current).is_some_and(|(cookie, current)| cookie.serial != current);
        // A proof that stays refused, in a call that was repeated already.
        if self.nonce > 0 && !self.calm && self.fifth.chance(20) {
            return (Answer::BadProof, None);
        }
        if rotated && !again {
            let verdict = invariants::no_rotated_cookie_is_presented(self, number);
            self.hold(verdict);
        }
        match self.authority.refresh(self.now, cookie) {
            Verdict::Granted { cookie: successor, token } => {
                if !rotated {
                    self.rotations.push((cookie.expect("it was granted"), number, again));
                }
                (Answer::Token(token), Some(Some(successor)))
            }
            Verdict::Refused => (Answer::Status(self.refusal, None), None),
            Verdict::Reused => {
                tell!(self, "authority", "reuse: the family of {cookie:?} ends");
                (Answer::Status(self.refusal, None), None)
            }
        }
    }

    fn ask_api(&mut self, number: usize, token: Option<usize>) -> Answer {
        if self.nonce > 0 && !self.calm && self.fifth.chance(150) {
            self.nonce += 1;
        }
        let exchange = &mut self.exchanges[number];
        exchange.next_nonce = self.nonce;
        if token.is_some() && exchange.nonce != self.nonce {
            return Answer::BadProof;
        }
        let refuses = self.api_refuses_until > self.now && !self.calm;
        let good = token
            .is_some_and(|token| self.authority.vouches(self.now, token, self.script.introspects));
        Answer::Status(if good && !refuses { 200 } else { 401 }, None)
    }

    fn outage(&mut self) -> Option<Answer> {
        self.authority.outage.filter(|&(_, until)| until > self.now).map(|(outage, _)| match outage
        {
            Outage::Status(status, wait) => Answer::Status(status, wait),
            Outage::Html => Answer::Html,
        })
    }

    /// The reply reaches the browser.
    pub fn come_back(&mut self, number: usize) {
        if self.exchanges[number].cut {
            return;
        }
        if let Some(cookie) = self.exchanges[number].set_cookie {
            let verdict =
                invariants::no_cookie_of_an_ended_session_comes_back(self, number, cookie);
            self.hold(verdict);
            self.jar = cookie;
            if !invariants::is_orderly(self, &self.exchanges[number]) {
                self.jar_spoilt_at = Some(self.now);
            }
            tell!(self, "browser", "#{number} sets the cookie {cookie:?}");
        }
        self.hand_over(number);
    }

    /// The browser gives up.
    pub fn fail(&mut self, number: usize) {
        self.exchanges[number].answer = Answer::Unreachable;
        if !self.exchanges[number].cut {
            self.hand_over(number);
        }
    }

    fn hand_over(&mut self, number: usize) {
        let exchange = &mut self.exchanges[number];
        exchange.ended_at = Some(self.now);
        let tab = exchange.tab;
        self.schedule(0, Event::Task { tab, task: Task::Answer { exchange: number } });
    }

    /// A tab stops waiting. Perhaps the abort is too late to stop the reply.
    pub fn leave(&mut self, number: usize, may_cut: bool) {
        let cut = may_cut && self.dice.chance(500);
        let exchange = &mut self.exchanges[number];
        exchange.left = true;
        if cut && exchange.ended_at.is_none() {
            exchange.cut = true;
            exchange.ended_at = Some(self.now);
        }
    }

    /// A tab is gone. Its calls with `keepalive` go on, which most of its turns are in a page; all
    /// others are cut.
    pub fn orphan(&mut self, tab: TabId, keepalive: bool) {
        for number in 0..self.exchanges.len() {
            let exchange = &self.exchanges[number];
            if exchange.tab == tab && exchange.ended_at.is_none() {
                let keepalive = keepalive
                    && matches!(exchange.errand, Errand::Refresh(_) | Errand::Logout(..))
                    && self.dice.chance(700);
                let exchange = &mut self.exchanges[number];
                exchange.left = true;
                if !keepalive {
                    exchange.cut = true;
                    exchange.ended_at = Some(self.now);
                }
            }
        }
    }

    /// The answer to a refresh, as the driver of a tab judges it.
    pub fn judged(&self, answer: Answer) -> Result<Grant, Failure> {
        let body;
        let json = "application/json";
        judge(
            &Shape::default(),
            match answer {
                Answer::Unreachable => return Err(FailureKind::Unreachable.into()),
                Answer::Token(token) => {
                    body = self.reply_body(token);
                    reply(200, json, None, &body)
                }
                Answer::Status(status, retry_after) => Reply {
                    no_session: NoSession { status: status == self.refusal, no_token: false },
                    ..reply(status, json, retry_after, "{}")
                },
                // The browser half hands it over as 400, whatever its status was.
                Answer::BadProof => reply(400, json, None, r#"{"error":"invalid_dpop_proof"}"#),
                Answer::Html => reply(200, "text/html", None, "<!doctype html>"),
            },
        )
    }

    /// The JSON in which a token travels.
    pub fn reply_body(&self, token: usize) -> String {
        let lifetime = self.script.lifetime;
        let issued = &self.authority.issued[token];
        let issued_at = issued.expires_at - lifetime.real;
        token_reply(&token_text(token, issued.user, issued_at, self.script.jwt, lifetime), lifetime)
    }

    /// The exchanges that take turns and are still under way, with their numbers.
    pub fn open_turns(&self) -> impl Iterator<Item = (usize, &Exchange)> {
        let numbered = self.turns.iter().map(|&number| (number, &self.exchanges[number]));
        numbered.filter(|(_, exchange)| exchange.ended_at.is_none())
    }

    /// Whether a tab can't run now, or can't run on time.
    pub fn is_late(&self, tab: TabId) -> bool {
        let late = |tab: &crate::tab::Tab| {
            let throttled = !tab.visible && tab.shared.is_none() && self.script.throttle > 1;
            tab.life != Life::Running || throttled
        };
        self.tabs.iter().find(|known| known.id == tab).is_some_and(late)
    }
}

/// A reply as the driver of a tab reads it.
pub fn reply<'a>(
    status: u16,
    content_type: &'a str,
    retry_after: Option<Millis>,
    body: &'a str,
) -> Reply<'a> {
    Reply {
        status,
        content_type: Some(content_type.as_bytes()),
        retry_after,
        header: None,
        types: TokenTypes::BEARER,
        body: Some(body.as_bytes()),
        clock: Clock { sent_at: 0, date: &|_| None },
        no_session: NoSession::default(),
    }
}
