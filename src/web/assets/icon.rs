//! The icon that a telephone shows for a union's portal: our sign on the union's colour.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::body::Bytes;

use crate::tenant::policy::brand::Colour;

/// The sizes for Apple's home screen and for a web app manifest.
pub const SIZES: [u32; 3] = [180, 192, 512];

/// The strokes of `favicon.svg`, in its 32 units.
const STROKES: [[(f32, f32); 2]; 3] =
    [[(10.0, 7.0), (10.0, 25.0)], [(22.0, 7.0), (11.0, 16.5)], [(11.0, 16.5), (22.0, 25.0)]];
const HALF_A_STROKE: f32 = 2.0;
const UNITS: f32 = 32.0;

/// Returns the address of a union's icon.
#[must_use]
pub fn icon_url(accent: Colour, size: u32) -> String {
    format!("/assets/icon-{size}.{}.png", accent.to_string().trim_start_matches('#'))
}

/// Icons drawn before. There are as many as unions have colours, in three sizes.
#[derive(Debug, Default)]
pub struct Icons(Mutex<HashMap<(Colour, u32), Bytes>>);

impl Icons {
    /// Returns the icon of that name, or `None` if it isn't an icon of this colour.
    #[must_use]
    pub fn get(&self, name: &str, accent: Colour) -> Option<Bytes> {
        let size = SIZES
            .into_iter()
            .find(|size| icon_url(accent, *size).ends_with(&format!("/{name}")))?;
        let mut drawn = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(icon) = drawn.get(&(accent, size)) {
            return Some(icon.clone());
        }
        let icon = Bytes::from(draw(accent, size)?);
        drawn.insert((accent, size), icon.clone());
        Some(icon)
    }
}

/// Draws a PNG. Its corners are filled, because each system cuts its own shape out.
fn draw(accent: Colour, size: u32) -> Option<Vec<u8>> {
    let unit = UNITS / size as f32;
    let mut pixels = Vec::with_capacity(size as usize * size as usize * 3);
    for row in 0..size {
        for column in 0..size {
            let point = ((column as f32 + 0.5) * unit, (row as f32 + 0.5) * unit);
            let distances = STROKES.iter().map(|stroke| distance(point, *stroke));
            let nearest = distances.fold(f32::INFINITY, f32::min);
            // A pixel on the edge is partly white.
            let white = ((HALF_A_STROKE - nearest) / unit + 0.5).clamp(0.0, 1.0);
            let mixed = |channel: u8| f32::from(channel) + (255.0 - f32::from(channel)) * white;
            pixels.extend(accent.rgb().map(|channel| mixed(channel).round() as u8));
        }
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, size, size);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(&pixels).ok()?;
    writer.finish().ok()?;
    Some(file)
}

/// Returns how far a point is from the middle line of a stroke.
fn distance(point: (f32, f32), [from, to]: [(f32, f32); 2]) -> f32 {
    let along = (to.0 - from.0, to.1 - from.1);
    let offset = (point.0 - from.0, point.1 - from.1);
    let length = along.0 * along.0 + along.1 * along.1;
    let part = ((offset.0 * along.0 + offset.1 * along.1) / length).clamp(0.0, 1.0);
    (offset.0 - part * along.0).hypot(offset.1 - part * along.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_the_unions_colour_and_our_sign_and_is_drawn_once() {
        let accent = Colour::try_from("#8a2f6b".to_owned()).unwrap();
        let icons = Icons::default();
        for size in SIZES {
            let name = format!("icon-{size}.8a2f6b.png");
            let file = icons.get(&name, accent).unwrap();
            assert_eq!(icons.get(&name, accent).unwrap().as_ptr(), file.as_ptr());
            let mut reader =
                png::Decoder::new(std::io::Cursor::new(&file[..])).read_info().unwrap();
            let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
            let info = reader.next_frame(&mut pixels).unwrap();
            assert_eq!((info.width, info.height), (size, size));
            let at = |x: u32, y: u32| {
                let place = ((y * size / 32 * size + x * size / 32) * 3) as usize;
                [pixels[place], pixels[place + 1], pixels[place + 2]]
            };
            assert_eq!(at(0, 0), [0x8a, 0x2f, 0x6b]);
            assert_eq!(at(10, 16), [255, 255, 255]);
        }
        let other = Colour::try_from("#000000".to_owned()).unwrap();
        assert!(icons.get("icon-180.8a2f6b.png", other).is_none(), "another union's");
        assert!(icons.get("icon-181.8a2f6b.png", accent).is_none());
    }
}
