//! The house has floors: a room knows only rooms below it, and the outside is let in at named doors.

use std::fs;
use std::path::{Path, PathBuf};

/// From the ground up. A room may name itself and everything before it.
const FLOORS: &[&str] = &[
    "units",
    "mechanism",
    "random",
    "theory",
    "facts",
    "engine",
    "measure",
    "record",
    "api",
    "producer",
    "stream",
    "consumer",
    "firehose",
    "world",
    "coarse",
    "cost",
    "experiment",
    "import",
    "scenario",
    "report",
    "export",
    "cli",
];

/// Sides of the world: they talk through what the world carries, never to each other.
const SIDES: &[&str] = &["producer", "stream", "consumer", "firehose"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

fn all() -> Vec<(String, String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    sources(&root, &mut found);
    let relative = |p: &PathBuf| p.strip_prefix(&root).unwrap().display().to_string();
    let room = |name: &str| name.split(['/', '.']).next().unwrap_or("").to_owned();
    found.iter().map(|p| (room(&relative(p)), relative(p), fs::read_to_string(p).unwrap())).collect()
}

/// Rooms a text names, with the line.
fn named(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or("");
        for part in code.split("crate::").skip(1) {
            let room: String = part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            found.push((number + 1, room));
        }
    }
    found
}

#[test]
fn a_room_knows_only_rooms_below_it() {
    let floor = |room: &str| FLOORS.iter().position(|f| *f == room);
    for (room, file, text) in all() {
        let Some(mine) = floor(&room) else { continue };
        // Tests at the end of a file may look anywhere.
        let text = text.split("#[cfg(test)]").next().unwrap_or("");
        for (line, other) in named(text) {
            let Some(theirs) = floor(&other) else { continue };
            assert!(
                theirs <= mine,
                "src/{file}:{line}: {room} names {other}, which stands above it: what is below must be readable \
                 without what is above"
            );
        }
    }
}

#[test]
fn sides_do_not_talk_to_each_other() {
    for (room, file, text) in all() {
        if !SIDES.contains(&room.as_str()) {
            continue;
        }
        let text = text.split("#[cfg(test)]").next().unwrap_or("");
        for (line, other) in named(text) {
            let stranger = other != room && SIDES.contains(&other.as_str());
            assert!(!stranger, "src/{file}:{line}: {room} names {other}: sides meet only in the world");
        }
    }
}

#[test]
fn the_outside_comes_in_at_named_doors() {
    let doors: &[(&str, &str, &str)] = &[
        ("std::fs", "cli/fs.rs", "only one file opens files"),
        ("std::env", "cli/", "the environment is the command line's"),
        ("rayon", "experiment/parallel.rs", "threads live in one file"),
        ("std::thread", "experiment/parallel.rs", "threads live in one file"),
        ("std::net", "nowhere", "kinesim never talks to a network"),
        ("std::process", "cli/", "processes are the command line's"),
    ];
    for (_, file, text) in all() {
        let text = text.split("#[cfg(test)]").next().unwrap_or("");
        for (what, door, why) in doors {
            let used = text.lines().any(|l| !l.trim_start().starts_with("//") && l.contains(what));
            assert!(!used || file.starts_with(door) || file == "main.rs", "src/{file} uses {what}: {why}");
        }
    }
}
