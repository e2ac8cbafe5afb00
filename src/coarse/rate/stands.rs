//! The shards that stand for all.
//!
//! Up to `Care::most` open shards, or where records are few, every one is simulated, with its own keys. Otherwise shards
//! are ranked by their share
//! of the load. Where they have a few different ones (a stream that has split), some of each stand for their equals;
//! otherwise the busiest stand for themselves (a hot shard is never sampled away) and others, at even distances along
//! the rank, for their neighbours.

use super::lengths::Care;
use super::places::Places;
use crate::stream::routing::ShardMap;
use std::ops::Range;

/// More shards than care allows are simulated one by one, up to so many, where a look of so many seconds at all of them
/// holds few records.
const FEW_RECORDS_MOST: usize = 128;
const LOOK_S: f64 = 90.0;
/// Shards that stand for themselves at most, where not all do.
const HOT_MOST: usize = 12;
/// A shard this many times as busy as the middle one is hot.
const HOT: f64 = 1.25;
/// Shards whose loads differ by less are equal.
const ALIKE: f64 = 0.995;

/// One simulated shard.
#[derive(Clone, Debug)]
pub struct Stand {
    /// Its id in the stream.
    pub shard: u32,
    /// Its share of each producer's records.
    pub shares: Vec<f64>,
    /// The shares of all that it shows, itself among them.
    pub all: Vec<f64>,
    /// The busiest of these, in its own loads (`None`: their producers' shares are not alike).
    pub busiest: Option<f64>,
}

impl Stand {
    /// A shard that shows itself.
    fn of(shard: u32, shares: &[f64]) -> Stand {
        Stand { shard, shares: shares.to_vec(), all: shares.to_vec(), busiest: Some(1.0) }
    }

    /// How many of its kind it stands for, by load (its shards' producers are alike).
    pub fn stands_for(&self) -> f64 {
        self.all.iter().sum::<f64>() / self.shares.iter().sum::<f64>().max(1e-300)
    }

    /// It shows a shard with these shares, too.
    fn shows(&mut self, shares: &[f64]) {
        self.all.iter_mut().zip(shares).for_each(|(all, s)| *all += s);
        let ratio = shares.iter().sum::<f64>() / self.shares.iter().sum::<f64>().max(1e-300);
        let alike = self.shares.iter().zip(shares).all(|(own, s)| (s - own * ratio).abs() <= 1e-9 * s);
        self.busiest = self.busiest.map(|b| b.max(ratio)).filter(|_| alike);
    }
}

/// A stream as its stands show it.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The simulated shards, in order of their ranges.
    pub stands: Vec<Stand>,
    /// For each open shard of the stream (in its order): which stand shows it, and its share of each producer's
    /// records.
    pub shown: Vec<(usize, Vec<f64>)>,
    /// Is every shard its own stand?
    pub whole: bool,
    /// Which producers put to Firehose: the small world has all of theirs.
    pub to_firehose: Vec<bool>,
}

impl Sample {
    /// Chooses the stands. `load` weighs the producers' shares into one number; `hot` is each one's hot spell; `rate` is
    /// how many records a second there are in all.
    pub fn of(
        map: &ShardMap,
        places: &[Places],
        hot: &[f64],
        (load, rate): (&[f64], f64),
        care: Care,
    ) -> Sample {
        let shares: Vec<Vec<f64>> = map
            .open()
            .iter()
            .map(|&id| {
                let shard = &map.shards()[id as usize];
                places.iter().zip(hot).map(|(p, hot)| p.share(shard, *hot)).collect()
            })
            .collect();
        let n = shares.len();
        let to_firehose: Vec<bool> = places.iter().map(Places::to_firehose).collect();
        if n <= care.most || (n <= FEW_RECORDS_MOST && rate * LOOK_S <= care.records) {
            let stands = (0..n).map(|i| Stand::of(map.open()[i], &shares[i])).collect();
            let shown = shares.into_iter().enumerate().collect();
            return Sample { stands, shown, whole: true, to_firehose };
        }
        let weight = |i: usize| shares[i].iter().zip(load).map(|(s, l)| s * l).sum::<f64>();
        let mut rank: Vec<usize> = (0..n).collect();
        rank.sort_by(|a, b| weight(*b).total_cmp(&weight(*a)).then(a.cmp(b)));
        let ranked: Vec<f64> = rank.iter().map(|i| weight(*i)).collect();
        let groups = classes(&ranked, care.ranked).unwrap_or_else(|| neighbours(&ranked, care.ranked));
        let stands_at: Vec<usize> = groups.iter().map(|g| (g.start + g.end) / 2).collect();
        let mut order: Vec<usize> = (0..stands_at.len()).collect();
        order.sort_by_key(|g| rank[stands_at[*g]]);
        let place_of: Vec<usize> = {
            let mut place = vec![0; order.len()];
            order.iter().enumerate().for_each(|(at, g)| place[*g] = at);
            place
        };
        let mut shown = vec![(0, Vec::new()); n];
        for (group, place) in groups.iter().zip(&place_of) {
            group.clone().for_each(|r| shown[rank[r]] = (*place, shares[rank[r]].clone()));
        }
        let stand = |g: &usize| Stand::of(map.open()[rank[stands_at[*g]]], &shares[rank[stands_at[*g]]]);
        let mut stands: Vec<Stand> = order.iter().map(stand).collect();
        stands.iter_mut().for_each(|s| s.all.fill(0.0));
        for (at, shares) in &shown {
            stands[*at].shows(shares);
        }
        Sample { stands, shown, whole: false, to_firehose }
    }

    /// The part of a producer's records that goes to the stands.
    pub fn part(&self, producer: usize) -> f64 {
        if self.whole || self.to_firehose[producer] {
            1.0
        } else {
            self.stands.iter().map(|s| s.shares[producer]).sum()
        }
    }
}

/// Ranked shards of a few different loads: groups of equal ones, more of them where there are more shards. `None`: the
/// loads are too many.
fn classes(ranked: &[f64], most: usize) -> Option<Vec<Range<usize>>> {
    let mut classes: Vec<Range<usize>> = Vec::new();
    for (r, load) in ranked.iter().enumerate() {
        let full = classes.len() == most;
        match classes.last_mut() {
            Some(class) if *load >= ranked[class.start] * ALIKE => class.end = r + 1,
            _ if full => return None,
            _ => classes.push(r..r + 1),
        }
    }
    // As many as it takes for each stand to show as many shards as any other, or nearly.
    let least = classes.len().max(most.div_ceil(2));
    let fits = (least..=most).rev().map(|stands| shared_out(&classes, stands));
    let groups = fits.min_by(|a, b| unevenness(&classes, a).total_cmp(&unevenness(&classes, b)))?;
    let classes = classes.into_iter().zip(groups);
    let part = |(class, groups): (Range<usize>, usize)| {
        let at = move |g: usize| class.start + g * class.len() / groups;
        (0..groups).map(move |g| at(g)..at(g + 1))
    };
    Some(classes.flat_map(part).collect())
}

/// So many stands given to classes of shards: each one to the class that has fewest for its shards.
fn shared_out(classes: &[Range<usize>], stands: usize) -> Vec<usize> {
    let mut groups = vec![1; classes.len()];
    for _ in classes.len()..stands {
        let each = |c: usize| classes[c].len() as f64 / groups[c] as f64;
        let Some(largest) = (0..classes.len()).max_by(|a, b| each(*a).total_cmp(&each(*b))) else { break };
        if classes[largest].len() > groups[largest] {
            groups[largest] += 1;
        }
    }
    groups
}

/// How many times as many shards one stand shows as another.
fn unevenness(classes: &[Range<usize>], groups: &[usize]) -> f64 {
    let each = classes.iter().zip(groups).map(|(class, n)| class.len() as f64 / *n as f64);
    let (least, most) = each.fold((f64::MAX, 0.0f64), |(l, m), e| (l.min(e), m.max(e)));
    most / least.max(1e-300)
}

/// Ranked shards of any loads: the hot ones by themselves, the others with their neighbours.
fn neighbours(ranked: &[f64], most: usize) -> Vec<Range<usize>> {
    let middle = ranked[ranked.len() / 2];
    let hot = ranked.iter().take(HOT_MOST).take_while(|load| **load > HOT * middle).count();
    let at = |g: usize| hot + g * (ranked.len() - hot) / most;
    (0..hot).map(|r| r..r + 1).chain((0..most).map(|g| at(g)..at(g + 1))).collect()
}
