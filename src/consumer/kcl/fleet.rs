//! The workers of an application and how long each lives: known before the run begins, since what happens to them is.
//!
//! At AWS: processes that an auto-scaling group, a scheduler or a person starts and stops. Each has an id of its own
//! (host and a random part), so one that takes another's place is a stranger to the lease table, unless the application
//! gives it the other's id.
//! We model: crashes (of workers drawn at random), stops in good order, deploys one after another or all at once,
//! joining workers, outages of all.

use crate::consumer::config::Happening;
use crate::random::Stream as Random;
use std::collections::BTreeMap;

/// How a worker ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Without a word: what it is doing is lost.
    Crash,
    /// In good order: the batch it works on is finished and checkpointed. Its leases stay its own in the table.
    Stop,
}

/// One worker's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// It starts.
    pub from: u64,
    /// It ends; `None`: it outlives the run.
    pub until: Option<(u64, End)>,
    /// Its id: a number of its own, or that of the worker whose place it takes.
    pub id: u32,
}

/// What is still to happen.
#[derive(Clone, Copy, Debug)]
enum Step {
    All(Happening),
    /// One worker of a rolling deploy, if it is still there.
    Replace {
        worker: usize,
        pause: u64,
    },
}

/// The lives of all workers there will ever be, in order of their starts: `workers` from `start` on. Those that take
/// another's place do so under its id if `keeps_ids`. Nothing befalls an application before its start; workers added
/// before then begin with it.
pub fn lives(
    (workers, keeps_ids): (u32, bool),
    start: u64,
    happenings: &[(u64, Happening)],
    random: &mut Random,
) -> Vec<Life> {
    let mut fleet = Fleet { lives: Vec::new(), steps: BTreeMap::new(), random, keeps_ids };
    fleet.join(workers, start);
    let is_early = |h: &&(u64, Happening)| h.0 < start;
    for (_, what) in happenings.iter().filter(is_early) {
        if let Happening::WorkersAdded { workers } = what {
            fleet.join(*workers, start);
        }
    }
    for (i, (at, what)) in happenings.iter().enumerate().filter(|(_, h)| !is_early(h)) {
        fleet.steps.insert((*at, i as u64), Step::All(*what));
    }
    let mut next = happenings.len() as u64;
    while let Some(((at, _), step)) = fleet.steps.pop_first() {
        next = fleet.take(at, step, next);
    }
    // Ids follow the order of starts.
    fleet.lives.sort_by_key(|l| l.from);
    fleet.lives
}

struct Fleet<'a> {
    lives: Vec<Life>,
    steps: BTreeMap<(u64, u64), Step>,
    random: &'a mut Random,
    keeps_ids: bool,
}

impl Fleet<'_> {
    fn join(&mut self, workers: u32, at: u64) {
        let next = self.lives.len() as u32;
        self.lives.extend((0..workers).map(|i| Life { from: at, until: None, id: next + i }));
    }

    /// A worker comes in place of each of these.
    fn replace(&mut self, gone: &[usize], at: u64) {
        for &worker in gone {
            self.join(1, at);
            if self.keeps_ids {
                let id = self.lives[worker].id;
                self.lives.last_mut().expect("one joined").id = id;
            }
        }
    }

    fn alive(&self, at: u64) -> Vec<usize> {
        (0..self.lives.len())
            .filter(|i| self.lives[*i].from <= at && self.lives[*i].until.is_none_or(|u| u.0 > at))
            .collect()
    }

    /// At most so many of those alive, drawn.
    fn draw(&mut self, at: u64, workers: u32) -> Vec<usize> {
        let mut alive = self.alive(at);
        let n = alive.len().min(workers as usize);
        for i in 0..n {
            let j = i + self.random.below((alive.len() - i) as u64) as usize;
            alive.swap(i, j);
        }
        alive.truncate(n);
        alive
    }

    fn end(&mut self, worker: usize, at: u64, how: End) {
        self.lives[worker].until = Some((at, how));
    }

    fn take(&mut self, at: u64, step: Step, mut next: u64) -> u64 {
        match step {
            Step::Replace { worker, pause } => {
                if self.lives[worker].until.is_none_or(|u| u.0 > at) {
                    self.end(worker, at, End::Stop);
                    self.replace(&[worker], at.saturating_add(pause));
                }
            }
            Step::All(Happening::WorkerCrash { workers, lasting }) => {
                let dead = self.draw(at, workers);
                dead.iter().for_each(|w| self.end(*w, at, End::Crash));
                if let Some(lasting) = lasting {
                    self.replace(&dead, at.saturating_add(lasting.0));
                }
            }
            Step::All(Happening::Outage { lasting }) => {
                let dead = self.alive(at);
                dead.iter().for_each(|w| self.end(*w, at, End::Crash));
                self.replace(&dead, at.saturating_add(lasting.0));
            }
            Step::All(Happening::WorkersAdded { workers }) => self.join(workers, at),
            Step::All(Happening::WorkersRemoved { workers }) => {
                let gone = self.draw(at, workers);
                gone.iter().for_each(|w| self.end(*w, at, End::Stop));
            }
            Step::All(Happening::Deploy { every, pause }) => {
                let every = every.map_or(0, |e| e.0);
                for (i, worker) in self.alive(at).into_iter().enumerate() {
                    let when = at.saturating_add(every.saturating_mul(i as u64));
                    self.steps.insert((when, next), Step::Replace { worker, pause: pause.0 });
                    next += 1;
                }
            }
            Step::All(
                Happening::Slowdown { .. } | Happening::PoisonRecord { .. } | Happening::SilentSubscriptions,
            ) => {}
        }
        next
    }
}
