//! One dated table per Region. What no source gave for a Region is absent.

use super::super::source::{
    B_60, CALC, CWP, DDB, EVERYMUNDO, INFRACOST, LAMBDAP, MEMO, MSFPRICE, MSKX, PL26, SQST, TOK,
};
use super::super::{Source, Standing};
use super::{ItemId, PriceRow};
use crate::units::Money;

/// A Region's table.
pub(super) struct Table {
    pub(super) region: &'static str,
    pub(super) dated: &'static str,
    pub(super) rows: &'static [Entry],
}

/// An item, its price in 10^-12 dollars, its origin.
pub(super) struct Entry(ItemId, i128, Source, Standing);

impl Entry {
    pub(super) fn row(&self) -> PriceRow {
        PriceRow {
            item: self.0,
            price: Money(self.1 * (Money::USD / 1_000_000_000_000)),
            source: Some(self.2),
            standing: self.3,
        }
    }
}

use ItemId::*;
use Standing::{Documented, Measured};

pub(super) const TABLES: &[Table] = &[
    Table {
        region: "us-east-1",
        dated: "read 2025-11 to 2026-05",
        rows: &[
            Entry(ShardHour, 15_000_000_000, CALC, Documented),
            Entry(PutPayloadUnit, 14_000, CALC, Documented),
            Entry(FanOutConsumerShardHour, 15_000_000_000, CALC, Documented),
            Entry(FanOutData, 13_000_000_000, CALC, Documented),
            Entry(ExtendedRetentionShardHour, 20_000_000_000, CALC, Documented),
            Entry(StreamHour, 40_000_000_000, CALC, Documented),
            Entry(DataIn, 80_000_000_000, CALC, Documented),
            Entry(DataOut, 40_000_000_000, CALC, Documented),
            Entry(OnDemandFanOut, 50_000_000_000, CALC, Documented),
            Entry(OnDemandExtendedRetention, 100_000_000_000, CALC, Documented),
            Entry(AdvantageIn, 32_000_000_000, CALC, Documented),
            Entry(AdvantageOut, 16_000_000_000, CALC, Documented),
            Entry(AdvantageFanOut, 16_000_000_000, B_60, Documented),
            Entry(AdvantageRetention, 23_000_000_000, B_60, Documented),
            Entry(LongTermRetention, 23_000_000_000, CALC, Documented),
            Entry(FirehoseIn, 29_000_000_000, CALC, Documented),
            Entry(FirehoseIn2, 25_000_000_000, MEMO, Measured),
            Entry(FirehoseIn3, 20_000_000_000, MEMO, Measured),
            Entry(FirehosePartitionData, 20_000_000_000, CALC, Documented),
            Entry(FirehosePartitionObject, 5_000_000, CALC, Documented),
            Entry(FirehoseJqHour, 70_000_000_000, CALC, Documented),
            Entry(FirehoseConversion, 18_000_000_000, CALC, Documented),
            Entry(FirehoseVpcData, 10_000_000_000, CALC, Documented),
            Entry(FirehoseVpcHour, 10_000_000_000, CALC, Documented),
            Entry(S3Put, 5_000_000, INFRACOST, Measured),
            Entry(KpuHour, 110_000_000_000, MSFPRICE, Documented),
            Entry(KpuStorage, 100_000_000_000, MSFPRICE, Documented),
            Entry(KpuBackups, 23_000_000_000, MSFPRICE, Documented),
            Entry(TableWrite, 625_000, DDB, Documented),
            Entry(TableRead, 125_000, DDB, Documented),
            Entry(Metric, 300_000_000_000, CWP, Documented),
            Entry(Metric2, 100_000_000_000, CWP, Documented),
            Entry(PutMetrics, 10_000_000, CWP, Documented),
            Entry(LongTermRetrieval, 21_000_000_000, INFRACOST, Measured),
            Entry(LambdaRequest, 200_000, LAMBDAP, Documented),
            Entry(LambdaDuration, 16_666_700, LAMBDAP, Documented),
            Entry(LambdaDuration2, 15_000_000, LAMBDAP, Documented),
            Entry(LambdaDuration3, 13_333_400, LAMBDAP, Documented),
            Entry(LambdaArmDuration, 13_333_400, LAMBDAP, Documented),
            Entry(LambdaArmDuration2, 12_000_100, LAMBDAP, Documented),
            Entry(LambdaArmDuration3, 10_666_700, LAMBDAP, Documented),
            Entry(MskT3Small, 45_600_000_000, INFRACOST, Measured),
            Entry(MskM5Large, 210_000_000_000, PL26, Measured),
            Entry(MskM7gLarge, 204_000_000_000, PL26, Measured),
            Entry(MskM524xlarge, 10_080_000_000_000, INFRACOST, Measured),
            Entry(MskStorage, 100_000_000_000, INFRACOST, Measured),
            Entry(MskExpress, 408_000_000_000, MSKX, Measured),
            Entry(MskExpressIn, 10_000_000_000, MSKX, Measured),
            Entry(MskExpressStorage, 100_000_000_000, MSKX, Measured),
            Entry(MskServerless, 750_000_000_000, PL26, Measured),
            Entry(MskPartition, 1_500_000_000, PL26, Measured),
            Entry(MskServerlessStorage, 100_000_000_000, PL26, Measured),
            Entry(MskServerlessIn, 100_000_000_000, PL26, Measured),
            Entry(MskServerlessOut, 50_000_000_000, PL26, Measured),
            Entry(SqsRequest, 400_000, INFRACOST, Measured),
            Entry(SqsRequest2, 300_000, SQST, Measured),
            Entry(SqsRequest3, 240_000, SQST, Measured),
            Entry(SqsFifo, 500_000, INFRACOST, Measured),
            Entry(SqsFifo2, 400_000, SQST, Measured),
            Entry(SqsFifo3, 350_000, SQST, Measured),
        ],
    },
    // The capture calc-provisioned-273.85 is a us-east-2 bill: its fan-out prices are from there.
    Table {
        region: "us-east-2",
        dated: "read 2025-11",
        rows: &[
            Entry(ShardHour, 15_000_000_000, CALC, Documented),
            Entry(PutPayloadUnit, 14_000, CALC, Documented),
            Entry(FanOutConsumerShardHour, 15_000_000_000, CALC, Documented),
            Entry(FanOutData, 13_000_000_000, CALC, Documented),
            Entry(ExtendedRetentionShardHour, 20_000_000_000, CALC, Documented),
            Entry(StreamHour, 40_000_000_000, CALC, Documented),
            Entry(DataIn, 80_000_000_000, CALC, Documented),
            Entry(DataOut, 40_000_000_000, CALC, Documented),
            Entry(AdvantageIn, 32_000_000_000, CALC, Documented),
            Entry(AdvantageOut, 16_000_000_000, CALC, Documented),
            Entry(FirehoseIn, 29_000_000_000, CALC, Documented),
            Entry(FirehoseIn2, 25_000_000_000, CALC, Documented),
            Entry(FirehoseIn3, 20_000_000_000, CALC, Documented),
            Entry(FirehosePartitionData, 20_000_000_000, CALC, Documented),
            Entry(FirehosePartitionObject, 5_000_000, CALC, Documented),
            Entry(FirehoseJqHour, 70_000_000_000, CALC, Documented),
            Entry(FirehoseConversion, 18_000_000_000, CALC, Documented),
            Entry(FirehoseVpcData, 10_000_000_000, CALC, Documented),
            Entry(FirehoseVpcHour, 10_000_000_000, CALC, Documented),
        ],
    },
    // The Infracost golden for Firehose is an eu-west-2 bill.
    Table {
        region: "eu-west-2",
        dated: "golden of 2024-07-01",
        rows: &[
            Entry(FirehoseIn, 35_000_000_000, INFRACOST, Measured),
            Entry(FirehoseIn2, 30_000_000_000, INFRACOST, Measured),
            Entry(FirehoseIn3, 24_000_000_000, INFRACOST, Measured),
            Entry(FirehoseConversion, 21_000_000_000, INFRACOST, Measured),
            Entry(FirehoseVpcData, 10_000_000_000, INFRACOST, Measured),
            Entry(FirehoseVpcHour, 11_000_000_000, INFRACOST, Measured),
            Entry(S3Put, 5_300_000, INFRACOST, Measured),
        ],
    },
    Table {
        region: "us-west-2",
        dated: "quoted after 2020-04",
        rows: &[
            Entry(ShardHour, 15_000_000_000, EVERYMUNDO, Measured),
            Entry(PutPayloadUnit, 14_000, EVERYMUNDO, Measured),
        ],
    },
    Table {
        region: "ap-northeast-1",
        dated: "fixture of 2026-08-18",
        rows: &[
            Entry(ShardHour, 19_500_000_000, TOK, Measured),
            Entry(PutPayloadUnit, 21_500, TOK, Measured),
            Entry(ExtendedRetentionShardHour, 26_000_000_000, TOK, Measured),
            Entry(StreamHour, 52_000_000_000, TOK, Measured),
            Entry(DataIn, 104_000_000_000, TOK, Measured),
            Entry(DataOut, 52_000_000_000, TOK, Measured),
            Entry(AdvantageOut, 20_800_000_000, TOK, Measured),
        ],
    },
    Table {
        region: "af-south-1",
        dated: "quoted after 2020-04",
        rows: &[
            Entry(ShardHour, 24_000_000_000, EVERYMUNDO, Measured),
            Entry(PutPayloadUnit, 22_400, EVERYMUNDO, Measured),
        ],
    },
];
