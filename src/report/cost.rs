//! The bill without a run: its arithmetic on the terminal, its tables and the break-even map as files and a page.

use crate::experiment::parallel;
use crate::experiment::priced::{MapRow, ModePrice, Priced, PricedLine, READERS, RECORDS, UTILISATIONS};
use crate::report::chart::{Cell, Figure, Heat, Panel};
use crate::report::page::{self, Plain, PlainTable};
use crate::report::palette::{GREEN, VERMILION};
use crate::report::text::{section, wrapped};
use crate::report::{File, RenderOptions, csv_files, file, human, png, svg};
use crate::units::Money;
use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};

/// Every file of the report, in a fixed order.
pub fn render(priced: &Priced, options: &RenderOptions) -> Vec<File> {
    let mut files = vec![
        file("cost.json", json(priced)),
        file("cost.csv", lines_csv(priced)),
        file("years.csv", years_csv(priced)),
        file("alternatives.csv", alternatives_csv(priced)),
        file("break-even.csv", map_csv(priced)),
    ];
    let figures = figures(priced);
    let drawn = parallel::map(&figures, svg::draw);
    if options.page {
        files.push(file("index.html", html(priced, &figures, &drawn).into_bytes()));
    }
    let rasteriser = png::Rasteriser::default();
    let rasters = parallel::map(&drawn, |p| if options.png { rasteriser.draw(p) } else { None });
    for ((figure, picture), raster) in figures.iter().zip(drawn).zip(rasters) {
        files.extend(raster.map(|bytes| file(&format!("{}.png", figure.id), bytes)));
        if options.svg {
            files.push(file(&format!("{}.svg", figure.id), picture.into_bytes()));
        }
    }
    files
}

/// Everything as JSON, one line.
pub fn json(priced: &Priced) -> Vec<u8> {
    let mut bytes = serde_json::to_vec(priced).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// Bills, years, break-even and alternatives for the terminal, with a final line break.
pub fn terminal(priced: &Priced) -> String {
    let mut out = format!("{}\n", priced.name);
    if !priced.question.is_empty() {
        out.push_str(&wrapped(&priced.question, ""));
    }
    for mode in &priced.modes {
        out.push_str(&format!("\n{}\n", heading(mode)));
        out.push_str(&wrapped(&mode.period, ""));
        let rows = mode.lines.iter().map(|l| [amount(l), l.item.clone(), arithmetic(l), l.source.clone()]);
        out.push_str(&table(&["", "what", "arithmetic", "price from"], rows.map(Vec::from), 1));
    }
    out.push_str("\nA year by retention (at the base rate)\n");
    out.push_str(&table(&YEAR_HEAD, year_rows(priced), 0));
    out.push_str("\nThe same traffic elsewhere, a month\n");
    out.push_str(&table(&["", "", "sized for"], alternative_rows(priced), 1));
    let found = findings(priced);
    section(&mut out, "Break-even", &found.iter().map(String::as_str).collect::<Vec<_>>());
    section(&mut out, "Notes", &priced.notes.iter().map(String::as_str).collect::<Vec<_>>());
    out
}

fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>, right: usize) -> String {
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(LineStyle::new('─', '─', '─', '─')));
    table.set_header(head);
    rows.into_iter().for_each(|row| {
        table.add_row(row);
    });
    for column in table.column_iter_mut().take(right) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.lines().map(|l| format!("{}\n", l.trim_end())).collect()
}

fn open(mode: &ModePrice) -> usize {
    mode.lines.iter().filter(|l| l.amount.is_none()).count()
}

/// The total, and what is not in it.
fn heading(mode: &ModePrice) -> String {
    match open(mode) {
        0 => format!("{}: {}", mode.title, human::money(mode.total)),
        n => format!(
            "{}: at least {}, and {} that need a run",
            mode.title,
            human::money(mode.total),
            human::plural(n as u64, "line")
        ),
    }
}

fn amount(line: &PricedLine) -> String {
    line.amount.map_or_else(|| "needs a run".into(), human::money)
}

/// `12 shards × 730 h = 8760 shard-hours × 0.015 USD`.
fn arithmetic(line: &PricedLine) -> String {
    match line.formula.as_str() {
        "" => line.how.clone(),
        formula => match line.amount {
            Some(_) => format!("{formula} = {}", line.how),
            None => format!("{formula}: {}", line.how),
        },
    }
}

const YEAR_HEAD: [&str; 6] =
    ["mode", "retention", "billed in", "without it", "it, first year", "it, later years"];

fn year_rows(priced: &Priced) -> Vec<Vec<String>> {
    let of_mode = |m: &ModePrice| -> Vec<Vec<String>> {
        let row = |y: &crate::experiment::priced::Year| {
            let own = if y.is_the_scenario { " (this scenario)" } else { "" };
            vec![
                m.title.to_owned(),
                format!("{}{own}", human::duration(y.retention_ns)),
                y.billed_in.to_owned(),
                human::money(y.without),
                human::money(y.first_year),
                human::money(y.later_years),
            ]
        };
        m.years.iter().map(row).collect()
    };
    priced.modes.iter().flat_map(of_mode).collect()
}

fn alternative_rows(priced: &Priced) -> Vec<Vec<String>> {
    let row = |a: &crate::cost::alternatives::Alternative| {
        let total = a.bill.as_ref().map_or_else(|| human::NOTHING.into(), |b| human::money(b.total));
        let how = a.missing.clone().unwrap_or_else(|| a.how.clone());
        vec![total, a.name.to_owned(), how]
    };
    priced.alternatives.iter().map(row).collect()
}

fn findings(priced: &Priced) -> Vec<String> {
    let Some(even) = &priced.break_even else { return Vec::new() };
    let mut found = Vec::new();
    let used = priced.utilisation.map_or_else(String::new, |u| {
        format!("; this scenario's shards are used to {} over the month", human::fraction(u))
    });
    match even.utilisation {
        Some(u) => found.push(format!(
            "records of {} B with these readers: provisioned is cheaper than on-demand from {} of a shard's write limit \
             on{used}",
            human::number(priced.record_bytes, 1),
            human::fraction(u)
        )),
        None => found.push(format!("provisioned is dearer than on-demand even on full shards{used}")),
    }
    found.push(format!(
        "payload units cost as much as the shard-hour at {} of a shard's write limit{}",
        human::fraction(even.put_equals_shard_hour),
        if even.put_equals_shard_hour > 1.0 { ": never" } else { "" }
    ));
    found
}

fn lines_csv(priced: &Priced) -> Vec<u8> {
    let mut table = csv_files::Table::new([
        "mode",
        "item",
        "formula",
        "quantity",
        "unit",
        "price_usd",
        "price_key",
        "source",
        "amount_usd",
        "how",
    ]);
    for mode in &priced.modes {
        for l in &mode.lines {
            table.row([
                mode.mode,
                &l.item,
                &l.formula,
                l.quantity.as_deref().unwrap_or(""),
                l.unit,
                l.price.as_deref().unwrap_or(""),
                &l.price_key,
                &l.source,
                &csv_files::cell(l.amount),
                &l.how,
            ]);
        }
        let total = mode.total.to_string();
        let of = match open(mode) {
            0 => "sum of the lines above",
            _ => "sum of the known lines above",
        };
        table.row([mode.mode, "total", "", "", "", "", "", "", &total, of]);
    }
    table.finish()
}

fn years_csv(priced: &Priced) -> Vec<u8> {
    let mut table = csv_files::Table::new([
        "mode",
        "retention_ns",
        "is_the_scenario",
        "billed_in",
        "without_usd",
        "first_year_usd",
        "later_years_usd",
    ]);
    for mode in &priced.modes {
        for y in &mode.years {
            table.row([
                mode.mode.to_owned(),
                y.retention_ns.to_string(),
                y.is_the_scenario.to_string(),
                y.billed_in.to_owned(),
                y.without.to_string(),
                y.first_year.to_string(),
                y.later_years.to_string(),
            ]);
        }
    }
    table.finish()
}

fn alternatives_csv(priced: &Priced) -> Vec<u8> {
    let mut table = csv_files::Table::new([
        "alternative",
        "item",
        "quantity",
        "unit",
        "price_usd",
        "price_key",
        "amount_usd",
    ]);
    for a in &priced.alternatives {
        for l in a.bill.iter().flat_map(|b| &b.lines) {
            let amount = l.amount.to_string();
            table.row([a.name, l.item, &l.quantity, l.unit, &l.price, &l.price_key, &amount]);
        }
        let total = csv_files::cell(a.bill.as_ref().map(|b| b.total));
        table.row([a.name, "total", "", "", "", "", &total]);
    }
    table.finish()
}

fn map_csv(priced: &Priced) -> Vec<u8> {
    let mut table = csv_files::Table::new([
        "record_bytes",
        "polling_readers",
        "fan_out_readers",
        "utilisation",
        "provisioned_usd_per_shard_hour",
        "on_demand_usd",
        "on_demand_advantage_usd",
        "provisioned_can_be_read",
        "cheapest",
        "break_even_on_demand",
        "break_even_advantage",
    ]);
    for r in &priced.map {
        table.row([
            r.record_bytes.to_string(),
            r.polling_readers.to_string(),
            r.fan_out_readers.to_string(),
            r.utilisation.to_string(),
            r.usd_per_hour.provisioned.to_string(),
            r.usd_per_hour.on_demand.to_string(),
            r.usd_per_hour.on_demand_advantage.to_string(),
            r.provisioned_can_be_read.to_string(),
            r.cheapest.to_owned(),
            csv_files::cell(r.break_even_standard),
            csv_files::cell(r.break_even_advantage),
        ]);
    }
    table.finish()
}

/// The break-even maps: how many times a shard's price the same traffic costs on demand.
fn figures(priced: &Priced) -> Vec<Figure> {
    if priced.map.is_empty() {
        return Vec::new();
    }
    let standard = |r: &MapRow| r.usd_per_hour.on_demand;
    let advantage = |r: &MapRow| r.usd_per_hour.on_demand_advantage;
    let caption = "Each cell: what the same traffic costs on demand, as a multiple of the provisioned shard. Above the \
                   line provisioned is cheaper. The stream-hour and Advantage's commitment are left out; a provisioned \
                   shard serves polling readers twice its write rate in all.";
    let figure = |id: &str, title: &str, colour, of: &dyn Fn(&MapRow) -> f64| Figure {
        id: id.into(),
        title: title.into(),
        caption: caption.into(),
        columns: 2,
        legend: Vec::new(),
        panels: READERS
            .iter()
            .filter(|r| DRAWN.contains(r))
            .map(|readers| Panel::Heat(Box::new(panel(priced, *readers, colour, of))))
            .collect(),
    };
    vec![
        figure("break-even-standard", "On-demand Standard against provisioned", VERMILION, &standard),
        figure("break-even-advantage", "On-demand Advantage against provisioned", GREEN, &advantage),
    ]
}

/// Readers that are drawn; the table has all.
const DRAWN: [(u32, u32); 4] = [(1, 0), (2, 0), (5, 0), (0, 2)];

fn panel(
    priced: &Priced,
    (polling, fan_out): (u32, u32),
    colour: crate::report::palette::Colour,
    of: &dyn Fn(&MapRow) -> f64,
) -> Heat {
    let at = |bytes: u64, thousandths: u32| {
        let u = f64::from(thousandths) / 1_000.0;
        let fits = |r: &&MapRow| {
            (r.record_bytes, r.polling_readers, r.fan_out_readers) == (bytes, polling, fan_out)
                && r.utilisation == u
        };
        let row = priced.map.iter().find(fits)?;
        let times = of(row) / row.usd_per_hour.provisioned;
        // A tenth is white, thirty times the darkest.
        let shade = libm::log10(times.max(0.1) / 0.1) / libm::log10(300.0);
        Some(Cell { shade, text: factor(times), within: times <= 1.0 })
    };
    let readers = match (polling, fan_out) {
        (n, 0) => format!("{n} polling reader{}", if n == 1 { "" } else { "s" }),
        (0, n) => format!("{n} fan-out consumer{}", if n == 1 { "" } else { "s" }),
        (p, f) => format!("{p} polling, {f} fan-out"),
    };
    Heat {
        title: readers,
        x: ("bytes of a record".into(), RECORDS.iter().map(|b| size(*b)).collect()),
        y: (
            "up: share of a shard's write limit in use".into(),
            UTILISATIONS.iter().map(|t| human::fraction(f64::from(*t) / 1_000.0)).collect(),
        ),
        cells: UTILISATIONS.iter().map(|t| RECORDS.iter().map(|b| at(*b, *t)).collect()).collect(),
        colour,
        outline: "provisioned is cheaper".into(),
    }
}

fn factor(times: f64) -> String {
    let digits = if times < 10.0 { 1 } else { 0 };
    if times < 0.05 {
        return "~0".into();
    }
    format!("{}x", human::number(times, digits))
}

fn size(bytes: u64) -> String {
    match bytes {
        b if b < 1_024 => b.to_string(),
        b if b < 1 << 20 => format!("{}k", b / 1_024),
        b => format!("{}M", b >> 20),
    }
}

fn html(priced: &Priced, figures: &[Figure], drawn: &[String]) -> String {
    let owned = |head: &[&str]| head.iter().map(|h| (*h).to_owned()).collect::<Vec<_>>();
    let mut tables: Vec<PlainTable> = Vec::new();
    for mode in &priced.modes {
        let row = |l: &PricedLine| vec![l.item.clone(), arithmetic(l), l.source.clone(), amount(l)];
        tables.push(PlainTable {
            title: heading(mode),
            head: owned(&["what", "arithmetic", "price from", "a month"]),
            rows: mode.lines.iter().map(row).collect(),
            numbers_from: 3,
        });
    }
    tables.push(PlainTable {
        title: "A year by retention".into(),
        head: owned(&YEAR_HEAD),
        rows: year_rows(priced),
        numbers_from: 3,
    });
    let turned = alternative_rows(priced).into_iter().map(|r| vec![r[1].clone(), r[2].clone(), r[0].clone()]);
    tables.push(PlainTable {
        title: "The same traffic elsewhere".into(),
        head: owned(&["", "sized for", "a month"]),
        rows: turned.collect(),
        numbers_from: 2,
    });
    let parts = Plain {
        kind: "kinesim cost",
        title: &priced.name,
        question: &priced.question,
        facts: format!(
            "no simulation · prices {} · scenario digest {} · kinesim {}",
            priced.prices, priced.scenario_digest, priced.version
        ),
        findings: findings(priced),
        notes: priced.notes.clone(),
        tables,
    };
    page::plain(&parts, figures, drawn)
}

/// The total of a mode by its word, for a goal.
pub fn total(priced: &Priced, mode: &str) -> Option<Money> {
    let found = priced.modes.iter().find(|m| m.mode == mode)?;
    (open(found) == 0).then_some(found.total)
}
