//! What the users of pages do whose engine lives in a worker, and what goes wrong with workers.

use tokenkeep::engine::{Millis, SECOND, Wake};

use super::Manner;
use super::page::{Ask, PageId};
use super::protocol::{FromPage, Input};
use crate::acts::{Act, FOREIGN, OWN};
use crate::script::MINUTE;
use crate::tab::Life;
use crate::trace::tell;
use crate::world::World;

#[derive(Clone, Copy)]
enum WorkerFault {
    /// The process that it lives in is gone, and nobody is told.
    Kill,
    /// It can't run for a while.
    Stall,
    Trap,
}

impl World {
    pub fn find_page(&self, id: PageId) -> Option<usize> {
        self.hosted.pages.iter().position(|page| page.id == id)
    }

    /// A tab opens. Where its engine lives is the run's manner.
    pub fn open(&mut self) {
        let shares = match self.hosted.manner {
            Manner::Pages => None,
            Manner::Dedicated => Some(false),
            Manner::Shared => Some(true),
            Manner::Mixed => self.sixth.pick(&[None, Some(false), Some(true)]),
        };
        match shares {
            None => self.open_tab(),
            Some(shares) => self.open_page(shares),
        }
    }

    pub fn act_on(&mut self, page: PageId, act: Act) {
        if let Some(page) = self.find_page(page) {
            self.act_on_page(page, act);
        }
    }

    /// The same act as a tab's, by way of the page's keep. What needs the token in the page is
    /// refused there, without a message.
    fn act_on_page(&mut self, page: usize, act: Act) {
        if self.sixth.chance(30) {
            self.abort(page);
        }
        let settle = |input| Ask::Settle(input);
        match act {
            Act::Request => {
                for _ in 0..self.dice.pick(&[1, 1, 1, 4]) {
                    let url = self.dice.pick(&OWN);
                    self.call(page, Ask::Fetch { url });
                }
            }
            // The page sends it itself. Another script of the page asks the worker all the same.
            Act::ForeignRequest => {
                let url = self.dice.pick(&FOREIGN);
                self.call(page, Ask::Fetch { url });
            }
            Act::Start => self.call(page, settle(Input::Start)),
            Act::StartAgain | Act::TakeUp => self.call(page, settle(Input::StartAgain)),
            Act::Refresh => self.call(page, settle(Input::Refresh)),
            Act::SignIn => {
                let user = self.dice.pick(&[1, 1, 2]);
                self.call(page, Ask::SignIn { user });
            }
            Act::Logout => self.call(page, settle(Input::Logout)),
            Act::Lend | Act::Adopt => {}
            Act::Close => {
                tell!(self, self.hosted.pages[page].id, "closes its keep");
                self.close_keep(page);
            }
            Act::Hide => self.show_page(page, false),
            Act::Show => self.show_page(page, true),
        }
    }

    pub fn show_page(&mut self, page: usize, visible: bool) {
        self.hosted.pages[page].stalled_at = self.now;
        self.hosted.pages[page].visible = visible;
        self.say(page, FromPage::Page(if visible { Wake::Visible } else { Wake::Hidden }));
        if visible {
            self.hasten(page);
        }
    }

    /// Something goes wrong with one of the workers.
    pub fn worker_fault(&mut self) {
        let weather = self.script.weather;
        if self.hosted.workers.is_empty() || !self.sixth.chance(5 * weather.lives) {
            return;
        }
        let count = self.hosted.workers.len() as u64;
        let worker = self.sixth.between(0, count - 1) as usize;
        let fault = self.sixth.weighted(&[
            (2, WorkerFault::Kill),
            (2, WorkerFault::Stall),
            (1, WorkerFault::Trap),
        ]);
        let most = self.sixth.pick(&[3 * SECOND, 20 * SECOND, 2 * MINUTE]);
        let lasts: Millis = self.sixth.between(1, most);
        let id = self.hosted.workers[worker].id;
        match fault {
            WorkerFault::Kill => self.kill_worker(id),
            WorkerFault::Stall if self.hosted.workers[worker].life == Life::Running => {
                self.suspend_worker(id, Life::Frozen, Some(lasts));
            }
            WorkerFault::Stall => {}
            WorkerFault::Trap => {
                let engine = self.hosted.workers[worker].engine;
                let running = self.hosted.workers[worker].life == Life::Running;
                if let Some(tab) = engine.and_then(|tab| self.find(tab)).filter(|_| running) {
                    self.trap(tab);
                }
            }
        }
    }
}
