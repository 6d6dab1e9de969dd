//! 「診療年月・受診者で絞り込む」 (E5): the form of a filter, and its values.

use serde::{Deserialize, Serialize};

use crate::base::month::Month;
use crate::records::filter::{Choices, Filter, Relative};
use crate::web::form::{Field, FormError, RadioButton, summary};

const UNKNOWN_MONTH: &str = "診療年月を一覧から選択してください。";
const REVERSED: &str =
    "終わりの診療年月には、始まりの診療年月か、それより後の年月を選択してください。";

/// The values of a filter in an address. An empty value sets no limit.
#[derive(Debug, Default, Deserialize)]
pub(in crate::portal) struct FilterQuery {
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    patient: String,
}

#[derive(Debug, Serialize)]
pub(in crate::portal) struct FilterForm {
    pub(in crate::portal) errors: Vec<FormError>,
    from: Field,
    to: Field,
    patient: Field,
    from_choices: Vec<RadioButton>,
    to_choices: Vec<RadioButton>,
    patient_choices: Vec<RadioButton>,
}

/// A filter without mistakes, and the name of its person.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::portal) struct Narrowed {
    pub(in crate::portal) filter: Filter,
    patient: Option<String>,
}

/// The address names a person who doesn't exist, or whose rows the reader may not read.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::portal) struct UnknownPatient;

impl FilterQuery {
    /// Returns the form and the filter; no filter if there are mistakes, which the form shows.
    pub(in crate::portal) fn read(
        &self,
        choices: &Choices,
    ) -> Result<(FilterForm, Option<Narrowed>), UnknownPatient> {
        let patient = match self.patient.as_str() {
            "" => None,
            code => {
                let known = choices.family.iter().find(|relative| relative.member == code);
                Some(known.ok_or(UnknownPatient)?)
            }
        };
        let (from, to) = (month(&self.from), month(&self.to));
        let mut form = FilterForm::of(
            choices,
            from.unwrap_or_default(),
            to.unwrap_or_default(),
            patient.map_or("", |relative| relative.member.as_str()),
        );
        form.from.error = from.is_err().then(|| UNKNOWN_MONTH.to_owned());
        form.to.error = to.is_err().then(|| UNKNOWN_MONTH.to_owned());
        if let (Ok(Some(from)), Ok(Some(to))) = (from, to)
            && from > to
        {
            form.to.error = Some(REVERSED.to_owned());
        }
        form.errors = summary(&[("from", &form.from), ("to", &form.to)]);
        let narrowed = form.errors.is_empty().then(|| Narrowed {
            filter: Filter {
                from: from.unwrap_or_default(),
                to: to.unwrap_or_default(),
                member: patient.map(|relative| relative.member.clone()),
            },
            patient: patient.map(|relative| relative.kana.clone()),
        });
        Ok((form, narrowed))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct NoMonth;

/// Parses a month of an address.
fn month(text: &str) -> Result<Option<Month>, NoMonth> {
    match text {
        "" => Ok(None),
        text => Month::parse(text).map(Some).ok_or(NoMonth),
    }
}

impl FilterForm {
    /// Makes a form with nothing chosen.
    pub(in crate::portal) fn new(choices: &Choices) -> Self {
        Self::of(choices, None, None, "")
    }

    fn of(choices: &Choices, from: Option<Month>, to: Option<Month>, patient: &str) -> Self {
        let chosen = |month: Option<Month>| Field::with_value(&text(month));
        Self {
            errors: Vec::new(),
            from: chosen(from),
            to: chosen(to),
            patient: Field::with_value(patient),
            from_choices: month_choices(&choices.months, from),
            to_choices: month_choices(&choices.months, to),
            patient_choices: patient_choices(&choices.family, patient),
        }
    }
}

fn text(month: Option<Month>) -> String {
    month.map(|month| month.to_string()).unwrap_or_default()
}

/// Returns the choices of months, newest first. The chosen month is among them even if it has no rows.
fn month_choices(months: &[Month], chosen: Option<Month>) -> Vec<RadioButton> {
    let mut months = months.to_vec();
    months.extend(chosen);
    months.sort_unstable_by(|a, b| b.cmp(a));
    months.dedup();
    let none = choice("", "指定なし", chosen.is_none());
    let rest = months
        .into_iter()
        .map(|month| choice(&month.to_string(), &month.japanese(), chosen == Some(month)));
    std::iter::once(none).chain(rest).collect()
}

fn patient_choices(family: &[Relative], chosen: &str) -> Vec<RadioButton> {
    let all = choice("", "全員", chosen.is_empty());
    let rest = family
        .iter()
        .map(|relative| choice(&relative.member, &relative.kana, chosen == relative.member));
    std::iter::once(all).chain(rest).collect()
}

fn choice(value: &str, label: &str, checked: bool) -> RadioButton {
    RadioButton { value: value.to_owned(), label: label.to_owned(), recommended: false, checked }
}

impl Narrowed {
    /// `from=2025-01&patient=K2`
    pub(in crate::portal) fn query(&self) -> String {
        let Filter { from, to, member } = &self.filter;
        let fields: Vec<(&str, String)> = [
            ("from", text(*from)),
            ("to", text(*to)),
            ("patient", member.clone().unwrap_or_default()),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect();
        serde_urlencoded::to_string(fields).unwrap_or_default()
    }

    /// Returns 「2025年1月から2025年3月まで」; `None` if months are not limited.
    pub(in crate::portal) fn months(&self) -> Option<String> {
        let until = |month: Month| format!("{}まで", month.japanese());
        match (self.filter.from, self.filter.to) {
            (None, None) => None,
            (Some(from), Some(to)) if from == to => Some(from.japanese()),
            (Some(from), Some(to)) => Some(format!("{}から{}", from.japanese(), until(to))),
            (Some(from), None) => Some(format!("{}から", from.japanese())),
            (None, Some(to)) => Some(until(to)),
        }
    }

    /// Returns all limits in words.
    pub(in crate::portal) fn words(&self) -> String {
        let months = self.months().unwrap_or_else(|| "指定なし".to_owned());
        let patient = self.patient.as_deref().unwrap_or("全員");
        format!("診療年月：{months}　受診者：{patient}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices() -> Choices {
        let relative =
            |member: &str, kana: &str| Relative { member: member.into(), kana: kana.into() };
        Choices {
            months: [(2025, 3), (2025, 1)]
                .map(|(year, month)| Month::new(year, month).unwrap())
                .into(),
            family: vec![relative("K1", "テスト タロウ"), relative("K2", "テスト ハナコ")],
        }
    }

    fn asked(from: &str, to: &str, patient: &str) -> FilterQuery {
        FilterQuery { from: from.into(), to: to.into(), patient: patient.into() }
    }

    fn checked(choices: &[RadioButton]) -> Vec<&str> {
        choices.iter().filter(|choice| choice.checked).map(|choice| choice.label.as_str()).collect()
    }

    #[test]
    fn e5_what_was_chosen_narrows_down_and_stays_chosen() {
        for (from, to, patient, words, query) in [
            ("", "", "", "診療年月：指定なし　受診者：全員", ""),
            ("2025-01", "", "", "診療年月：2025年1月から　受診者：全員", "from=2025-01"),
            (
                "",
                "2025-03",
                "K1",
                "診療年月：2025年3月まで　受診者：テスト タロウ",
                "to=2025-03&patient=K1",
            ),
            (
                "2025-01",
                "2025-01",
                "",
                "診療年月：2025年1月　受診者：全員",
                "from=2025-01&to=2025-01",
            ),
            (
                "2025-01",
                "2025-03",
                "K2",
                "診療年月：2025年1月から2025年3月まで　受診者：テスト ハナコ",
                "from=2025-01&to=2025-03&patient=K2",
            ),
        ] {
            let (form, narrowed) = asked(from, to, patient).read(&choices()).unwrap();
            let narrowed = narrowed.unwrap();
            assert!(form.errors.is_empty());
            assert_eq!((narrowed.words().as_str(), narrowed.query().as_str()), (words, query));
            assert_eq!(narrowed.filter.member.as_deref().unwrap_or_default(), patient);
            assert_eq!((form.from.value.as_str(), form.to.value.as_str()), (from, to));
            for choices in [&form.from_choices, &form.to_choices, &form.patient_choices] {
                assert_eq!(checked(choices).len(), 1, "{choices:?}");
            }
        }
    }

    #[test]
    fn e5_the_lists_hold_what_there_is_and_what_was_chosen() {
        let labels = |choices: &[RadioButton]| -> Vec<String> {
            choices.iter().map(|choice| choice.label.clone()).collect()
        };
        let form = FilterForm::new(&choices());
        assert_eq!(labels(&form.from_choices), ["指定なし", "2025年3月", "2025年1月"]);
        assert_eq!(labels(&form.patient_choices), ["全員", "テスト タロウ", "テスト ハナコ"]);
        let (form, _) = asked("2025-02", "", "").read(&choices()).unwrap();
        assert_eq!(labels(&form.from_choices), ["指定なし", "2025年3月", "2025年2月", "2025年1月"]);
        assert_eq!(checked(&form.from_choices), ["2025年2月"]);
    }

    #[test]
    fn e5_what_is_no_month_or_runs_backwards_is_told_at_its_field() {
        for (from, to, field, message) in [
            ("2025-13", "", "from", UNKNOWN_MONTH),
            ("", "x", "to", UNKNOWN_MONTH),
            ("2025-03", "2025-01", "to", REVERSED),
            ("'; drop table", "2025-01", "from", UNKNOWN_MONTH),
        ] {
            let (form, narrowed) = asked(from, to, "K1").read(&choices()).unwrap();
            assert_eq!(narrowed, None);
            assert_eq!(form.errors.len(), 1, "{from} {to}");
            assert_eq!(form.errors[0].field, Some(field));
            assert_eq!(form.errors[0].message, message);
            assert_eq!(checked(&form.patient_choices), ["テスト タロウ"]);
        }
        let (form, _) = asked("x", "y", "").read(&choices()).unwrap();
        assert_eq!(form.errors.len(), 2);
    }

    #[test]
    fn e5_somebody_else_is_not_found() {
        for patient in ["K3", "k1", " K1", "K1\0"] {
            let read = asked("", "", patient).read(&choices());
            assert_eq!(read.err(), Some(UnknownPatient), "{patient}");
        }
    }
}
