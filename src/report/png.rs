//! SVG to PNG with resvg and one embedded font, so that a picture looks the same on every machine.

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb::Database};
use std::sync::OnceLock;

/// The regular face; `assets/DejaVu-LICENSE.txt` is its licence.
const REGULAR: &[u8] = include_bytes!("assets/DejaVuSans-subset.ttf");
/// The bold face.
const BOLD: &[u8] = include_bytes!("assets/DejaVuSans-Bold-subset.ttf");
/// Pixels per SVG unit: sharp on a slide and on a dense screen.
const ZOOM: f32 = 2.0;

/// Holds the fonts between pictures; they are read with the first one.
#[derive(Default)]
pub struct Rasteriser {
    options: OnceLock<Options<'static>>,
}

impl Rasteriser {
    /// The picture as PNG; `None` when it is no SVG or larger than memory allows.
    pub fn draw(&self, svg: &str) -> Option<Vec<u8>> {
        let options = self.options.get_or_init(options);
        let tree = Tree::from_str(svg, options).ok()?;
        let size = tree.size().to_int_size().scale_by(ZOOM)?;
        let mut pixels = Pixmap::new(size.width(), size.height())?;
        let zoom = Transform::from_scale(ZOOM, ZOOM);
        resvg::render(&tree, zoom, &mut pixels.as_mut());
        pixels.encode_png().ok()
    }
}

fn options() -> Options<'static> {
    let mut fonts = Database::new();
    fonts.load_font_data(REGULAR.to_vec());
    fonts.load_font_data(BOLD.to_vec());
    fonts.set_sans_serif_family("DejaVu Sans");
    Options { font_family: "DejaVu Sans".into(), fontdb: std::sync::Arc::new(fonts), ..Options::default() }
}
