//! A line of the trail as one sentence of plain text, as files contain it. Pages draw the same component.

use tera::{Context, Tera};

use crate::web::trail::TrailLineView;

const TEMPLATE: &str = "components/console/trail_sentence.txt";

/// Writes a line in one sentence.
///
/// # Errors
/// The template reads a field that the line doesn't have.
pub(super) fn sentence(templates: &Tera, line: &TrailLineView) -> Result<String, tera::Error> {
    let mut context = Context::new();
    context.insert("line", line);
    templates.render(TEMPLATE, &context)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{ActOutcome, Action};
    use crate::web::page::Pages;

    fn by_staff(action: Action) -> TrailLineView {
        TrailLineView {
            actor_kind: "staff".to_owned(),
            actor: Some("編集 花子".to_owned()),
            roles: Some("編集".to_owned()),
            action: action.name().to_owned(),
            person: Some("800-1234-00 の方".to_owned()),
            outcome: action.outcome().name().to_owned(),
            refusal: action.outcome() == ActOutcome::Refused,
            ..TrailLineView::default()
        }
    }

    #[test]
    fn every_action_is_told_in_a_sentence_of_its_own() {
        let pages = Pages::load(|_| None).unwrap();
        let tell = |line: &TrailLineView| sentence(&pages.templates(), line).unwrap();
        let mut told = std::collections::HashSet::new();
        for action in Action::ALL {
            let name = action.name();
            let text = tell(&by_staff(*action));
            assert!(text.ends_with('。') && !text.contains('\n'), "{text:?}");
            assert!(!text.contains(name), "{name} has no words: {text}");
            assert!(text.contains("編集 花子さん（編集）"), "{name} names no actor: {text}");
            if action.outcome() == ActOutcome::Refused {
                assert!(text.contains("拒否されました"), "{name} hides its refusal: {text}");
            }
            assert!(told.insert(text.clone()), "{name} has the words of another: {text}");

            let refused = TrailLineView {
                outcome: "refused".to_owned(),
                why: Some("no_right".to_owned()),
                ..by_staff(*action)
            };
            let text = tell(&refused);
            assert!(text.contains("拒否されました（権限がないため）"), "{name}: {text}");
            let failed = TrailLineView { outcome: "failed".to_owned(), ..by_staff(*action) };
            let text = tell(&failed);
            assert!(text.contains("失敗しました") || text.contains("拒否"), "{name}: {text}");
        }
    }

    #[test]
    fn a_sentence_says_who_did_what_to_whom_how_many_and_why() {
        let pages = Pages::load(|_| None).unwrap();
        let tell = |line: &TrailLineView| sentence(&pages.templates(), line).unwrap();
        let line = by_staff(Action::Unlocked);
        assert_eq!(tell(&line), "編集 花子さん（編集）が800-1234-00 の方のロックを解除しました。");
        let line = TrailLineView { reason: Some("<本人>".to_owned()), ..line };
        assert!(tell(&line).ends_with("しました。理由：「<本人>」"), "{}", tell(&line));
        let search =
            TrailLineView { person: None, rows: Some(0), ..by_staff(Action::PeopleSearched) };
        assert_eq!(tell(&search), "編集 花子さん（編集）が加入者を検索しました（0件）。");
        let denied = TrailLineView {
            act: Some(Action::MedicalDataViewed.name().to_owned()),
            why: Some("no_right".to_owned()),
            ..by_staff(Action::AuthzDenied)
        };
        assert_eq!(
            tell(&denied),
            "編集 花子さん（編集）が800-1234-00 の方の「医療情報の閲覧」を求め、拒否されました（権限がないため）。"
        );
        let subscriber = |own| TrailLineView {
            actor_kind: "subscriber".to_owned(),
            own,
            unknown: !own,
            action: Action::Locked.name().to_owned(),
            person: Some("800-1234-00 の方".to_owned()),
            outcome: "ok".to_owned(),
            ..TrailLineView::default()
        };
        assert_eq!(
            tell(&subscriber(false)),
            "800-1234-00 の方のアカウントがロックされました（操作：ログイン前の利用者）。"
        );
        let line =
            TrailLineView { action: Action::SignInComplete.name().to_owned(), ..subscriber(true) };
        assert_eq!(tell(&line), "800-1234-00 の方ご本人がログインを完了しました。");
        let later = TrailLineView { action: "checkups.sent".to_owned(), ..line };
        assert!(tell(&later).contains("「checkups.sent」をしました"), "an act of a later program");
    }
}
