//! The pages of the settings with made-up content.

use super::confirm::{ChangeLine, PolicyConfirmPage};
use super::form::{PolicyPage, PolicyVersionLine, field as setting_field};
use crate::account::gallery::{Gallery, field, wrong};
use crate::tenant::file::{EXAMPLE, parse};
use crate::tenant::policy::opened::SETTINGS;
use crate::web::form::Field;

pub(in crate::console) fn fill_in(gallery: &mut Gallery) {
    for errors in [Vec::new(), wrong(Some("sign_in.lock_after"))] {
        let config = parse(EXAMPLE).unwrap();
        let typed = std::collections::BTreeMap::new();
        let fields = SETTINGS.iter().map(|one| setting_field(one, &config, &typed, &errors));
        gallery.show(&PolicyPage {
            fields: fields.collect(),
            version: 2,
            versions: vec![version(2, Some("管理 <花子>")), version(1, None)],
            errors,
        });
    }
    let versions = vec![version(1, None)];
    gallery.show(&PolicyPage { fields: Vec::new(), version: 1, versions, errors: Vec::new() });
    gallery.show(&confirm());
    let (changes, errors) = (Vec::new(), wrong(None));
    gallery.show(&PolicyConfirmPage { changes, errors, back_to: Some(1), ..confirm() });
    let (effects, errors) = (Vec::new(), wrong(Some("reason")));
    let reason = field();
    gallery.show(&PolicyConfirmPage { effects, has_approver: false, errors, reason, ..confirm() });
}

fn version(version: i32, by: Option<&str>) -> PolicyVersionLine {
    PolicyVersionLine {
        version,
        at: "2026年11月21日 10:00".to_owned(),
        by: by.map(str::to_owned),
        note: by.map(|_| "受付時間の<変更>".to_owned()).unwrap_or_default(),
        enabled: by.is_some(),
    }
}

fn confirm() -> PolicyConfirmPage {
    PolicyConfirmPage {
        version: 2,
        back_to: None,
        changes: vec![ChangeLine {
            path: "contact.note",
            label: "お問い合わせ先の注記",
            before: "なし".to_owned(),
            after: "「<新>」".to_owned(),
            typed: "<新>\n2行目".to_owned(),
        }],
        effects: vec!["画面の表示が変わる<人>：12人".to_owned()],
        has_approver: true,
        errors: Vec::new(),
        reason: Field::default(),
    }
}
