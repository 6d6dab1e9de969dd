//! 「経過」: what happened to a person, and what staff did, one sentence a line.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use uuid::Uuid;

use crate::audit::LineKey;
use crate::audit::timeline::{self, LinesAbout, TimelinePart};
use crate::base::ids::EventId;
use crate::console::places;
use crate::db::TenantTx;
use crate::web::trail::TrailLineView;

/// The lines on a page.
const PAGE: usize = 50;
/// One more is read, to know if there are older ones.
const LIMIT: i64 = 51;
/// Lines that staff see on a page are of the last thirteen months.
const SHOWN_FOR: TimeDelta = TimeDelta::days(396);

#[derive(Debug, Default, Serialize)]
pub(super) struct Timeline {
    lines: Vec<TrailLineView>,
    /// The page of older lines, if there are any.
    older: Option<String>,
    /// The first page, for one who is on another.
    newest: Option<String>,
}

impl Timeline {
    pub(super) async fn read(
        tx: &mut TenantTx,
        now: DateTime<Utc>,
        whose: LinesAbout<'_>,
        before: Option<LineKey>,
    ) -> Result<Self, sqlx::Error> {
        let part = TimelinePart { since: now - SHOWN_FOR, before, most: LIMIT };
        let mut lines = timeline::read(tx, whose, part).await?;
        let has_older = lines.len() > PAGE;
        lines.truncate(PAGE);
        let path = places::person(whose.member);
        let older = lines.last().filter(|_| has_older).map(|last| {
            let key = address_of(last.key());
            format!("{path}?before={key}#timeline")
        });
        Ok(Self {
            lines: lines.iter().map(|line| TrailLineView::of(line, None)).collect(),
            older,
            newest: before.is_some().then(|| format!("{path}#timeline")),
        })
    }
}

/// Writes the place of a line for an address: its microsecond and its id.
fn address_of(key: LineKey) -> String {
    format!("{}-{}", key.at.timestamp_micros(), key.id)
}

/// Reads the place of a line. Only the spelling of [`address_of`] is one.
pub(super) fn place(text: &str) -> Option<LineKey> {
    let (at, id) = text.split_once('-')?;
    let at = DateTime::from_timestamp_micros(at.parse().ok()?)?;
    let key = LineKey { at, id: EventId(Uuid::parse_str(id).ok()?) };
    (address_of(key) == text).then_some(key)
}

#[cfg(test)]
impl Timeline {
    pub(super) fn sample() -> Self {
        let line = |action: &str| TrailLineView {
            at: "2026年11月21日 10:00:00".to_owned(),
            actor_kind: "staff".to_owned(),
            actor: Some("管理 <花子>".to_owned()),
            action: action.to_owned(),
            outcome: "ok".to_owned(),
            reason: Some("<b>".to_owned()),
            ..TrailLineView::default()
        };
        Self {
            lines: vec![line("person.view"), line("sign_in.complete")],
            older: Some("/people/K1?before=1#timeline".to_owned()),
            newest: Some("/people/K1#timeline".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a3_the_place_of_a_line_has_one_spelling() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        let text = format!("1763686800123456-{id}");
        let key = place(&text).unwrap();
        assert_eq!((address_of(key), key.id.to_string()), (text, id.to_owned()));
        for bad in ["", "1", id, "x-y", "+1-", "99999999999999999999-", "-1763686800123456"] {
            assert_eq!(place(&format!("{bad}{id}")), None, "{bad}");
        }
        assert_eq!(place(&format!("1763686800123456-{}", id.to_uppercase())), None);
    }
}
