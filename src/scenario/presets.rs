//! Places to start: commented scenarios for `kinesim init`.

/// A preset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// Its word.
    pub name: &'static str,
    /// What it is about.
    pub about: &'static str,
    /// The scenario's text.
    pub text: &'static str,
}

/// All presets.
pub const PRESETS: &[Preset] = &[
    Preset {
        name: "iot",
        about: "many devices, one key each, a daily wave",
        text: include_str!("presets/iot.yaml"),
    },
    Preset {
        name: "clickstream",
        about: "web clicks with popular keys and two readers",
        text: include_str!("presets/clickstream.yaml"),
    },
    Preset {
        name: "cdc",
        about: "database changes in groups, nothing may be lost",
        text: include_str!("presets/cdc.yaml"),
    },
    Preset {
        name: "logs",
        about: "bursty logs where the bill counts",
        text: include_str!("presets/logs.yaml"),
    },
    Preset {
        name: "launch-day",
        about: "five times the traffic for twenty minutes",
        text: include_str!("presets/launch-day.yaml"),
    },
    Preset {
        name: "fan-out",
        about: "many readers of one stream",
        text: include_str!("presets/fan-out.yaml"),
    },
    Preset {
        name: "firehose",
        about: "records into files: size, number, freshness and bill",
        text: include_str!("presets/firehose.yaml"),
    },
];

/// A preset by its word.
pub fn preset(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|p| p.name == name)
}
