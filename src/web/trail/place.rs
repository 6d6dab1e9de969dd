//! The place of a line in the trail, as addresses have it: the next page goes on from there.

use chrono::DateTime;
use uuid::Uuid;

use crate::audit::LineKey;
use crate::base::ids::EventId;

/// Writes a line's place for an address.
#[must_use]
pub fn place(key: LineKey) -> String {
    format!("{}-{}", key.at.timestamp_micros(), key.id.0.simple())
}

/// Reads a place; `None` if the text is none.
#[must_use]
pub fn read_place(text: &str) -> Option<LineKey> {
    let (at, id) = text.split_once('-')?;
    let at = DateTime::from_timestamp_micros(at.parse().ok()?)?;
    Some(LineKey { at, id: EventId(Uuid::try_parse(id).ok()?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_comes_back_from_an_address() {
        let key = LineKey {
            at: "2026-11-29T01:02:03.456789Z".parse().unwrap(),
            id: EventId("01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap()),
        };
        assert_eq!(read_place(&place(key)), Some(key));
        for text in ["", "x", "1", "1-2", "99999999999999999999-0", "-1-x"] {
            assert_eq!(read_place(text), None, "{text}");
        }
    }
}
