//! A bar chart of what people paid, stacked by person (E8). Pure: sums go in, SVG comes out.
//!
//! The SVG uses attributes alone, without styles or scripts, because the page's security policy forbids both. It has no
//! names in it: a legend beside it explains the colours.

mod legend;
mod scale;

use plotters::prelude::{
    BindKeyPoints as _, ChartBuilder, Color as _, DrawingAreaErrorKind, FontDesc, FontFamily,
    FontStyle, IntoDrawingArea as _, RGBColor, Rectangle, SVGBackend,
};

pub use self::legend::{Legend, PEOPLE};
use self::scale::Scale;
use crate::base::money::Yen;

/// Each colour has a contrast of at least 3:1 against white, and colour-blind people can tell them apart. The legend's
/// `.series-0` to `.series-8` are the same.
const COLOURS: [RGBColor; PEOPLE + 1] = [
    RGBColor(0x09, 0x61, 0xCA),
    RGBColor(0xE6, 0x60, 0x10),
    RGBColor(0x22, 0x2B, 0x22),
    RGBColor(0xC8, 0x73, 0x9F),
    RGBColor(0x95, 0x46, 0x11),
    RGBColor(0x1C, 0x9A, 0xDD),
    RGBColor(0x39, 0x0A, 0x9A),
    RGBColor(0x44, 0x2A, 0x00),
    RGBColor(0x60, 0x60, 0x60),
];
const TEXT: RGBColor = RGBColor(0x33, 0x33, 0x33);
const AXIS: RGBColor = RGBColor(0x66, 0x66, 0x66);
const GRID: RGBColor = RGBColor(0xCC, 0xCC, 0xCC);

/// The height of the letters in pixels. plotters divides a font's size by `PLOTTERS_FONT`.
const LETTERS: u32 = 14;
const PLOTTERS_FONT: f64 = 1.24;
/// Margins around the bars in pixels: labels stand to the left and below; above and to the right half a letter needs room.
const LEFT: u32 = 60;
const BELOW: u32 = 32;
const ABOVE: u32 = 12;
const RIGHT: u32 = 8;
/// Each bar has a slot of 100 units. The bar itself takes at most 70 units and at most 56 pixels.
const PLACE: u32 = 100;
const HALF_BAR: u32 = 35;
const HALF_BAR_PIXELS: u32 = 28;
/// The white gap between one person's part and the next, in pixels.
const GAP: u32 = 2;

/// One bar, with an amount for each colour from the bottom up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    pub label: String,
    /// The label on a phone.
    pub short: String,
    pub parts: Vec<Yen>,
}

/// The width of page that a picture is drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    Desk,
    Phone,
}

impl Size {
    const fn pixels(self) -> (u32, u32) {
        match self {
            Self::Desk => (720, 320),
            Self::Phone => (340, 280),
        }
    }

    fn label(self, bar: &Bar) -> &str {
        match self {
            Self::Desk => &bar.label,
            Self::Phone => &bar.short,
        }
    }
}

/// Draws the picture. Returns `None` if that fails: the page goes without it, since its table has the same figures.
#[must_use]
pub fn svg(bars: &[Bar], size: Size) -> Option<String> {
    let mut picture = String::new();
    match draw(&mut picture, bars, size) {
        Ok(()) => Some(picture),
        Err(error) => {
            tracing::error!(%error, "the chart could not be drawn");
            None
        }
    }
}

fn draw(
    picture: &mut String,
    bars: &[Bar],
    size: Size,
) -> Result<(), DrawingAreaErrorKind<std::io::Error>> {
    let count = u32::try_from(bars.len()).unwrap_or(u32::MAX).max(1);
    let (width, _) = size.pixels();
    let room = ((width - LEFT - RIGHT) / count).max(1);
    let half = HALF_BAR.min(HALF_BAR_PIXELS * PLACE / room);
    let heights = bars.iter().map(|bar| bar.parts.iter().copied().map(height).sum::<u64>());
    let scale = Scale::up_to(heights.max().unwrap_or(0));
    let middle = |place: u32| place * PLACE + PLACE / 2;
    let labelled: Vec<u32> =
        (0..count).rev().step_by(every(bars, size, room)).map(middle).collect();

    let root = SVGBackend::with_string(picture, size.pixels()).into_drawing_area();
    let mut chart = ChartBuilder::on(&root)
        .margin_top(ABOVE)
        .margin_right(RIGHT)
        .x_label_area_size(BELOW)
        .y_label_area_size(LEFT)
        .build_cartesian_2d(
            (0..count * PLACE).with_key_points(labelled),
            (0..scale.top()).with_key_points(scale.marks()),
        )?;
    let letters = f64::from(LETTERS) * PLOTTERS_FONT;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .bold_line_style(GRID)
        .axis_style(AXIS)
        .set_all_tick_mark_size(4)
        .label_style(FontDesc::new(FontFamily::SansSerif, letters, FontStyle::Normal).color(&TEXT))
        .x_label_formatter(&|at: &u32| {
            let bar = usize::try_from(at / PLACE).ok().and_then(|place| bars.get(place));
            bar.map_or_else(String::new, |bar| size.label(bar).to_owned())
        })
        .y_label_formatter(&|yen: &u64| scale.label(*yen))
        .draw()?;
    for (place, bar) in (0..count).zip(bars) {
        let (left, right) = (middle(place) - half, middle(place) + half);
        let mut foot = 0;
        for (colour, part) in COLOURS.iter().zip(&bar.parts) {
            let top = foot + height(*part);
            let mut shape = Rectangle::new([(left, top), (right, foot)], colour.filled());
            let (upper, lower) =
                (chart.backend_coord(&(left, top)).1, chart.backend_coord(&(left, foot)).1);
            // A part that is barely visible keeps all of its height.
            if lower - upper > 2 * GAP.cast_signed() {
                shape.set_margin(GAP, 0, 0, 0);
            }
            if lower > upper {
                chart.plotting_area().draw(&shape)?;
            }
            foot = top;
        }
    }
    root.present()
}

/// Returns the height of a part: at least 0.
fn height(part: Yen) -> u64 {
    part.0.max(0).unsigned_abs()
}

/// Returns `n` if every `n`-th bar gets a label, counted back from the newest, so that no label touches the next.
fn every(bars: &[Bar], size: Size, room: u32) -> usize {
    let tenths = |text: &str| text.chars().map(|c| if c.is_ascii() { 6 } else { 10 }).sum::<u32>();
    let widest = bars.iter().map(|bar| tenths(size.label(bar)) * LETTERS / 10).max().unwrap_or(0);
    usize::try_from((widest + 4).div_ceil(room)).unwrap_or(usize::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use quick_xml::Reader;
    use quick_xml::events::Event;

    use super::*;

    const STYLES: &str = include_str!("../../templates/assets/pages.css");

    fn bar(label: &str, parts: &[i64]) -> Bar {
        let parts = parts.iter().copied().map(Yen).collect();
        Bar { label: label.to_owned(), short: label.to_owned(), parts }
    }

    fn year(parts: &[i64]) -> Vec<Bar> {
        (1..=12).map(|month| bar(&format!("{month}"), parts)).collect()
    }

    /// Returns the texts of a picture, and the colour and height of each filled shape.
    fn read(svg: &str) -> (Vec<String>, Vec<(String, i32)>) {
        let (mut texts, mut filled) = (Vec::new(), Vec::new());
        let mut reader = Reader::from_str(svg);
        loop {
            match reader.read_event().unwrap() {
                Event::Eof => return (texts, filled),
                Event::Empty(tag) if tag.name().0 == "rect" => {
                    let attribute = |name: &str| {
                        tag.try_get_attribute(name).unwrap().unwrap().value.into_owned()
                    };
                    filled.push((attribute("fill"), attribute("height").parse().unwrap()));
                }
                Event::Start(tag) if tag.name().0 == "text" => {
                    let text = reader.read_text(tag.name()).unwrap();
                    texts.push(text.trim().to_owned());
                }
                _ => {}
            }
        }
    }

    #[test]
    fn e8_bars_are_as_high_as_what_was_paid() {
        for size in [Size::Desk, Size::Phone] {
            let bars = [bar("2025", &[3_000, 1_000]), bar("2026", &[0, 2_000])];
            let (mut texts, filled) = read(&svg(&bars, size).unwrap());
            texts.sort_unstable();
            assert_eq!(texts, ["0", "1,000", "2,000", "2025", "2026", "3,000", "4,000"]);
            let tall: Vec<i32> = filled.iter().map(|(_, height)| height + 2).collect();
            let colours: Vec<&str> = filled.iter().map(|(colour, _)| colour.as_str()).collect();
            assert_eq!(colours, ["#0961CA", "#E66010", "#E66010"]);
            assert!((tall[0] - 3 * tall[1]).abs() <= 2, "{tall:?}");
            assert!((tall[2] - 2 * tall[1]).abs() <= 2, "{tall:?}");
        }
    }

    #[test]
    fn e8_every_month_has_its_label_on_a_phone_too() {
        for size in [Size::Desk, Size::Phone] {
            let (texts, _) = read(&svg(&year(&[1_000]), size).unwrap());
            for month in 1..=12 {
                assert!(texts.contains(&month.to_string()), "{month}: {texts:?}");
            }
        }
        let years: Vec<Bar> = (2017..=2026).map(|year| bar(&year.to_string(), &[1])).collect();
        let (texts, _) = read(&svg(&years, Size::Phone).unwrap());
        let shown = |year: &str| texts.iter().any(|text| text == year);
        assert!(shown("2026") && !shown("2025"), "the newest has one: {texts:?}");
    }

    #[test]
    fn e8_a_picture_is_well_formed_and_needs_neither_style_nor_script() {
        let mut pictures = vec![year(&[0; 9]), year(&[i64::from(u32::MAX); 9]), vec![bar("", &[])]];
        for label in ["<script>alert(1)</script>", "a\" onload='b'", "]]>&amp;", "𠮷<style>"] {
            pictures.push(vec![bar(label, &[1, 0, -5, 20_000])]);
        }
        for bars in pictures {
            for size in [Size::Desk, Size::Phone] {
                let svg = svg(&bars, size).unwrap();
                assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"), "{svg}");
                for forbidden in [" style=", "<style", "<script", "href", "onload='", "]]>"] {
                    assert!(!svg.contains(forbidden), "{forbidden}: {svg}");
                }
                read(&svg);
            }
        }
    }

    #[test]
    fn e8_the_legend_has_the_colours_of_the_bars() {
        for (series, RGBColor(red, green, blue)) in COLOURS.into_iter().enumerate() {
            let colour = format!("#{red:02x}{green:02x}{blue:02x}");
            let rule = format!(".series-{series} {{ background: {colour}; }}");
            assert!(STYLES.contains(&rule), "{rule}");
        }
    }

    /// WCAG 1.4.11
    #[test]
    fn e8_every_colour_stands_out_against_white() {
        let linear = |channel: u8| {
            let c = f64::from(channel) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        for RGBColor(red, green, blue) in COLOURS {
            let light = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
            assert!(1.05 / (light + 0.05) >= 3.0, "{red:02x}{green:02x}{blue:02x}");
        }
    }
}
