//! What `export` writes, held against the tools that read such files, and against figures worked out by hand.

use std::path::{Path, PathBuf};
use std::process::Command;

const FORMATS: [(&str, &str); 5] = [
    ("cloudformation", "cloudformation.yaml"),
    ("terraform", "terraform.tf"),
    ("cdk", "cdk.ts"),
    ("cdk-python", "cdk-python.py"),
    ("cli", "cli.sh"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn export(scenario: &Path, format: &str, more: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kinesim"));
    let done = command.arg("export").arg(scenario).args(["--as", format]).args(more).output().unwrap();
    assert!(done.status.success(), "{}: {}", scenario.display(), String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

fn everything() -> PathBuf {
    root().join("tests/export/everything.yaml")
}

#[test]
fn tools_accept_every_format() {
    let tools = root().join("target/export-tools");
    if !tools.join("python/bin/cfn-lint").exists() || !tools.join("node_modules/aws-cdk-lib").exists() {
        return eprintln!("skipped: run tests/export/install to have the checking tools");
    }
    let folder = std::env::temp_dir().join(format!("kinesim-export-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    // The slow tools see one mode.
    for (mode, formats) in [("provisioned", &FORMATS[..]), ("on_demand_advantage", &FORMATS[..2])] {
        for (format, ending) in formats {
            let text = export(&everything(), format, &["--mode", mode]);
            std::fs::write(folder.join(format!("{mode}.{ending}")), text).unwrap();
        }
    }
    // Every committed scenario, in the two formats whose tools are quick.
    for entry in std::fs::read_dir(root().join("scenarios")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "yaml") {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            for (format, ending) in &FORMATS[..2] {
                std::fs::write(folder.join(format!("{name}.{ending}")), export(&path, format, &[])).unwrap();
            }
        }
    }
    let mut check = Command::new(tools.join("python/bin/python"));
    let done = check.arg(root().join("tests/export/check.py")).arg(&folder).arg(&tools).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(done.status.success(), "{said}");
}

/// The lines of an alarm from its name on.
fn alarm<'a>(template: &'a str, id: &str) -> &'a str {
    let from = template.find(&format!("  {id}Alarm:\n")).unwrap_or_else(|| panic!("no alarm {id}"));
    let rest = &template[from..];
    rest.find("      AlarmActions").map_or(rest, |end| &rest[..end])
}

#[test]
fn alarms_stand_at_the_limits() {
    let template = export(&everything(), "cloudformation", &[]);
    let threshold = |id: &str, n: u64| {
        let alarm = alarm(&template, id);
        assert!(alarm.contains(&format!("      Threshold: {n}\n")), "{alarm}");
    };
    // 80 % of 8 shards: 1,000 records and 1 MiB a second each, over a minute.
    threshold("RecordsNearLimit", 8 * 1_000 * 60 * 8 / 10);
    threshold("BytesNearLimit", 8 * (1 << 20) * 60 * 8 / 10);
    // The goal's 30 s, and half of the retention of 72 h.
    threshold("DashboardBehind", 30_000);
    threshold("FraudBehind", 36 * 3_600_000);
    threshold("AlertsBehind", 36 * 3_600_000);
    threshold("LakeStale", 900);
    threshold("RawThrottled", 0);
    // CloudWatch cannot tell one polling reader from another.
    assert!(!template.contains("AuditBehind"));
}

#[test]
fn the_mode_is_the_goals_unless_another_is_asked_for() {
    let own = export(&everything(), "cloudformation", &[]);
    assert!(own.contains("StreamMode: \"PROVISIONED\"") && own.contains("ShardCount: 8"));
    let other = export(&everything(), "cloudformation", &["--mode", "on_demand_advantage"]);
    assert!(other.contains("StreamMode: \"ON_DEMAND\"") && !other.contains("ShardCount"));
    assert!(other.contains("WarmThroughputMiBps: 40") && other.contains("update-account-settings"));
    assert!(!other.contains("NearLimit"), "an on-demand stream has no fixed capacity to be near");
}
