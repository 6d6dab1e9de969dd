//! 「医療費控除申告用データを取得する」 (D1–D4): the choice of a file and a year, and a preview of the file.

use std::ops::RangeInclusive;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use crate::expenses::deduction::{self, Deduction};
use crate::expenses::etax;
use crate::portal::places::EXPENSES_DEDUCTION;
use crate::portal::records::period;
use crate::records::reader::Reader;
use crate::web::error::WebError;
use crate::web::form::{Field, FormError, RadioButton, status_of, summary};
use crate::web::identity::{Subscriber, Visitor};
use crate::web::page::Page;
use crate::web::state::{App, AppState};

/// The formats of the file for a tax return.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::portal) enum DeductionFormat {
    Xml,
    Csv,
    Pdf,
}

impl DeductionFormat {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "xml" => Some(Self::Xml),
            "csv" => Some(Self::Csv),
            "pdf" => Some(Self::Pdf),
            _ => None,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Xml => "xml",
            Self::Csv => "csv",
            Self::Pdf => "pdf",
        }
    }
}

/// The union's signature of XML files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::portal) enum Signing {
    /// The union has no key yet, so it offers no XML.
    None,
    /// The key is self-signed, so files are only samples.
    Sample,
    Offered,
}

impl Signing {
    pub(super) fn of(app: &App, visitor: &Visitor) -> Self {
        match app.signing.of(visitor.tenant.config.slug.as_str(), app.clock.now()) {
            None => Self::None,
            Some(key) if key.self_signed => Self::Sample,
            Some(_) => Self::Offered,
        }
    }
}

/// The three files to choose from.
#[derive(Debug, Serialize)]
pub(in crate::portal) struct DeductionChoice {
    pub(in crate::portal) signing: Signing,
}

impl Page for DeductionChoice {
    const TEMPLATE: &'static str = "portal/expenses/deduction.html";
}

pub(super) async fn choose(
    State(app): State<AppState>,
    Subscriber { visitor, .. }: Subscriber,
) -> Result<Response, WebError> {
    let signing = Signing::of(&app, &visitor);
    visitor.page(&app, StatusCode::OK, &DeductionChoice { signing })
}

#[derive(Debug, Serialize)]
pub(in crate::portal) struct DeductionPage {
    format: DeductionFormat,
    signing: Signing,
    years: Vec<RadioButton>,
    form: YearForm,
    shown: Option<DeductionContents>,
}

#[derive(Debug, Serialize)]
struct YearForm {
    errors: Vec<FormError>,
    year: Field,
}

/// The contents of a year's file.
#[derive(Debug, Serialize)]
struct DeductionContents {
    year: i32,
    insured: String,
    lines: Vec<ShownLine>,
    total: String,
    /// True if the notes have to explain a computed amount.
    computed: bool,
    hides_somebody: bool,
    /// The reasons why no XML can be made.
    unfit: Vec<String>,
    file: String,
}

#[derive(Debug, Serialize)]
struct ShownLine {
    treatment_month: String,
    patient: String,
    institution: String,
    paid: String,
}

impl Page for DeductionPage {
    const TEMPLATE: &'static str = "portal/expenses/deduction_file.html";
}

#[derive(Debug, Deserialize)]
pub(super) struct YearQuery {
    year: Option<String>,
}

impl DeductionPage {
    /// `year` is the requested year as the address has it. `of_year` are its rows; `None` if it can't be chosen.
    pub(in crate::portal) fn of(
        format: DeductionFormat,
        signing: Signing,
        years: RangeInclusive<i32>,
        year: Option<&str>,
        of_year: Option<&Deduction>,
    ) -> Self {
        let (oldest, newest) = (*years.start(), *years.end());
        let value = year.map_or_else(|| newest.to_string(), str::to_owned);
        let mut form = YearForm { errors: Vec::new(), year: Field::with_value(&value) };
        if year.is_some() && of_year.is_none() {
            form.year.error =
                Some(format!("発行対象年は{oldest}年から{newest}年までの中から選んでください。"));
            form.errors = summary(&[("year", &form.year)]);
        }
        let choice = |year: i32| RadioButton {
            checked: year.to_string() == value,
            value: year.to_string(),
            label: format!("{year}年"),
            recommended: false,
        };
        Self {
            format,
            signing,
            years: years.rev().map(choice).collect(),
            form,
            shown: of_year.map(|deduction| DeductionContents::of(format, deduction)),
        }
    }
}

impl DeductionContents {
    fn of(format: DeductionFormat, deduction: &Deduction) -> Self {
        let unfit = match format {
            DeductionFormat::Xml if !deduction.lines.is_empty() => {
                etax::unfit(deduction).iter().map(ToString::to_string).collect()
            }
            _ => Vec::new(),
        };
        let lines = deduction.lines.iter().map(|line| ShownLine {
            treatment_month: line.treatment_month.slashed(),
            patient: line.patient.clone(),
            institution: line.institution.clone(),
            paid: line.shown(),
        });
        Self {
            year: deduction.year,
            insured: deduction.insured.clone(),
            lines: lines.collect(),
            total: deduction.total().to_string(),
            computed: deduction.is_computed(),
            hides_somebody: deduction.hides_somebody,
            unfit,
            file: format!("{EXPENSES_DEDUCTION}/{}/{}", format.name(), deduction.year),
        }
    }
}

/// Parses the year of an address. Returns `None` if it can't be chosen.
pub(super) fn year(text: &str, years: &RangeInclusive<i32>) -> Option<i32> {
    period::year(text).filter(|year| years.contains(year))
}

pub(super) async fn show(
    State(app): State<AppState>,
    Path(format): Path<String>,
    Subscriber { visitor, session, .. }: Subscriber,
    Query(asked): Query<YearQuery>,
) -> Result<Response, WebError> {
    let format = DeductionFormat::parse(&format).ok_or(WebError::NotFound)?;
    let signing = Signing::of(&app, &visitor);
    let years = deduction::years(app.clock.today());
    // Without a key the page has no form.
    let offered = format != DeductionFormat::Xml || signing != Signing::None;
    let asked = asked.year.as_deref().filter(|_| offered);
    let of_year = match asked.and_then(|text| year(text, &years)) {
        Some(year) => {
            let insurer = &visitor.tenant.config.name;
            let mut tx = visitor.begin(&app).await?;
            let found = deduction::of(&mut tx, Reader::of(&session), insurer, year).await?;
            tx.commit().await?;
            Some(found)
        }
        None => None,
    };
    let page = DeductionPage::of(format, signing, years, asked, of_year.as_ref());
    visitor.page(&app, status_of(&page.form.errors), &page)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::money::Yen;
    use crate::base::month::Month;

    fn deduction() -> Deduction {
        let line = |month, institution: &str| deduction::DeductionLine {
            treatment_month: Month::new(2024, month).unwrap(),
            patient: "テスト タロウ".to_owned(),
            institution: institution.to_owned(),
            paid: Yen(3_990),
            computed: false,
        };
        Deduction {
            year: 2024,
            insured: "テスト タロウ".to_owned(),
            insurer: "サンプル健康保険組合".to_owned(),
            lines: vec![line(1, ""), line(2, "サンプルクリニック")],
            hides_somebody: true,
        }
    }

    fn page(year: Option<&str>, of_year: Option<&Deduction>) -> DeductionPage {
        DeductionPage::of(DeductionFormat::Csv, Signing::None, 2021..=2025, year, of_year)
    }

    #[test]
    fn d1_five_years_can_be_chosen_the_newest_first() {
        let page = page(None, None);
        let labels: Vec<&str> = page.years.iter().map(|year| year.label.as_str()).collect();
        assert_eq!(labels, ["2025年", "2024年", "2023年", "2022年", "2021年"]);
        assert!(page.years[0].checked && page.form.errors.is_empty() && page.shown.is_none());
    }

    #[test]
    fn d1_another_year_is_refused_at_its_field() {
        for asked in ["2020", "2026", "", "x", "2025-01", "２０２５"] {
            assert_eq!(year(asked, &(2021..=2025)), None, "{asked}");
            let page = page(Some(asked), None);
            assert_eq!(page.form.errors[0].field, Some("year"));
            let message = "発行対象年は2021年から2025年までの中から選んでください。";
            assert_eq!(page.form.errors[0].message, message);
        }
        assert_eq!(year("2021", &(2021..=2025)), Some(2021));
    }

    #[test]
    fn d2_the_page_shows_what_the_file_will_have() {
        let page = page(Some("2024"), Some(&deduction()));
        assert!(page.form.errors.is_empty() && page.years[1].checked);
        let shown = page.shown.unwrap();
        assert_eq!((shown.lines.len(), shown.total.as_str()), (2, "¥7,980"));
        assert_eq!(shown.lines[0].treatment_month, "2024/01");
        assert_eq!(shown.lines[0].institution, "");
        assert_eq!(shown.file, "/expenses/deduction/csv/2024");
        assert!(shown.hides_somebody && shown.unfit.is_empty());
    }

    #[test]
    fn d1_there_are_three_formats() {
        for format in [DeductionFormat::Xml, DeductionFormat::Csv, DeductionFormat::Pdf] {
            assert_eq!(DeductionFormat::parse(format.name()), Some(format));
        }
        for text in ["XML", "xls", ""] {
            assert_eq!(DeductionFormat::parse(text), None);
        }
    }
}
