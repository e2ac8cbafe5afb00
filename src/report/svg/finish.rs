//! What the backend cannot do, done to its text: real size, dashes, short paths.

use super::canvas::{FINE, fine, key_width};
use crate::report::chart::Stroke;

/// Real size, rounded joints, the font's fallbacks and the dashes.
pub(super) fn finish(drawn: &str, width: f64, height: f64) -> String {
    let big = format!("width=\"{}\" height=\"{}\"", fine(width), fine(height));
    let real = format!("width=\"{width}\" height=\"{height}\" stroke-linejoin=\"round\" role=\"img\"");
    let mut svg = relative(&drawn.replacen(&big, &real, 1));
    for stroke in [Stroke::Dashed, Stroke::Dotted] {
        let plain = format!("stroke-width=\"{}\"", key_width(stroke));
        let (dash, gap) = if stroke == Stroke::Dashed { (6, 4) } else { (2, 3) };
        let dashed = format!(
            "stroke-width=\"{}\" stroke-dasharray=\"{} {}\"",
            FINE + FINE / 2,
            dash * FINE,
            gap * FINE
        );
        svg = svg.replace(&plain, &dashed);
    }
    let families = "font-family=\"DejaVu Sans, Verdana, sans-serif\"";
    svg.replace("font-family=\"sans-serif\"", families).replace(" opacity=\"1\"", "")
}

/// Rewrites `points` of lines and areas as relative paths: the same picture in half the bytes.
fn relative(svg: &str) -> String {
    let mut out = String::with_capacity(svg.len());
    for element in svg.split_inclusive('\n') {
        let end = match element {
            e if e.starts_with("<polyline ") => "\"",
            e if e.starts_with("<polygon ") => "z\"",
            _ => {
                out.push_str(element);
                continue;
            }
        };
        let (head, rest) = element.split_once("points=\"").unwrap_or((element, ""));
        let (points, tail) = rest.split_once('"').unwrap_or((rest, ""));
        let attributes = head.split_once(' ').map_or("", |(_, a)| a);
        out.push_str(&format!("<path {attributes}d=\""));
        push_steps(&mut out, points);
        out.push_str(end);
        out.push_str(tail);
    }
    out
}

/// `M` to the first point, then steps; a sign separates as well as a blank.
fn push_steps(out: &mut String, points: &str) {
    let mut at: Option<(i32, i32)> = None;
    for point in points.split(' ') {
        let pair = point.split_once(',');
        let parsed = pair.and_then(|(x, y)| Some((x.parse().ok()?, y.parse().ok()?)));
        let Some((x, y)): Option<(i32, i32)> = parsed else {
            continue;
        };
        match at {
            None => out.push_str(&format!("M{x},{y}l")),
            Some((ax, ay)) => {
                let (dx, dy) = (x - ax, y - ay);
                let blank = if dx < 0 || out.ends_with('l') { "" } else { " " };
                let comma = if dy < 0 { "" } else { "," };
                out.push_str(&format!("{blank}{dx}{comma}{dy}"));
            }
        }
        at = Some((x, y));
    }
}
