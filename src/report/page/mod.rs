//! `index.html`: one file, no network, works from disk.
//!
//! Text and tables are written here, so the page says everything without scripts; the charts are drawn in the browser
//! from a JSON block by [`uPlot`](https://github.com/leeoniya/uPlot) (vendored, MIT), and are the SVGs without
//! scripts. A strict Content-Security-Policy forbids every fetch. All names come from the user: they are escaped in
//! HTML, and `<` is written `\u003c` in JSON, so that a scenario called `</script>` stays a name.

mod account;
mod data;
mod firehose;
mod markup;
mod sections;
mod tables;

pub use account::html as account;

use crate::experiment::outcome::Outcome;
use crate::report::chart::Figure;
use markup::escape;

const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
                      img-src data:; base-uri 'none'; form-action 'none'";
const UPLOT_JS: &str = include_str!("../assets/uPlot-1.6.32.iife.min.js");
const UPLOT_CSS: &str = include_str!("../assets/uPlot-1.6.32.min.css");
const UPLOT_LICENCE: &str = include_str!("../assets/uPlot-LICENSE.txt");
const STYLE: &str = include_str!("../assets/page.css");
const SCRIPT: &str = include_str!("../assets/page.js");

/// The page; `drawn` has the SVG of each figure.
pub fn html(outcome: &Outcome, figures: &[Figure], drawn: &[String]) -> String {
    let mut out = String::with_capacity(400_000);
    let title = escape(&outcome.name);
    out.push_str("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    out.push_str(&format!(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title} – kinesim</title>\n\
         <style>{UPLOT_CSS}</style>\n<style>\n{STYLE}</style>\n</head>\n<body>\n"
    ));
    out.push_str(&sections::header(outcome));
    out.push_str("<main>\n");
    out.push_str(&sections::summary(outcome));
    out.push_str(&sections::replay(outcome));
    out.push_str(&sections::findings(outcome));
    for (figure, svg) in figures.iter().zip(drawn) {
        out.push_str(&sections::figure(figure, svg, outcome));
    }
    out.push_str(&tables::latency(outcome));
    out.push_str(&tables::ledgers(outcome));
    out.push_str(&firehose::streams(outcome));
    out.push_str(&tables::throttling(outcome));
    out.push_str(&tables::bills(outcome));
    out.push_str(&tables::timeline(outcome));
    out.push_str(&sections::cloudwatch(outcome));
    out.push_str(&sections::provenance(outcome));
    out.push_str("</main>\n");
    out.push_str(&format!(
        "<script type=\"application/json\" id=\"data\">{}</script>\n\
         <script>/*\n{UPLOT_LICENCE}*/\n{UPLOT_JS}</script>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n",
        data::json(figures)
    ));
    out
}
