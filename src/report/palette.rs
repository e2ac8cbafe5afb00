//! Colours of the Okabe–Ito palette, distinguishable with the common colour blindnesses; one per mode, everywhere.

/// An sRGB colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub u8, pub u8, pub u8);

impl Colour {
    /// `#0072b2`.
    pub fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

/// Blue.
pub const BLUE: Colour = Colour(0x00, 0x72, 0xb2);
/// Vermilion.
pub const VERMILION: Colour = Colour(0xd5, 0x5e, 0x00);
/// Bluish green.
pub const GREEN: Colour = Colour(0x00, 0x9e, 0x73);
/// Reddish purple.
pub const PURPLE: Colour = Colour(0xcc, 0x79, 0xa7);
/// Text and limits.
pub const INK: Colour = Colour(0x26, 0x2b, 0x33);
/// Axis labels and secondary lines.
pub const MUTED: Colour = Colour(0x6b, 0x72, 0x80);
/// Grid lines.
pub const GRID: Colour = Colour(0xe3, 0xe6, 0xea);
/// Behind everything.
pub const PAPER: Colour = Colour(0xff, 0xff, 0xff);

/// The colour of a capacity mode.
pub fn of_mode(mode: &str) -> Colour {
    match mode {
        "provisioned" => BLUE,
        "on_demand" => VERMILION,
        "on_demand_advantage" => GREEN,
        _ => PURPLE,
    }
}
