//! Medical expenses and the data for a tax return.

use super::{Gallery, field, wrong};
use crate::base::money::Yen;
use crate::base::month::Month;
use crate::expenses::care::Care;
use crate::expenses::deduction::{Deduction, DeductionLine};
use crate::expenses::ledger::{ExpenseRow, MonthSum, PersonSum};
use crate::portal::expenses::deduction::{
    DeductionChoice, DeductionFormat, DeductionPage, Signing,
};
use crate::portal::expenses::graph::Graph;
use crate::portal::expenses::history::History;
use crate::portal::expenses::overview::Overview;
use crate::portal::expenses::search::samples;
use crate::portal::expenses::settings::{SettingsForm, SettingsPage};
use crate::portal::expenses::statement::StatementPage;
use crate::portal::records::period::Period;
use crate::records::filter::{Choices, Relative};

fn month(year: i32, month: u32) -> Month {
    Month::new(year, month).unwrap()
}

fn row(institution: &str, remarks: &str, computed: bool) -> ExpenseRow {
    ExpenseRow {
        treatment_month: month(2025, 1),
        patient: "テスト タロウ".to_owned(),
        institution: institution.to_owned(),
        care: Care::Outpatient,
        days: 1,
        total: Yen(12_960),
        insurer: Yen(9_072),
        public: Yen(3_588),
        out_of_pocket: Yen(300),
        computed,
        remarks: remarks.to_owned(),
    }
}

/// Makes rows as in the sample, none, and as many as a year has at most.
fn statements() -> [Vec<ExpenseRow>; 3] {
    let few = vec![row("サンプルクリニック", "", false), row("", "<b>備考</b>", true)];
    let many = (0..300).map(|number| {
        let row = row(&format!("第{number}病院"), "", number % 2 == 0);
        ExpenseRow { treatment_month: row.treatment_month.plus(number / 30), ..row }
    });
    [few, Vec::new(), many.collect()]
}

fn choices() -> Choices {
    let relative = |member: &str, kana: &str| Relative { member: member.into(), kana: kana.into() };
    Choices {
        months: vec![month(2025, 3), month(2025, 1)],
        family: vec![relative("K1", "テスト タロウ"), relative("K2", "<b>\"ハナコ\"")],
    }
}

pub(super) fn show(gallery: &mut Gallery) {
    let months = [month(2026, 1), month(2025, 3), month(2024, 12)]
        .map(|month| MonthSum { month, out_of_pocket: Yen(1_914) });
    for (months, hides) in [(&months[..], false), (&months[..0], true)] {
        gallery.show(&Overview::of(months, 2026, hides, !hides));
        gallery.show(&History::of(months, &choices(), hides));
    }
    for rows in statements() {
        let hides = rows.len() > 2;
        let nearest = [(!hides).then_some(month(2024, 12)), Some(month(2026, 1))];
        let period = Period::month("2025-03").unwrap();
        gallery.show(&StatementPage::of(period, nearest, rows.clone(), hides));
        let period = Period::year("2026").unwrap();
        gallery.show(&StatementPage::of(period, nearest, rows.clone(), hides));
        for query in ["", "from=2025-01&to=2025-03&patient=K2", "from=2025-03&to=2025-01", "to=x"] {
            gallery.show(&samples::page(query, &choices(), rows.clone(), hides));
        }
    }
    graphs(gallery);
    deductions(gallery);
    settings(gallery);
}

fn graphs(gallery: &mut Gallery) {
    let sums: Vec<PersonSum> = (0..10)
        .map(|person| PersonSum {
            month: month(2026, 9),
            member: person.to_string(),
            patient: format!("<b>{person}&\""),
            out_of_pocket: Yen(1_000 * person),
        })
        .collect();
    for (sums, year, hides) in
        [(&sums[..], 2026, true), (&sums[..1], 2025, false), (&sums[..0], 2026, true)]
    {
        gallery.show(&Graph::of(sums, month(year, 1), hides));
    }
}

fn deductions(gallery: &mut Gallery) {
    let line = |institution: &str| DeductionLine {
        treatment_month: month(2025, 1),
        patient: "テスト タロウ".to_owned(),
        institution: institution.to_owned(),
        paid: Yen(3_990),
        computed: false,
    };
    let of_year = |lines: Vec<DeductionLine>, hides_somebody: bool| Deduction {
        year: 2025,
        insured: "テスト タロウ".to_owned(),
        insurer: "サンプル健康保険組合".to_owned(),
        lines,
        hides_somebody,
    };
    let mut nameless = line("サンプルクリニック");
    nameless.patient = String::new();
    let years = [
        of_year(vec![line(""), line("サンプルクリニック")], true),
        of_year(vec![nameless], false),
        of_year(Vec::new(), false),
    ];
    for signing in [Signing::None, Signing::Sample, Signing::Offered] {
        gallery.show(&DeductionChoice { signing });
        for format in [DeductionFormat::Xml, DeductionFormat::Csv, DeductionFormat::Pdf] {
            let page =
                |year, of_year| DeductionPage::of(format, signing, 2021..=2025, year, of_year);
            gallery.show(&page(None, None));
            gallery.show(&page(Some("<2020>"), None));
            for of_year in &years {
                gallery.show(&page(Some("2025"), Some(of_year)));
            }
        }
    }
}

fn settings(gallery: &mut Gallery) {
    for minor in [false, true] {
        gallery.show(&SettingsPage { minor, ..Default::default() });
        gallery.show(&SettingsPage {
            changed: true,
            minor,
            private_since: (!minor).then(|| "2026年11月21日".to_owned()),
            sends_mail: true,
            wants_mail: minor,
            email: minor.then(|| "taro@example.jp".to_owned()),
            form: SettingsForm { errors: wrong(Some("privacy")), privacy: field(), mail: true },
        });
    }
}
