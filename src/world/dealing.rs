//! Which of a producer's processes gets a record: dealt by a hash of its number, even, and still Poisson.

use crate::producer::client::Client;
use crate::producer::demand::{Columns, Demand};

/// Records on their way to one of several processes.
#[derive(Default)]
pub struct Dealing {
    /// Records dealt before.
    dealt: u64,
    fresh: Columns,
    /// Process of each fresh record.
    owner: Vec<u32>,
    /// Fresh records, process after process, and where each process's end.
    order: Vec<u32>,
    ends: Vec<u32>,
}

impl Dealing {
    /// Deals what is born before `until`.
    pub fn deal(&mut self, demand: &mut Demand, until: u64, clients: &mut [Box<dyn Client>]) {
        self.fresh.clear();
        demand.take_until(until, &mut self.fresh);
        if self.fresh.is_empty() {
            return;
        }
        self.sort(clients.len());
        let mut from = 0;
        for (client, &end) in clients.iter_mut().zip(&self.ends) {
            let mine = &self.order[from..end as usize];
            from = end as usize;
            if !mine.is_empty() {
                client.births().append_rows(&self.fresh, mine);
            }
        }
    }

    /// A counting sort by process.
    fn sort(&mut self, processes: usize) {
        let Dealing { dealt, fresh, owner, order, ends } = self;
        let n = fresh.len();
        let owner_of = |i| ((u128::from(mix(*dealt + i)) * processes as u128) >> 64) as u32;
        owner.clear();
        owner.extend((0..n as u64).map(owner_of));
        *dealt += n as u64;
        ends.clear();
        ends.resize(processes, 0);
        owner.iter().for_each(|owner| ends[*owner as usize] += 1);
        let mut total = 0;
        for end in &mut *ends {
            // For now the start; it moves to the end as records find their places.
            total += std::mem::replace(end, total);
        }
        order.resize(n, 0);
        let (order, ends) = (&mut order[..], &mut ends[..]);
        for (i, owner) in owner.iter().enumerate() {
            let place = &mut ends[*owner as usize];
            order[*place as usize] = i as u32;
            *place += 1;
        }
    }
}

fn mix(number: u64) -> u64 {
    let z = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z ^ (z >> 31)
}
