//! Several replayed streams as one: designs that all of them went through, added up.

use super::{Bracket, Design, Replay};
use crate::units::Money;

/// All streams of an account together: designs that every stream has, added up; shares are of all records. What a mode
/// costs the account beside its streams is `shared`. `None` where there are not several.
pub fn total(streams: &[&Replay], shared: &dyn Fn(&str) -> Money) -> Option<Replay> {
    let (first, others) = streams.split_first().filter(|(_, others)| !others.is_empty())?;
    let sum = |f: &dyn Fn(&Replay) -> f64| streams.iter().map(|r| f(r)).sum::<f64>();
    let of = |design: &Design| -> Option<Design> {
        let same = |r: &&Replay| r.designs.iter().find(|d| d.title == design.title).cloned();
        let each: Vec<Design> = streams.iter().map(same).collect::<Option<_>>()?;
        Some(together(&each, streams, shared))
    };
    let designs: Vec<Design> = first.designs.iter().filter_map(of).collect();
    let base = first.base().map(|b| b.title.clone());
    let bytes = |r: &Replay| r.mean_record_bytes.map(|b| b * r.offered[0]);
    let all_bytes: Option<f64> = streams.iter().map(|r| bytes(r)).sum();
    Some(Replay {
        stream: format!("all {} streams", others.len() + 1),
        start: first.start.clone().filter(|s| others.iter().all(|r| r.start.as_ref() == Some(s))),
        span_ns: streams.iter().map(|r| r.span_ns).max()?,
        steps: streams.iter().map(|r| r.steps).max()?,
        step_ns: first.step_ns,
        missing: streams.iter().map(|r| r.missing).sum(),
        offered: [0, 1, 2].map(|end| sum(&|r| r.offered[end])),
        peak_records_per_s: sum(&|r| r.peak_records_per_s),
        mean_record_bytes: all_bytes.map(|b| b / sum(&|r| r.offered[0]).max(1.0)),
        dispersion: streams.iter().map(|r| r.dispersion).fold(1.0, f64::max),
        against: designs.iter().position(|d| Some(&d.title) == base.as_ref()).unwrap_or(0),
        against_why: first.against_why,
        designs,
    })
}

/// One design of several streams.
fn together(each: &[Design], streams: &[&Replay], shared: &dyn Fn(&str) -> Money) -> Design {
    let refused = |end: usize| {
        let all = streams.iter().map(|r| r.offered[end]).sum::<f64>().max(1.0);
        let of = |f: fn(&Bracket) -> f64| {
            each.iter().zip(streams).map(|(d, r)| f(&d.refused[end]) * r.offered[end]).sum::<f64>() / all
        };
        Bracket {
            even: of(|b| b.even),
            poisson: of(|b| b.poisson),
            burst: of(|b| b.burst),
            worst: of(|b| b.worst),
        }
    };
    let usd = |f: fn(&Design) -> Money| Money(each.iter().map(|d| f(d).0).sum());
    // Rules scale provisioned streams, which commit to nothing.
    let more = if each[0].policy.is_none() { shared(each[0].mode) } else { Money(0) };
    Design {
        shards_start: each.iter().map(|d| d.shards_start).sum(),
        shards_mean: each.iter().map(|d| d.shards_mean).sum(),
        shards_max: each.iter().map(|d| d.shards_max).sum(),
        history_usd: usd(|d| d.history_usd),
        month_usd: Money(usd(|d| d.month_usd).0 + more.0),
        delayed_share: None,
        refused: [refused(0), refused(1), refused(2)],
        worst: None,
        decisions: Vec::new(),
        open_shards: Vec::new(),
        ..each[0].clone()
    }
}
