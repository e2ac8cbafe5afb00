//! Workers of a KCL application: cores as servers of one queue (A27), and what a crash repeats (A40).

use super::runs::{points, run, world};
use super::statistics::{BATCHES, Figures, SEEDS};
use kinesim::api::{
    Application, Batch, Done, Fate, Flow, Held, Hop, Most, Position, Pushed, Refused, Stream,
};
use kinesim::consumer::config::*;
use kinesim::consumer::kcl::config::*;
use kinesim::consumer::{Situation, build};
use kinesim::random::{LatencyLaw, Seed};
use kinesim::record::Shard;
use kinesim::units::{Bytes, Dur, NS_PER_S, Percent};

/// Shards so many that two records of one shard hardly ever meet: each is a batch of its own, pushed as it comes.
const SHARDS: u32 = 4000;

struct Pool {
    now: u64,
    shards: Vec<Shard>,
    arrivals: Vec<Vec<u64>>,
    /// Arrival and wait of every record.
    waits: Vec<(u64, u64)>,
}

impl Pool {
    /// Poisson arrivals on all shards together.
    fn new(lambda: f64, seconds: f64, seed: Seed) -> Pool {
        let (mut gaps, mut places) = (seed.stream("test", "gaps"), seed.stream("test", "places"));
        let gap = LatencyLaw::Exponential { mean: Dur((1e9 / lambda) as u64) }.sampler();
        let mut arrivals = vec![Vec::new(); SHARDS as usize];
        let mut at = gap.draw(&mut gaps);
        while (at as f64) < seconds * 1e9 {
            arrivals[places.below(SHARDS.into()) as usize].push(at);
            at += gap.draw(&mut gaps);
        }
        let shard =
            |id| Shard { id, start: id.into(), end: id.into(), parents: vec![], opened: 0, closed: None };
        Pool { now: 0, shards: (0..SHARDS).map(shard).collect(), arrivals, waits: Vec::new() }
    }
}

impl Stream for Pool {
    fn now(&self) -> u64 {
        self.now
    }
    fn kept_since(&self) -> u64 {
        0
    }
    fn known_until(&self) -> u64 {
        u64::MAX
    }
    fn shards(&self) -> &[Shard] {
        &self.shards
    }
    fn begin(&mut self, _: u32, _: Position) -> u64 {
        0
    }
    fn get_records(&mut self, _: u32, _: u64, _: Most) -> Result<Batch, Refused> {
        Err(Refused)
    }
    fn flow(&mut self, _shard: u32, from: u64, until: u64) -> Flow {
        Flow { to: from, records: 0, bytes: 0, last: 0, next: until }
    }
    fn pushed(&mut self, shard: u32, from: u64, _: Most) -> Pushed {
        match self.arrivals[shard as usize].get(from as usize) {
            Some(at) if *at <= self.now => {
                Pushed::Rows(Batch { from, to: from + 1, bytes: 1, behind: 0, ends: false })
            }
            next => Pushed::Nothing(next.copied().unwrap_or(u64::MAX)),
        }
    }
    fn key_bytes(&self) -> u32 {
        0
    }
    fn subscribed(&mut self, _: u32) {}
    /// The user's code begins now.
    fn records(&mut self, shard: u32, from: u64, to: u64) -> u64 {
        let arrived = self.arrivals[shard as usize][from as usize];
        self.waits.push((arrived, self.now - arrived));
        to - from
    }
    fn key_marks(&mut self, _: u32, _: u64, _: u64, _: &mut Vec<u16>) {}
    fn sizes(&mut self, _: u32, _: u64, _: u64, _: &mut Vec<u32>) {}
    fn stored_at(&mut self, shard: u32, row: u64) -> u64 {
        self.arrivals[shard as usize][row as usize]
    }
    fn row_since(&mut self, _: u32, from: u64, _: u64) -> u64 {
        from
    }
    fn deliver(&mut self, _: u32, _: u64, _: u64, _: u64, _: Done) {}
    fn drop_rows(&mut self, _: u32, _: u64, _: u64, _: Fate) {}
    fn take(&mut self, _: u32, _: u64) {}
    fn hand_over(&mut self, _: u32, _: &[Held], _: bool) {}
    fn deliver_some(&mut self, _: u32, _: &[Held], _: u64) {}
    fn drop_some(&mut self, _: u32, _: &[Held], _: Fate) {}
    fn stored(&mut self, _: u32, _: u64, _: u64, _: &mut Vec<u64>) {}
    fn births(&mut self, _: u32, _: u64, _: u64, _: &mut Vec<u64>) {}
    fn part_with(&mut self, _: u64, _: u64, _: Option<Fate>) {}
    fn count_hops(&mut self, _: Hop, _: &[u64]) {}
    fn keep_from(&mut self, _: u32, _: u64) {}
    fn finish(&mut self, _: u32) {}
}

fn application(cores: u32, service: Dur, seed: Seed) -> Box<dyn Application> {
    let kcl = KclConfig {
        version: Version::V2,
        workers: 1,
        cores: Some(cores),
        prefetch: None,
        checkpoint: Checkpoint::AtShardEnd,
        failover_time: Dur::from_h(1),
        max_leases_for_worker: None,
        max_leases_to_steal: 1,
        rebalance_threshold: Percent(0),
        dampening: Percent(Percent::WHOLE),
        lease_table: LeaseTable::Balanced,
        assignment: Assignment::ByLoad,
        keeps_worker_ids: false,
    };
    let config = ConsumerConfig {
        name: "pool".into(),
        client: ApplicationConfig::Kcl(Box::new(kcl)),
        read: ReadConfig::FanOut(FanOutConfig {
            push_latency: LatencyLaw::Constant(Dur::ZERO),
            bytes_per_s: Bytes::from_mib(2).0,
            renew_every: Dur::from_h(24),
            renewal_gap: Dur::ZERO,
        }),
        processing: ProcessingConfig {
            per_call: LatencyLaw::Constant(Dur::ZERO),
            per_record: LatencyLaw::Exponential { mean: service },
        },
        failure_rate: Percent(0),
        starts: StartAt { at: Dur::ZERO, from: Position::TrimHorizon },
    };
    build(&Situation { config: &config, happenings: &[], seed }).expect("a client of its own")
}

/// c cores of a worker, shared by its leases first come, first served, are an M/M/c queue.
#[test]
fn a27_cores_of_a_worker() {
    for point in points("A27", 2) {
        let (lambda, mu) = (point.param("lambda_per_s"), point.param("mu_per_worker_s"));
        for seed in SEEDS {
            let mut figures = Figures::default();
            for replication in 0..BATCHES {
                let seed = Seed { user: seed, replication };
                let mut pool = Pool::new(lambda, 70.0, seed);
                let mut kcl = application(point.param("workers") as u32, Dur((1e9 / mu) as u64), seed);
                while kcl.next() < 70 * NS_PER_S {
                    pool.now = kcl.next();
                    kcl.act(&mut pool);
                }
                let counted = |w: &&(u64, u64)| (10 * NS_PER_S..65 * NS_PER_S).contains(&w.0);
                let mut waits: Vec<u64> = pool.waits.iter().filter(counted).map(|w| w.1).collect();
                waits.sort_unstable();
                let n = waits.len() as f64;
                let waited = waits.iter().filter(|w| **w > 0).count() as f64;
                let mean = waits.iter().sum::<u64>() as f64 / n / 1e9;
                figures.add("p_wait", point.want("p_wait"), waited / n);
                figures.add("mean_wait_s", point.want("mean_wait_s"), mean);
                let p99 = waits[(0.99 * n) as usize] as f64 / 1e9;
                figures.add("p99_wait_s", point.want("p99_wait_s"), p99);
            }
            figures.check(&point.id, seed, 0.01);
        }
    }
}

/// Crashes spread evenly over one interval between checkpoints repeat half an interval on average.
#[test]
fn a40_duplicates_of_a_crash() {
    const CRASHES: u64 = 64;
    for point in points("A40", 2) {
        let (rate, interval) = (point.param("records_s"), point.param("checkpoint_interval_s"));
        let text = format!(
            "duration: {} s\nmodes: [provisioned]\n\
             producers: {{ p: {{ rate: {rate} records/s, record_size: 100 B }} }}\n\
             stream: {{ shards: 1, visibility: 0 s }}\n\
             consumers: {{ app: {{ client: {{ kcl: {{ version: v2, checkpoint: {interval} s }} }}, \
             read: {{ enhanced_fan_out: {{ push_latency: 0 s }} }} }} }}\n\
             events: [{{ at: 1 s, do: {{ worker_crash: {{ consumer: app, for: 1 s }} }} }}]\n",
            3.0 * interval + 60.0
        );
        let config = world(&text);
        let found: Vec<f64> = (0..CRASHES)
            .map(|i| {
                let mut config = config.clone();
                let into = (i as f64 + 0.5) / CRASHES as f64;
                config.events[0].at = Dur(((1.5 + into) * interval * 1e9) as u64);
                config.duration = Dur(config.events[0].at.0 + 60 * NS_PER_S);
                config.seed = Seed { user: 5, replication: i as u32 };
                run(&config).consumers[0].redeliveries as f64
            })
            .collect();
        let mean = found.iter().sum::<f64>() / CRASHES as f64;
        let most = found.iter().fold(0.0f64, |a, b| a.max(*b));
        println!("{}: {mean} again on average, {most} at most", point.id);
        let wanted = point.want("mean_duplicates_per_crash");
        assert!((mean - wanted).abs() <= 0.01 * wanted, "{}: {mean} for {wanted}", point.id);
        // A minute of Poisson arrivals may hold a few hundred more.
        assert!(most <= point.want("max_duplicates") * 1.02, "{}: {most}", point.id);
    }
}
