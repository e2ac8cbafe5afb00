//! The committed table of how coarse resolutions agree with record resolution.

use super::agreement::{ENOUGH, Figure, Kind, OUTSIDE, Tolerance};
use super::resolutions::Compared;
use std::fmt::Write;

/// How the table was made, and how to read it.
pub fn head() -> String {
    let (first, most) = (ENOUGH.first, ENOUGH.most);
    format!(
        "# Coarse resolutions against record resolution

Every committed scenario in every mode, and generated ones at 50 to 150 % of what four shards take, at record resolution and
coarse. Made by `KINESIM_BLESS=1 cargo test --release --test resolutions -- --ignored`.

Figures: counts and money, compared as parts of themselves; throttled, delayed and lost shares, in percentage points
(allowed: 0.2, or a twentieth of the share); delays, by their p50 and p99. A run (a scenario in one mode) agrees when every
figure does, twice:

- *Means over seeds.* Both resolutions run the same seeds on the same draws, {first} of them, or as many (up to {most}) as the
  first {first} say are needed for a standard error of a third of what each figure may differ by. They are asked once, for
  the spread of the differences seed by seed, never for how far the means lie apart. A figure that would need more than
  {most} is judged as it is, its standard error told where it does not agree.
- *Single seeds.* A coarse run lies outside when it is farther from the record runs' mean than what means may differ by
  and three standard deviations of the record runs. Of a figure at most {OUTSIDE} may: the deviation is known from as many
  seeds only, and chance alone brings more in one figure of 400. (Outside three deviations and nothing more: in
  parentheses. Where records hardly differ from seed to seed, that is less than the means may differ by.)
"
    )
}

fn shown(kind: Kind, value: f64) -> String {
    match kind {
        Kind::Share => format!("{:.3} %", value * 100.0),
        Kind::Delay if value >= 1e9 => format!("{:.3} s", value / 1e9),
        Kind::Delay => format!("{:.2} ms", value / 1e6),
        Kind::Amount if value >= 1000.0 => format!("{value:.0}"),
        Kind::Amount => format!("{value:.4}"),
    }
}

fn off(figure: &Figure) -> String {
    match figure.kind {
        Kind::Share => format!("{:+.3} pp", figure.difference() * 100.0),
        _ => format!("{:+.2} %", figure.difference() * 100.0),
    }
}

fn meets(found: &Compared, tolerance: Tolerance) -> bool {
    found.figures.as_ref().is_ok_and(|f| f.iter().all(|f| f.agrees(tolerance)))
}

/// The report's lines on one resolution.
pub fn table(all: &[Compared], tolerance: Tolerance) -> String {
    let carried: Vec<&Compared> = all.iter().filter(|c| c.figures.is_ok()).collect();
    let met = carried.iter().filter(|c| meets(c, tolerance)).count();
    let of = carried.len();
    let mut out = format!(
        "{met} of {of} carried runs agree in every figure.\n\n\
         | scenario | mode | seeds | counts and money, at worst | throttled attempts | p50, p99 at worst | \
         single seeds outside (of 3 sd) | agrees |\n\
         | --- | --- | ---: | ---: | ---: | ---: | ---: | --- |\n"
    );
    carried.iter().for_each(|c| row(c, tolerance, &mut out));
    out += "\nFigures that do not agree (± the standard error of the difference):\n\n";
    for c in carried.iter().filter(|c| !meets(c, tolerance)) {
        for f in c.figures.iter().flatten().filter(|f| !f.agrees(tolerance)) {
            apart(c, f, tolerance, &mut out);
        }
    }
    out += "\nNot carried:\n\n";
    let mut last = "";
    for c in all {
        if let Err(why) = &c.figures
            && c.scenario != last
        {
            last = &c.scenario;
            let _ = writeln!(out, "- {}: {why}", c.scenario);
        }
    }
    out
}

fn row(found: &Compared, tolerance: Tolerance, out: &mut String) {
    let figures: Vec<&Figure> = found.figures.iter().flatten().collect();
    let worst = |kind: Kind| {
        let of = figures.iter().filter(|f| f.kind == kind);
        let worst = of.max_by(|a, b| a.difference().abs().total_cmp(&b.difference().abs()));
        worst.map_or("-".into(), |f| format!("{} ({})", off(f), f.name))
    };
    let throttled = figures.iter().find(|f| f.name == "throttled attempts");
    let seeds = figures.iter().map(|f| f.runs.len()).max().unwrap_or(0);
    let sum = |of: &dyn Fn(&Figure) -> usize| figures.iter().map(|f| of(f)).sum::<usize>();
    let _ = writeln!(
        out,
        "| {} | {} | {seeds} | {} | {} | {} | {} of {} ({}) | {} |",
        found.scenario,
        found.mode,
        worst(Kind::Amount),
        throttled.map_or("-".into(), |f| format!("{} of {}", off(f), shown(Kind::Share, f.means().0))),
        worst(Kind::Delay),
        sum(&|f| f.outside(tolerance)),
        sum(&|f| f.runs.len()),
        sum(&|f| f.beyond(0.0)),
        if meets(found, tolerance) { "yes" } else { "**no**" }
    );
}

/// A figure that does not agree.
fn apart(found: &Compared, figure: &Figure, tolerance: Tolerance, out: &mut String) {
    let (fine, coarse) = figure.means();
    let error = figure.part(figure.standard_error()) * 100.0;
    let _ = write!(
        out,
        "- {}, {}: {}: record {}, here {} ({} ± {error:.2})",
        found.scenario,
        found.mode,
        figure.name,
        shown(figure.kind, fine),
        shown(figure.kind, coarse),
        off(figure)
    );
    match figure.outside(tolerance) {
        0 => out.push('\n'),
        n => {
            let _ = writeln!(out, ", {n} of {} single seeds outside", figure.runs.len());
        }
    }
}
