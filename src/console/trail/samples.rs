//! The pages of the trail with made-up content.

use super::alerts::{AlertLine, AlertsPage};
use super::export::ExportPage;
use super::filters::Filters;
use super::page::{ExportLine, TrailPage};
use super::query::{DayMistake, Mistakes, TrailQuery};
use crate::account::gallery::{Gallery, field, wrong};
use crate::audit::Action;
use crate::audit::alerts::AlertKind;
use crate::base::clock::Clock;
use crate::base::ids::LoginId;
use crate::web::form::Field;
use crate::web::trail::{ChangedField, CheckedItem, TrailLineView};

pub(in crate::console) fn fill_in(gallery: &mut Gallery) {
    let staff = [(LoginId::new(&Clock::System), "編集 <花子>".to_owned())];
    let asked = |fields: &str| serde_urlencoded::from_str::<TrailQuery>(fields).unwrap_or_default();
    let all = format!(
        "from=2026-11-01&to=2026-11-02&staff={}&member=K%3C1&action=staff&outcome=ok",
        staff[0].0
    );
    for (query, mistakes) in [
        ("", Mistakes::default()),
        (all.as_str(), Mistakes::default()),
        (
            "action=sign_out",
            Mistakes { from: Some(DayMistake::NoDay), to: Some(DayMistake::Reversed) },
        ),
    ] {
        for lines in [Vec::new(), lines()] {
            let is_full = !lines.is_empty();
            let address = || is_full.then(|| "/trail?a=b&amp=c".to_owned());
            let export = ExportLine { id: "1".to_owned(), expires_at: "明日".to_owned() };
            gallery.show(&TrailPage {
                filters: Filters::of(&asked(query), mistakes, &staff),
                lines: (mistakes == Mistakes::default()).then_some(lines),
                newest: address(),
                older: address(),
                file: "/trail.csv".to_owned(),
                months: 13,
                exports: if is_full { vec![export] } else { Vec::new() },
            });
        }
    }
    gallery.show(&AlertsPage { alerts: Vec::new() });
    gallery.show(&AlertsPage {
        alerts: AlertKind::ALL
            .into_iter()
            .flat_map(|kind| [(false, false), (false, true), (true, false)].map(|how| (kind, how)))
            .map(|(kind, (seen, own))| AlertLine {
                id: "1".to_owned(),
                kind: kind.name(),
                actor: own.then(|| "編集 <花子>".to_owned()),
                acts: "/trail?staff=1".to_owned(),
                at: "今日".to_owned(),
                people: Some(31),
                seen_at: seen.then(|| "今日".to_owned()),
                seen_name: seen.then(|| "管理 <太郎>".to_owned()),
                own,
            })
            .collect(),
    });
    for (lines, reason) in [(150, Field::default()), (150, field()), (20_001, Field::default())] {
        gallery.show(&ExportPage {
            errors: if reason.error.is_some() { wrong(Some("reason")) } else { Vec::new() },
            query: "a=b&amp=c".to_owned(),
            back: "/trail".to_owned(),
            from: "2026-11-01".to_owned(),
            to: "2026-11-02".to_owned(),
            lines,
            alone: 100,
            most: 20_000,
            reason,
        });
    }
}

/// Returns a line of each action, as full and as bare as lines are.
fn lines() -> Vec<TrailLineView> {
    let text = |text: &str| Some(text.to_owned());
    let full = |action: &Action| TrailLineView {
        id: "1".to_owned(),
        at: "2026年11月21日 10:00:00".to_owned(),
        actor_kind: "staff".to_owned(),
        actor: text("編集 <花子>"),
        roles: text("編集"),
        action: action.name().to_owned(),
        person: text("800-1234-00 の方"),
        target: text("<b>"),
        rows: Some(0),
        outcome: "refused".to_owned(),
        why: text("<why>"),
        reason: text("<理由>"),
        purpose: text("<目的>"),
        case_no: text("<1>"),
        address: text("192.0.2.1"),
        device: text("Chrome（Windows）"),
        request: text("1"),
        approval: text("1"),
        batch: text("1"),
        changed: vec![
            ChangedField { name: "<a>".to_owned(), before: String::new(), after: "<b>".to_owned() },
            ChangedField { name: "<c>".to_owned(), before: "<b>".to_owned(), after: String::new() },
        ],
        checked: [("<氏名>", true), ("<番号>", false)]
            .map(|(name, matched)| CheckedItem { name: name.to_owned(), matched })
            .into(),
        ..TrailLineView::default()
    };
    let bare = |action: &Action| TrailLineView {
        actor_kind: "job".to_owned(),
        action: action.name().to_owned(),
        outcome: "ok".to_owned(),
        ..TrailLineView::default()
    };
    Action::ALL.iter().flat_map(|action| [full(action), bare(action)]).collect()
}
