//! From a scenario to an experiment.

use super::{BillMonth, Curves, Rounding, Scenario};
use crate::cost::{self, MonthRule};
use crate::experiment::plan::Plan;
use crate::facts::{self, Standing, prices};
use crate::stream::config::Mode;
use crate::units::Dur;

impl Scenario {
    /// The experiment this scenario asks for; an error where its Region has no price table.
    pub fn plan(&self, seed: u64) -> Result<Plan, prices::MissingPrice> {
        Ok(self.plan_with(seed, prices::region(&self.region)?))
    }

    /// The same with these prices.
    pub fn plan_with(&self, seed: u64, prices: prices::Prices) -> Plan {
        let defaults = self.defaults.iter().filter(|d| !of_a_search(d)).map(said);
        let assumed = |d: &&super::Defaulted| {
            let fact = d.fact.and_then(facts::find);
            fact.is_some_and(|f| f.standing == Standing::Assumed)
        };
        let mut assumptions: Vec<String> =
            self.defaults.iter().filter(assumed).filter_map(|d| d.fact).map(str::to_owned).collect();
        assumptions.sort_unstable();
        assumptions.dedup();
        let notes = self
            .intervals
            .iter()
            .map(|i| format!("{} was given as {} .. {}: this run takes the middle", i.key, i.low, i.high));
        Plan {
            name: self.name.clone(),
            question: self.question.clone(),
            digest: self.text_digest.clone(),
            modes: self.modes.clone(),
            world: self.world(self.modes.first().copied().unwrap_or(Mode::Provisioned), seed, 0),
            replications: self.replications,
            curves: match self.curves {
                Curves::Auto => None,
                Curves::Off => Some(false),
                Curves::On => Some(true),
            },
            prices,
            month: match self.bill.month {
                BillMonth::Base => MonthRule::Base(self.bill.month_hours),
                BillMonth::Repeat => MonthRule::Repeat(self.bill.month_hours),
                BillMonth::Calendar => MonthRule::Calendar { days: self.days_of_month() },
            },
            commitment: self.stream.advantage.commitment,
            rounding: match self.bill.rounding {
                Rounding::Exact => cost::Rounding::Exact,
                Rounding::Calculator => cost::Rounding::Calculator,
                Rounding::InvoiceUp => cost::Rounding::InvoiceUp,
            },
            defaults: defaults.collect(),
            assumptions,
            notes: notes.collect(),
        }
    }

    /// Defaults that only a search has: no run knows of them.
    pub fn search_defaults(&self) -> Vec<(String, String, String)> {
        self.defaults.iter().filter(of_a_search).map(said).collect()
    }

    /// Days of the month the scenario starts in; 31 where it has no date.
    fn days_of_month(&self) -> u32 {
        let hours = self.bill.month_hours.0 / Dur::from_h(1).0;
        self.start.map_or((hours / 24) as u32, |m| m.days_of_month())
    }
}

fn of_a_search(d: &&super::Defaulted) -> bool {
    d.key.starts_with("plan.")
}

/// Key, value, and where it comes from.
fn said(d: &super::Defaulted) -> (String, String, String) {
    let from = d.fact.and_then(facts::find);
    let from = from.map_or("model".to_owned(), |f| format!("{} ({})", f.key, f.standing.word()));
    (d.key.clone(), d.value.clone(), from)
}
