//! Lone records that wait for another attempt, by the step in which it is due.
//!
//! Known of them are, for each step and each count of refusals, how many they are and the moments of their ages.

/// Attempts told apart; later ones sleep as the last of them.
pub const CLASSES: u32 = 16;

/// Records of one class that are due in one step.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cell {
    /// How many.
    pub n: u64,
    /// Sum of their ages at the step's end, and of the squares, in microseconds.
    pub ages: u64,
    /// See `ages`.
    pub squares: u64,
}

impl Cell {
    /// Mean and variance of the ages.
    pub fn moments(&self) -> (u64, u64) {
        let mean = self.ages / self.n;
        (mean, (self.squares / self.n).saturating_sub(mean * mean))
    }

    fn add(&mut self, other: Cell) {
        self.n += other.n;
        self.ages += other.ages;
        self.squares += other.squares;
    }
}

/// All that wait in a shard: a ring of steps.
#[derive(Clone, Debug)]
pub struct Waiting {
    cells: Vec<Cell>,
    /// Steps in the ring, a power of two.
    steps: u64,
    classes: usize,
    /// The first step that may hold any, and the one after the last.
    from: u64,
    end: u64,
    /// Records in all.
    pub all: u64,
    step: u64,
}

impl Waiting {
    /// Nobody waits; so many classes.
    pub fn new(classes: usize, step: u64) -> Waiting {
        Waiting { cells: Vec::new(), steps: 0, classes, from: 0, end: 0, all: 0, step }
    }

    fn row(&self, slot: u64) -> std::ops::Range<usize> {
        let first = (slot & (self.steps - 1)) as usize * self.classes;
        first..first + self.classes
    }

    /// One more, born at `born`, tries again at `next`.
    #[inline]
    pub fn add(&mut self, next: u64, born: u64, class: usize) {
        let slot = next / self.step;
        let age = ((slot + 1) * self.step - born) / 1000;
        self.add_all(slot, class, Cell { n: 1, ages: age, squares: age * age });
    }

    /// Several that try again in one step.
    #[inline]
    pub fn add_all(&mut self, slot: u64, class: usize, cell: Cell) {
        if self.all == 0 {
            (self.from, self.end) = (slot, slot);
        }
        let (from, end) = (self.from.min(slot), self.end.max(slot + 1));
        if end - from > self.steps {
            self.grow(end - from);
        }
        (self.from, self.end) = (from, end);
        let place = self.row(slot).start + class;
        self.cells[place].add(cell);
        self.all += cell.n;
    }

    #[cold]
    fn grow(&mut self, steps: u64) {
        let old = std::mem::replace(self, Waiting::new(self.classes, self.step));
        self.steps = steps.next_power_of_two();
        self.cells = vec![Cell::default(); self.steps as usize * self.classes];
        (self.from, self.end, self.all) = (old.from, old.end, old.all);
        for slot in old.from..old.end {
            let to = self.row(slot);
            self.cells[to].copy_from_slice(&old.cells[old.row(slot)]);
        }
    }

    /// Takes those out that are due in steps that end by `to`'s: which class, the records, the step's end.
    pub fn take_due(&mut self, to: u64, mut give: impl FnMut(usize, Cell, u64)) {
        while self.all > 0 && (self.from + 1) * self.step <= to.next_multiple_of(self.step) {
            let end = ((self.from + 1) * self.step).min(to);
            let row = self.row(self.from);
            for (class, cell) in self.cells[row].iter_mut().enumerate().filter(|(_, c)| c.n > 0) {
                self.all -= cell.n;
                give(class, std::mem::take(cell), end);
            }
            self.from += 1;
        }
    }

    /// Takes all out: step, class, records.
    pub fn take_all(&mut self, mut give: impl FnMut(u64, usize, Cell)) {
        for slot in self.from..self.end {
            let row = self.row(slot);
            for (class, cell) in self.cells[row].iter_mut().enumerate().filter(|(_, c)| c.n > 0) {
                give(slot, class, std::mem::take(cell));
            }
        }
        self.all = 0;
    }

    /// Records of some classes.
    pub fn of(&self, classes: std::ops::Range<usize>) -> u64 {
        (self.from..self.end).flat_map(|slot| &self.cells[self.row(slot)][classes.clone()]).map(|c| c.n).sum()
    }
}
