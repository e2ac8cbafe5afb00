//! Prices: one dated table per Region, replaceable by the user's own.
//!
//! An item carries the unit it is charged for, so a price can only multiply its own unit. An item a Region's table
//! does not have is an error that names both, never 0.

mod item;
mod regions;

pub use item::{Item, ItemId};

use super::{Row, Source, Standing, source};
use crate::units::billed::{Billed, Price, mul_div};
use crate::units::{Money, Percent};

/// One item's price in one Region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceRow {
    /// What is priced.
    pub item: ItemId,
    /// Per unit of the item.
    pub price: Money,
    /// Where it is from; `None` for the user's own price.
    pub source: Option<Source>,
    /// How far to trust it.
    pub standing: Standing,
}

/// A Region's prices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prices {
    /// Region the table is for.
    pub region: String,
    /// Date and origin in words, for provenance.
    pub dated: String,
    rows: Vec<PriceRow>,
}

/// A price that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingPrice {
    /// Region asked for.
    pub region: String,
    /// Item asked for; `None` when the Region has no table at all.
    pub item: Option<ItemId>,
}

impl std::fmt::Display for MissingPrice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.item {
            Some(item) => {
                let (title, key, region) = (item.title(), item.key(), &self.region);
                write!(
                    f,
                    "no sourced price for {title} in {region}; with --prices FILE you give your own: "
                )?;
                write!(f, r#"{{ "region": "{region}", "prices": {{ "{key}": USD }} }}"#)
            }
            None => {
                write!(f, "no price table for {}; there is one for {}", self.region, regions().join(", "))
            }
        }
    }
}

impl std::error::Error for MissingPrice {}

/// Regions with a table.
pub fn regions() -> Vec<&'static str> {
    regions::TABLES.iter().map(|t| t.region).collect()
}

/// The table of a Region.
pub fn region(name: &str) -> Result<Prices, MissingPrice> {
    let table = regions::TABLES.iter().find(|t| t.region == name);
    let Some(table) = table else {
        return Err(MissingPrice { region: name.into(), item: None });
    };
    Ok(Prices {
        region: name.into(),
        dated: format!("{name}, {}", table.dated),
        rows: table.rows.iter().map(regions::Entry::row).collect(),
    })
}

impl Prices {
    /// The price of an item, in its own unit.
    pub fn of<Q: Billed>(&self, item: Item<Q>) -> Result<Price<Q>, MissingPrice> {
        let row = self.rows.iter().find(|r| r.item == item.id);
        row.map(|r| Price::new(r.price))
            .ok_or_else(|| MissingPrice { region: self.region.clone(), item: Some(item.id) })
    }

    /// The price of an item whose unit is known otherwise.
    pub fn money(&self, item: ItemId) -> Result<Money, MissingPrice> {
        let row = self.rows.iter().find(|r| r.item == item);
        row.map(|r| r.price).ok_or_else(|| MissingPrice { region: self.region.clone(), item: Some(item) })
    }

    /// Key of an item's price, for `explain`.
    pub fn key(&self, item: ItemId) -> String {
        format!("price.{}.{}", self.region, item.key())
    }

    /// The user's prices in place of the table's (or beside them); `origin` names the file.
    pub fn replaced(mut self, own: &[(ItemId, Money)], origin: &str) -> Prices {
        for &(item, price) in own {
            self.rows.retain(|r| r.item != item);
            self.rows.push(PriceRow { item, price, source: None, standing: Standing::Assumed });
        }
        if !own.is_empty() {
            self.dated = format!("{}; {} of them from {origin}", self.dated, own.len());
        }
        self
    }

    /// Every price less a private discount, to the nearest atto-dollar.
    pub fn discounted(mut self, by: Percent) -> Prices {
        let keep = u128::from(Percent::WHOLE.saturating_sub(by.0));
        for row in &mut self.rows {
            let price = mul_div(row.price.0.unsigned_abs(), keep, u128::from(Percent::WHOLE));
            row.price = Money(price.and_then(|p| i128::try_from(p).ok()).unwrap_or(row.price.0));
        }
        self.dated = format!("{} less {by}", self.dated);
        self
    }

    /// A table of the user's prices alone.
    pub fn own(region: &str, own: &[(ItemId, Money)], origin: &str) -> Prices {
        let empty = Prices { region: region.into(), dated: format!("{region}, no table"), rows: Vec::new() };
        empty.replaced(own, origin)
    }

    /// Every price of it as one number: other prices, another number.
    pub fn fingerprint(&self) -> u64 {
        // FNV-1a over the rows in the items' order.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut add = |bytes: &[u8]| {
            bytes.iter().for_each(|b| hash = (hash ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3));
        };
        for row in self.rows() {
            add(row.item.key().as_bytes());
            add(&row.price.0.to_le_bytes());
        }
        hash
    }

    /// Its rows, in the items' order.
    pub fn rows(&self) -> Vec<&PriceRow> {
        let mut rows: Vec<&PriceRow> = self.rows.iter().collect();
        rows.sort_by_key(|r| r.item);
        rows
    }

    /// Its rows as text.
    pub fn table(&self) -> Vec<Row> {
        self.rows().into_iter().map(|r| self.row(r)).collect()
    }

    fn row(&self, row: &PriceRow) -> Row {
        let source = row.source.unwrap_or(source::OWN);
        let value = format!("{} USD", row.price.exact_text());
        let meaning = format!("{} in {}: {}.", row.item.title(), self.region, row.item.meaning());
        Row::new(self.key(row.item), value, row.item.unit(), source, row.standing, meaning)
    }
}

/// Every price of every Region as rows of text.
pub fn table() -> Vec<Row> {
    let tables = regions::TABLES.iter().filter_map(|t| region(t.region).ok());
    tables.flat_map(|t| t.table()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::billed::ShardHours;

    #[test]
    fn us_east_1_has_every_item_and_no_region_has_one_twice() {
        for name in regions() {
            let prices = region(name).unwrap();
            let mut items: Vec<ItemId> = prices.rows().iter().map(|r| r.item).collect();
            items.dedup();
            assert_eq!(items.len(), prices.rows().len(), "{name}");
            assert!(prices.rows().iter().all(|r| r.price > Money::ZERO), "{name}");
            if name == "us-east-1" {
                // No source was found for these: who uses them gives a price of their own.
                let unknown =
                    [ItemId::FirehoseIcebergIn, ItemId::FirehoseSnowflakeIn, ItemId::FirehoseDecompressed];
                let known: Vec<ItemId> =
                    ItemId::ALL.iter().copied().filter(|i| !unknown.contains(i)).collect();
                assert_eq!(items, known);
            }
        }
    }

    #[test]
    fn a_missing_price_names_region_and_item_and_is_never_zero() {
        let africa = region("af-south-1").unwrap();
        let error = africa.of(Item::STREAM_HOUR).unwrap_err().to_string();
        assert!(error.contains("af-south-1") && error.contains("stream_hour"), "{error}");
        assert!(region("mars-1").unwrap_err().to_string().contains("mars-1"));
    }

    #[test]
    fn the_users_price_replaces_the_tables() {
        let own = [(ItemId::ShardHour, Money(Money::USD / 50)), (ItemId::StreamHour, Money(7))];
        let prices = region("af-south-1").unwrap().replaced(&own, "my.json");
        assert_eq!(prices.of(Item::SHARD_HOUR), Ok(Price::<ShardHours>::new(Money(Money::USD / 50))));
        assert!(prices.of(Item::STREAM_HOUR).is_ok());
        assert!(prices.dated.contains("my.json"));
        assert!(region("us-east-1").unwrap().key(ItemId::ShardHour) == "price.us-east-1.shard_hour");
    }
}
