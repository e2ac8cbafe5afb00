//! The prose of the page: heading, summary, findings, figures, where it all comes from.

use super::markup::{Table, escape, list, paragraph, section};
use crate::experiment::outcome::Outcome;
use crate::experiment::replay::Replay;
use crate::report::chart::{Figure, Panel};
use crate::report::human;
use crate::report::palette::Colour;
use crate::report::{replay, text};

/// Name and question.
pub fn header(outcome: &Outcome) -> String {
    let p = &outcome.provenance;
    let duration = outcome.modes.iter().map(|m| m.run.duration_ns).max();
    let facts = [
        format!("{} simulated", human::maybe_duration(duration)),
        human::plural(p.replications.into(), "replication"),
        format!("seed {}", p.seed),
        format!("prices {}", p.prices),
    ];
    format!(
        "<header><p class=\"kind\">kinesim report</p>\n<h1>{}</h1>\n{}{}</header>\n",
        escape(&outcome.name),
        paragraph("question", &outcome.question),
        paragraph("facts", &facts.join(" · "))
    )
}

/// The comparison of modes.
pub fn summary(outcome: &Outcome) -> String {
    let mut head = vec![""];
    head.extend(outcome.modes.iter().map(|m| m.title));
    let columns = head.len();
    let mut table = Table::new("", &head, 1..columns);
    for row in text::comparison(outcome) {
        let mut cells = vec![row.label];
        cells.extend(row.values);
        table.classed_row(if row.opens_group { "group" } else { "" }, &cells);
    }
    let mut content = table.finish();
    if outcome.provenance.replications > 1 {
        content.push_str(&paragraph(
            "note",
            "± is the half width of the 95 % interval over the replications (Student's t); figures without it, \
             and all charts, are those of the first replication.",
        ));
    }
    section("summary", "Summary", &content)
}

/// A replayed history: what it is, its designs and what their rules did.
pub fn replay(outcome: &Outcome) -> String {
    outcome
        .replay
        .as_ref()
        .map_or_else(String::new, |r| history("replay", "The history through every design", r))
}

/// The same under a heading of its own.
pub fn history(id: &str, heading: &str, found: &Replay) -> String {
    let mut content = String::new();
    for sentence in replay::about(found) {
        content.push_str(&paragraph("", &sentence));
    }
    let (head, rows) = replay::rows(found);
    let mut table = Table::new("", &head, 1..head.len());
    rows.iter().for_each(|r| table.row(r));
    content.push_str(&table.finish());
    content.push_str(&paragraph("note", replay::NOTE));
    section(id, heading, &content)
}

/// Findings, then notes and cuts.
pub fn findings(outcome: &Outcome) -> String {
    let mut content = list(outcome.findings.iter().map(|f| f.text.as_str()));
    let cuts = outcome.modes.iter().filter_map(|m| m.run.cut.as_deref());
    let notes = list(outcome.notes.iter().map(String::as_str).chain(cuts));
    if !notes.is_empty() {
        content.push_str(&format!("<div class=\"notes\"><h3>Notes</h3>\n{notes}</div>\n"));
    }
    match content.is_empty() {
        true => content,
        false => section("findings", text::findings_title(outcome), &content),
    }
}

/// A figure: panels for the script, the picture without scripts.
pub fn figure(figure: &Figure, svg: &str) -> String {
    let mut content = paragraph("caption", &figure.caption);
    let all: String = figure.panels.iter().filter_map(bars).collect();
    if !all.is_empty() {
        // Bars need no script.
        content.push_str(&format!("<div class=\"bars\">{all}</div>\n"));
        return section(&figure.id, &figure.title, &content);
    }
    if figure.panels.iter().any(|p| matches!(p, Panel::Heat(_))) {
        content.push_str(&format!("<div class=\"picture\">{svg}</div>\n"));
        return section(&figure.id, &figure.title, &content);
    }
    if !figure.legend.is_empty() {
        content.push_str(&legend(figure));
    }
    let panels: String = figure.panels.iter().enumerate().map(panel).collect();
    content.push_str(&format!(
        "<div class=\"panels c{}\" data-figure=\"{}\">\n{panels}</div>\n<noscript><div class=\"picture\">{svg}</div></noscript>\n",
        figure.columns,
        escape(&figure.id)
    ));
    section(&figure.id, &figure.title, &content)
}

/// A panel of bars as plain elements; `None` for other panels.
fn bars(panel: &Panel) -> Option<String> {
    let Panel::Bars(bars) = panel else {
        return None;
    };
    let colour = bars.colour.hex();
    let bar = |(label, value, text): &(String, f64, String)| {
        let share = if bars.full > 0.0 { value / bars.full * 100.0 } else { 0.0 };
        format!(
            "<div class=\"bar\">{}<b>{}</b><span><i style=\"width:{share:.2}%;background:{colour}\"></i></span></div>\n",
            escape(label),
            escape(text)
        )
    };
    let items: String = bars.items.iter().map(bar).collect();
    Some(format!("<div><h3>{}</h3>\n{items}</div>\n", escape(&bars.title)))
}

fn legend(figure: &Figure) -> String {
    let entry = |(title, colour): &(String, Colour)| {
        format!("<span><i style=\"background:{}\"></i>{}</span>\n", colour.hex(), escape(title))
    };
    let entries: String = figure.legend.iter().map(entry).collect();
    format!("<p class=\"legend\">{entries}</p>\n")
}

fn panel((i, panel): (usize, &Panel)) -> String {
    match panel {
        Panel::Lines(c) if c.is_empty() => format!(
            "<div class=\"panel\"><h3>{}</h3><p class=\"empty\">{}</p></div>\n",
            escape(&c.title),
            escape(c.empty)
        ),
        Panel::Lines(c) => {
            let unit = match c.y.label.as_str() {
                "" => String::new(),
                label => format!(" <small>{}</small>", escape(label)),
            };
            let title = escape(&c.title);
            format!(
                "<div class=\"panel\" data-panel=\"{i}\"><h3>{title}{unit}</h3><div class=\"plot\"></div>\
                 <details><summary>Numbers</summary></details></div>\n"
            )
        }
        _ => "<div class=\"panel blank\"></div>\n".into(),
    }
}

/// Where to find the CloudWatch view.
pub fn cloudwatch(outcome: &Outcome) -> String {
    let modes = human::plural(outcome.modes.len() as u64, "mode");
    let text = format!(
        "cloudwatch.csv has what CloudWatch would show for these {modes} at one minute, under Amazon's metric names, \
         units, statistics and dimensions: stream level, and shard level as enhanced monitoring would report it (paid \
         and opt-in at AWS). A minute without a datapoint has no row. Its throttling counts are Amazon's: \
         WriteProvisionedThroughputExceeded counts refused attempts, so a record refused three times counts three; \
         delayed and lost records are counted above. A one-minute sum hides what happened inside the minute."
    );
    section("cloudwatch", "In CloudWatch", &paragraph("", &text))
}

/// Assumptions, defaults, digests.
pub fn provenance(outcome: &Outcome) -> String {
    let p = &outcome.provenance;
    let mut content = String::new();
    if !p.assumptions.is_empty() {
        content.push_str("<h3>Assumptions touched</h3>\n");
        content.push_str(&paragraph(
            "",
            "AWS publishes nothing on these; kinesim explain KEY tells what was chosen and why.",
        ));
        content.push_str(&list(p.assumptions.iter().map(String::as_str)));
    }
    if !p.defaults.is_empty() {
        content.push_str("<h3>Defaults that decide loss</h3>\n");
        let mut table = Table::new("", &["key", "value", "where it comes from"], 0..0);
        for (key, value, from) in &p.defaults {
            table.row(&[key, value, from]);
        }
        content.push_str(&table.finish());
    }
    content.push_str("<h3>Provenance</h3>\n");
    let mut table = Table::new("", &["", ""], 0..0);
    table.row(&["kinesim", p.version]);
    table.row(&["scenario digest", &p.scenario_digest]);
    table.row(&["seed", &p.seed.to_string()]);
    table.row(&["replications per mode", &p.replications.to_string()]);
    table.row(&["prices", &p.prices]);
    for mode in &outcome.modes {
        let d = &mode.run.digests;
        let text = format!("demand {} · events {} · results {}", d.demand.join(", "), d.events, d.results);
        table.row(&[&format!("digests, {}", mode.title), &text]);
    }
    content.push_str(&table.finish());
    section("provenance", "Assumptions and provenance", &content)
}
