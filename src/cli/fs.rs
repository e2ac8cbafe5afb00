//! The only file that opens files.
//!
//! Reading is bounded. A report folder is written beside its place under a hidden name and renamed into it, so that
//! there is either the old report or the new one, whole, whatever interrupts the run. A folder is replaced only when
//! it carries our mark; anything else that is not empty is refused.

use crate::report::File;
use std::fmt;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};

/// Largest scenario.
pub const SCENARIO_BYTES_MAX: u64 = 4 << 20;
/// Largest file a scenario names (a trace, a list of keys).
pub const TRACE_BYTES_MAX: u64 = 256 << 20;
/// Marks a folder as a report of ours.
const MARK: &str = ".kinesim-report";

/// What went wrong with a file or folder, in words.
#[derive(Debug, PartialEq, Eq)]
pub struct Trouble(String);

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn trouble(doing: &str, path: &Path, error: &io::Error) -> Trouble {
    let why = match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    };
    Trouble(format!("cannot {doing} {}: {why}", path.display()))
}

/// A whole text file of at most `bytes_max` bytes.
pub fn read_text(path: &Path, bytes_max: u64) -> Result<String, Trouble> {
    let read = |e: io::Error| trouble("read", path, &e);
    let file = fs::File::open(path).map_err(read)?;
    if file.metadata().map_err(read)?.is_dir() {
        return Err(Trouble(format!("{} is a folder, not a file", path.display())));
    }
    let mut bytes = Vec::new();
    // One byte more than allowed tells a file that is too large, also where its length is not known (a pipe).
    file.take(bytes_max + 1).read_to_end(&mut bytes).map_err(read)?;
    if bytes.len() as u64 > bytes_max {
        let limit = crate::report::human::bytes(bytes_max);
        return Err(Trouble(format!("{} is larger than {limit}", path.display())));
    }
    String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        Trouble(format!("{} is not UTF-8 text (byte {at})", path.display()))
    })
}

/// Reads the files a scenario names, relative to the scenario's own folder.
pub fn beside(scenario: &Path) -> impl Fn(&str) -> Result<String, String> + use<> {
    let folder = scenario.parent().map(Path::to_path_buf).unwrap_or_default();
    move |name| read_text(&folder.join(name), TRACE_BYTES_MAX).map_err(|t| t.to_string())
}

/// A new file; one that exists is left alone.
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Trouble> {
    let opened = fs::OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = match opened {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
            return Err(Trouble(format!("{} exists already and was left as it is", path.display())));
        }
        other => other.map_err(|e| trouble("create", path, &e))?,
    };
    file.write_all(bytes).map_err(|e| trouble("write", path, &e))
}

/// Where a report goes unless `--out` says otherwise: `reports/NAME`.
pub fn default_folder(name: &str) -> PathBuf {
    Path::new("reports").join(safe_name(name))
}

/// A name that is one plain folder name on every system.
fn safe_name(name: &str) -> String {
    let plain = |c: char| {
        if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' }
    };
    let name: String = name.chars().map(plain).take(100).collect();
    match name.trim_matches(['.', '-']) {
        "" => "report".into(),
        name => name.into(),
    }
}

/// The folder being written, which an interrupt has to remove; held while folders are swapped.
static UNFINISHED: Mutex<Option<PathBuf>> = Mutex::new(None);

/// Is a journal kept? Then an interrupt says so.
static KEPT: AtomicBool = AtomicBool::new(false);

fn unfinished() -> MutexGuard<'static, Option<PathBuf>> {
    // A poisoned lock still holds a path to clean up.
    UNFINISHED.lock().unwrap_or_else(|e| e.into_inner())
}

/// From now on an interrupt (Ctrl-C) removes what is half written and ends the process as a shell expects.
pub fn leave_nothing_half_written() {
    // Without a handler the real folder is still never half written; only the hidden one would stay.
    let _ = ctrlc::set_handler(|| {
        let folder = unfinished();
        if let Some(path) = folder.as_deref() {
            let _ = fs::remove_dir_all(path);
        }
        if KEPT.load(Ordering::Relaxed) {
            anstream::eprintln!("finished points are kept; the same command goes on from there");
        }
        std::process::exit(130);
    });
}

/// Could a report be written here? Asked before the work, so that nobody waits for a report that has no place.
pub fn can_write_report(folder: &Path) -> Result<(), Trouble> {
    may_replace(folder)?;
    let existing = folder.ancestors().skip(1).find(|a| a.as_os_str().is_empty() || a.exists());
    let parent = existing.filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let probe = parent.join(format!(".kinesim-probe-{}", std::process::id()));
    fs::create_dir(&probe).map_err(|e| trouble("write to", parent, &e))?;
    fs::remove_dir(&probe).map_err(|e| trouble("write to", parent, &e))
}

/// Writes a report folder as a whole, replacing a report of ours.
pub fn write_report(folder: &Path, files: &[File]) -> Result<(), Trouble> {
    // A link is followed, so that the folder it names is replaced and not the link.
    let folder = &fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf());
    may_replace(folder)?;
    let name = folder.file_name().map(|n| n.to_string_lossy().into_owned());
    let Some(name) = name else {
        return Err(Trouble(format!("{} cannot be a report folder", folder.display())));
    };
    let parent = match folder.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        _ => Path::new("."),
    };
    fs::create_dir_all(parent).map_err(|e| trouble("create", parent, &e))?;
    let process = std::process::id();
    let fresh = parent.join(format!(".{name}.new-{process}"));
    let old = parent.join(format!(".{name}.old-{process}"));
    *unfinished() = Some(fresh.clone());
    let done = fill(&fresh, files).and_then(|()| swap(&fresh, folder, &old));
    if done.is_err() {
        let _ = fs::remove_dir_all(&fresh);
    }
    *unfinished() = None;
    done
}

/// Finished points of work that may be interrupted: whole lines in a folder of ours, each written as soon as it is
/// known. A last line that is not whole is left out when they are read.
pub struct Journal(Mutex<fs::File>);

impl Journal {
    /// Opens (or begins) the journal `name` in a report folder, and gives the whole lines it has.
    pub fn open(folder: &Path, name: &str) -> Result<(Journal, Vec<String>), Trouble> {
        may_replace(folder)?;
        fs::create_dir_all(folder).map_err(|e| trouble("create", folder, &e))?;
        let mark = folder.join(MARK);
        fs::write(&mark, b"").map_err(|e| trouble("write", &mark, &e))?;
        let path = folder.join(name);
        let before = match path.exists() {
            true => read_text(&path, TRACE_BYTES_MAX)?,
            false => String::new(),
        };
        let whole = before.rfind('\n').map_or("", |end| &before[..=end]);
        let options = fs::OpenOptions::new().append(true).create(true).open(&path);
        let file = options.map_err(|e| trouble("open", &path, &e))?;
        // What follows begins on a line of its own.
        file.set_len(whole.len() as u64).map_err(|e| trouble("write", &path, &e))?;
        KEPT.store(true, Ordering::Relaxed);
        Ok((Journal(Mutex::new(file)), whole.lines().map(str::to_owned).collect()))
    }

    /// One more line, on disk before this returns.
    pub fn line(&self, text: &str) -> Result<(), Trouble> {
        let mut file = self.0.lock().unwrap_or_else(|e| e.into_inner());
        let written = file.write_all(format!("{text}\n").as_bytes()).and_then(|()| file.flush());
        written.map_err(|e| Trouble(format!("cannot keep a finished point: {e}")))
    }
}

/// A folder may be replaced when it is not there, empty, or marked as ours.
fn may_replace(folder: &Path) -> Result<(), Trouble> {
    let mut entries = match fs::read_dir(folder) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) if e.kind() == io::ErrorKind::NotADirectory => {
            return Err(Trouble(format!("{} is a file, not a folder", folder.display())));
        }
        other => other.map_err(|e| trouble("look into", folder, &e))?,
    };
    if entries.next().is_none() || folder.join(MARK).is_file() {
        return Ok(());
    }
    Err(Trouble(format!(
        "{} is not empty and is no report of kinesim; choose another folder with --out",
        folder.display()
    )))
}

fn fill(fresh: &Path, files: &[File]) -> Result<(), Trouble> {
    // A leftover of a killed process that had our number.
    let _ = fs::remove_dir_all(fresh);
    fs::create_dir(fresh).map_err(|e| trouble("create", fresh, &e))?;
    let mark = File {
        name: MARK.into(),
        bytes: b"A report of kinesim: this folder is replaced as a whole by the next run.\n".to_vec(),
    };
    for file in files.iter().chain([&mark]) {
        let path = fresh.join(&file.name);
        fs::write(&path, &file.bytes).map_err(|e| trouble("write", &path, &e))?;
    }
    Ok(())
}

/// Puts the fresh folder in place. An interrupt waits until this is over.
fn swap(fresh: &Path, folder: &Path, old: &Path) -> Result<(), Trouble> {
    let _no_interrupt = unfinished();
    let replaces = folder.exists();
    if replaces {
        fs::rename(folder, old).map_err(|e| trouble("replace", folder, &e))?;
    }
    if let Err(e) = fs::rename(fresh, folder) {
        if replaces {
            let _ = fs::rename(old, folder);
        }
        return Err(trouble("create", folder, &e));
    }
    if replaces {
        // The new report is in place; what cannot be removed of the old one is no reason to fail.
        let _ = fs::remove_dir_all(old);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An empty folder of this test's own.
    fn place(name: &str) -> PathBuf {
        let place = std::env::temp_dir().join(format!("kinesim-fs-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&place);
        fs::create_dir_all(&place).expect("a temporary folder");
        place
    }

    fn file(name: &str, text: &str) -> File {
        File { name: name.into(), bytes: text.into() }
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder");
        let name = |e: io::Result<fs::DirEntry>| e.expect("entry").file_name().into_string();
        let mut names: Vec<String> = entries.map(|e| name(e).expect("text")).collect();
        names.sort();
        names
    }

    #[test]
    fn a_report_of_ours_is_replaced_as_a_whole() {
        let place = place("replace");
        let folder = place.join("deep/er/launch");
        write_report(&folder, &[file("a.csv", "1"), file("b.csv", "2")]).expect("written");
        write_report(&folder, &[file("a.csv", "3")]).expect("replaced");
        assert_eq!(names(&folder), [MARK, "a.csv"]);
        assert_eq!(fs::read_to_string(folder.join("a.csv")).expect("a.csv"), "3");
        assert_eq!(names(&place.join("deep/er")), ["launch"], "nothing stays beside");
        fs::remove_dir_all(place).expect("cleaned");
    }

    #[test]
    fn a_foreign_folder_is_refused_and_an_empty_one_taken() {
        let place = place("foreign");
        let foreign = place.join("home");
        fs::create_dir(&foreign).expect("folder");
        write_report(&foreign, &[file("a", "1")]).expect("an empty folder is fine");
        fs::remove_file(foreign.join(MARK)).expect("unmarked");
        let refused = write_report(&foreign, &[file("a", "2")]).expect_err("refused");
        assert!(refused.to_string().contains("--out"), "{refused}");
        assert_eq!(fs::read_to_string(foreign.join("a")).expect("kept"), "1");
        let on_file = write_report(&foreign.join("a"), &[]).expect_err("a file");
        assert!(on_file.to_string().contains("is a file"), "{on_file}");
        fs::remove_dir_all(place).expect("cleaned");
    }

    #[test]
    fn what_cannot_be_written_leaves_nothing_behind() {
        let place = place("fails");
        let folder = place.join("r");
        write_report(&folder, &[file("a", "1")]).expect("written");
        let failed = write_report(&folder, &[file("no/such/folder", "2")]);
        assert!(failed.is_err());
        assert_eq!(names(&place), ["r"]);
        assert_eq!(fs::read_to_string(folder.join("a")).expect("the old report"), "1");
        fs::remove_dir_all(place).expect("cleaned");
    }

    #[test]
    fn reading_is_bounded_and_says_what_is_wrong() {
        let place = place("read");
        let path = place.join("s.yaml");
        fs::write(&path, "12345").expect("written");
        assert_eq!(read_text(&path, 5).expect("fits"), "12345");
        let large = read_text(&path, 4).expect_err("too large").to_string();
        assert!(large.contains("larger than 4 B"), "{large}");
        fs::write(&path, b"ab\xff").expect("written");
        let not_text = read_text(&path, 5).expect_err("no text").to_string();
        assert!(not_text.contains("byte 2"), "{not_text}");
        let folder = read_text(&place, 5).expect_err("a folder").to_string();
        assert!(folder.contains("is a folder"), "{folder}");
        let missing = read_text(&place.join("x"), 5).expect_err("missing").to_string();
        assert!(missing.contains("no such file"), "{missing}");
        fs::write(place.join("t.csv"), "t").expect("written");
        assert_eq!(beside(&path)("t.csv").as_deref(), Ok("t"));
        fs::remove_dir_all(place).expect("cleaned");
    }

    #[test]
    fn a_file_that_exists_is_left_alone() {
        let place = place("new");
        let path = place.join("s.yaml");
        write_new(&path, b"mine").expect("new");
        assert!(write_new(&path, b"theirs").is_err());
        assert_eq!(fs::read_to_string(&path).expect("there"), "mine");
        fs::remove_dir_all(place).expect("cleaned");
    }

    #[test]
    fn any_scenario_name_becomes_a_plain_folder_name() {
        assert_eq!(safe_name("launch-day"), "launch-day");
        assert_eq!(safe_name("../../etc"), "etc");
        assert_eq!(safe_name("</script>"), "script");
        assert_eq!(safe_name(".."), "report");
        assert_eq!(safe_name("Größe 1.5"), "Größe-1.5");
    }
}
