//! The authority. It rotates the refresh token at each use, and ends the family when an old one is
//! used again.

use tokenkeep::engine::Millis;

use crate::dice::Dice;
use crate::script::Script;

/// A refresh token as the cookie carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cookie {
    pub family: usize,
    pub serial: u32,
}

/// One sign-in and all that was renewed from it.
pub struct Family {
    pub user: u32,
    pub began_at: Millis,
    /// When an application last brought a token of it. The session of that tab began then.
    pub brought_at: Millis,
    pub serial: u32,
    pub rotated_at: Millis,
    pub revoked: bool,
}

/// An access token as the authority remembers it.
pub struct Issued {
    pub family: usize,
    pub user: u32,
    pub expires_at: Millis,
}

/// What a refresh came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Granted {
        cookie: Cookie,
        token: usize,
    },
    /// The cookie is missing, unknown, or of a family that has ended.
    Refused,
    /// A rotated refresh token was presented.
    Reused,
}

/// How an authority answers that is down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outage {
    Status(u16, Option<Millis>),
    /// Somebody else answers in its place: a captive portal.
    Html,
}

pub struct Authority {
    pub families: Vec<Family>,
    pub issued: Vec<Issued>,
    grace: Millis,
    lifetime: Millis,
    pub outage: Option<(Outage, Millis)>,
}

impl Authority {
    pub fn new(script: &Script) -> Self {
        Self {
            families: Vec::new(),
            issued: Vec::new(),
            grace: script.grace,
            lifetime: script.lifetime.real,
            outage: None,
        }
    }

    /// A sign-in ends the session whose cookie came with it.
    pub fn sign_in(
        &mut self,
        now: Millis,
        user: u32,
        presented: Option<Cookie>,
    ) -> (Cookie, usize) {
        self.end(presented);
        let family = self.families.len();
        self.families.push(Family {
            user,
            began_at: now,
            brought_at: 0,
            serial: 0,
            rotated_at: now,
            revoked: false,
        });
        (Cookie { family, serial: 0 }, self.issue(now, family))
    }

    pub fn refresh(&mut self, now: Millis, presented: Option<Cookie>) -> Verdict {
        let Some(Cookie { family: number, serial }) = presented else { return Verdict::Refused };
        let family = &mut self.families[number];
        let predecessor =
            serial + 1 == family.serial && now <= family.rotated_at + self.grace && self.grace > 0;
        if family.revoked {
            return Verdict::Refused;
        }
        if serial == family.serial {
            family.serial += 1;
            family.rotated_at = now;
        } else if !predecessor {
            family.revoked = true;
            return Verdict::Reused;
        }
        // Within the grace window the successor is handed out once more.
        let cookie = Cookie { family: number, serial: family.serial };
        Verdict::Granted { cookie, token: self.issue(now, number) }
    }

    pub fn end(&mut self, presented: Option<Cookie>) {
        if let Some(Cookie { family, .. }) = presented {
            self.families[family].revoked = true;
        }
    }

    /// Whether a refresh with this cookie would be granted.
    pub fn honours(&self, now: Millis, cookie: Option<Cookie>) -> bool {
        cookie.is_some_and(|Cookie { family, serial }| {
            let family = &self.families[family];
            let predecessor = serial + 1 == family.serial
                && now <= family.rotated_at + self.grace
                && self.grace > 0;
            !family.revoked && (serial == family.serial || predecessor)
        })
    }

    /// Whether an API accepts this access token.
    pub fn vouches(&self, now: Millis, token: usize, introspects: bool) -> bool {
        let issued = &self.issued[token];
        now < issued.expires_at && !(introspects && self.families[issued.family].revoked)
    }

    pub fn fail(&mut self, dice: &mut Dice, until: Millis) -> Outage {
        let wait = dice.chance(500).then(|| dice.between(1, 90) * 1_000);
        let status = dice.pick(&[500, 502, 503, 429, 408, 425, 404]);
        let outage = if dice.chance(200) { Outage::Html } else { Outage::Status(status, wait) };
        self.outage = Some((outage, until));
        outage
    }

    /// A further access token of a family.
    pub fn issue(&mut self, now: Millis, family: usize) -> usize {
        let user = self.families[family].user;
        self.issued.push(Issued { family, user, expires_at: now + self.lifetime });
        self.issued.len() - 1
    }
}
