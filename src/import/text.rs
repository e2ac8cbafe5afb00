//! Lines and cells with their places.

use std::ops::Range;

/// Lines with their places, blank ones left out.
pub fn lines(text: &str) -> impl Iterator<Item = (&str, Range<usize>)> {
    let mut at = 0;
    text.split_inclusive('\n').filter_map(move |raw| {
        let start = at;
        at += raw.len();
        let line = raw.trim_end_matches(['\n', '\r']);
        (!line.trim().is_empty()).then_some((line, start..start + line.len()))
    })
}

/// Cells of a line that starts at `start`, with their places. No quotes.
pub fn cells(line: &str, mut start: usize) -> Vec<(&str, Range<usize>)> {
    let cell = |raw: &'_ str| {
        let lead = raw.len() - raw.trim_start().len();
        let from = start + lead;
        start += raw.len() + 1;
        from..from + raw.trim().len()
    };
    let places: Vec<Range<usize>> = line.split(',').map(cell).collect();
    line.split(',').map(str::trim).zip(places).collect()
}

/// User text inside a message: short, and without control characters.
pub fn quote(text: &str) -> String {
    let short: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    let more = if text.chars().nth(60).is_some() { "..." } else { "" };
    format!("`{}{more}`", short.replace("\\'", "'").replace("\\\"", "\""))
}
