//! 「自己負担額のグラフ」 (E8): charts of the payments of each month and each year by person, with the same figures as tables.

use std::ops::Range;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::Datelike as _;
use serde::{Deserialize, Serialize};

use crate::base::money::Yen;
use crate::base::month::Month;
use crate::expenses::chart::{self, Bar, Legend, PEOPLE, Size};
use crate::expenses::ledger::{self, PersonSum};
use crate::portal::places::EXPENSES;
use crate::portal::records::period;
use crate::portal::records::period::Period;
use crate::records::reader::Reader;
use crate::records::{RecordKind, privacy};
use crate::web::error::WebError;
use crate::web::identity::Subscriber;
use crate::web::page::Page;
use crate::web::state::AppState;

#[derive(Debug, Serialize)]
pub(in crate::portal) struct Graph {
    /// The calendar year whose months are shown.
    year: i32,
    /// `None` if the year has no notice.
    months: Option<Figure>,
    years: Option<Figure>,
    links: Vec<YearLink>,
    /// True if rows of another person may be left out (E7).
    hides_somebody: bool,
}

/// A chart, its legend, and the same figures as a table.
#[derive(Debug, Serialize)]
struct Figure {
    /// The chart as SVG, for wide pages and for narrow ones.
    desk: Option<String>,
    phone: Option<String>,
    people: Vec<FigurePerson>,
    lines: Vec<FigureLine>,
    /// Each person's sum, which stands below the person's column.
    sums: Vec<String>,
    total: String,
}

#[derive(Debug, Serialize)]
struct FigurePerson {
    name: String,
    /// The number of the colour.
    series: usize,
}

#[derive(Debug, Serialize)]
struct FigureLine {
    label: String,
    /// `None` if the month or year has no notice.
    path: Option<String>,
    /// One amount for each person.
    parts: Vec<String>,
    total: String,
}

#[derive(Debug, Serialize)]
struct YearLink {
    year: i32,
    current: bool,
}

impl Page for Graph {
    const TEMPLATE: &'static str = "portal/expenses/graph.html";
}

#[derive(Debug, Deserialize)]
pub(super) struct GraphQuery {
    year: Option<String>,
}

/// The month or year of a bar.
struct BarPeriod {
    label: String,
    short: String,
    path: String,
    months: Range<Month>,
}

impl Graph {
    /// Makes the page from the sums, which are ordered by person.
    pub(in crate::portal) fn of(sums: &[PersonSum], january: Month, hides_somebody: bool) -> Self {
        let legend = Legend::of(sums);
        let of_year: Vec<PersonSum> =
            sums.iter().filter(|sum| sum.month.year() == january.year()).cloned().collect();
        let in_months = || of_year.iter().map(|sum| sum.month);
        let months: Vec<BarPeriod> = match (in_months().min(), in_months().max()) {
            (Some(first), Some(last)) => {
                (0..=last.since(first)).map(|count| month_place(first.plus(count))).collect()
            }
            _ => Vec::new(),
        };
        let in_years = || sums.iter().map(|sum| sum.month.year());
        let known = match (in_years().min(), in_years().max()) {
            (Some(first), Some(last)) => first..last + 1,
            _ => 0..0,
        };
        let years = known.clone().filter_map(|year| Month::new(year, 1)).map(year_place);
        let has_sums = |year: &i32| sums.iter().any(|sum| sum.month.year() == *year);
        let link = |year| YearLink { year, current: year == january.year() };
        Self {
            year: january.year(),
            months: Figure::of(&legend, &of_year, &months),
            links: known.clone().rev().filter(has_sums).map(link).collect(),
            years: Figure::of(&legend, sums, &years.collect::<Vec<_>>()),
            hides_somebody,
        }
    }
}

fn month_place(month: Month) -> BarPeriod {
    let period = Period::Month(month);
    BarPeriod {
        label: format!("{}月", month.month()),
        short: month.month().to_string(),
        path: period.path(EXPENSES),
        months: period.months(),
    }
}

fn year_place(january: Month) -> BarPeriod {
    let period = Period::Year(january);
    BarPeriod {
        label: format!("{}年", january.year()),
        short: january.year().to_string(),
        path: period.path(EXPENSES),
        months: period.months(),
    }
}

impl Figure {
    /// Returns `None` if there are no sums.
    fn of(legend: &Legend, sums: &[PersonSum], places: &[BarPeriod]) -> Option<Self> {
        if sums.is_empty() {
            return None;
        }
        let bars: Vec<Bar> = places
            .iter()
            .map(|place| Bar {
                label: place.label.clone(),
                short: place.short.clone(),
                parts: legend.stack(within(sums, place)),
            })
            .collect();
        let shown = listed(legend, sums);
        let cells = |parts: &[Yen]| -> Vec<String> {
            shown.iter().map(|series| parts[*series].to_string()).collect()
        };
        let total = |parts: &[Yen]| parts.iter().copied().sum::<Yen>().to_string();
        let noticed = |place: &BarPeriod| within(sums, place).next().is_some();
        let lines = places.iter().zip(&bars);
        let whole = legend.stack(sums.iter());
        Some(Self {
            desk: chart::svg(&bars, Size::Desk),
            phone: chart::svg(&bars, Size::Phone),
            people: shown
                .iter()
                .map(|series| FigurePerson {
                    name: legend.name(*series).to_owned(),
                    series: *series,
                })
                .collect(),
            lines: lines
                .map(|(place, bar)| FigureLine {
                    label: place.label.clone(),
                    path: noticed(place).then(|| place.path.clone()),
                    parts: cells(&bar.parts),
                    total: total(&bar.parts),
                })
                .collect(),
            sums: cells(&whole),
            total: total(&whole),
        })
    }
}

/// Returns the colours of the people who have sums, in the household's order. The colour that several people share comes last.
fn listed(legend: &Legend, sums: &[PersonSum]) -> Vec<usize> {
    let mut listed = Vec::new();
    for sum in sums {
        let series = legend.series(&sum.member);
        if !listed.contains(&series) {
            listed.push(series);
        }
    }
    listed.sort_by_key(|series| *series == PEOPLE);
    listed
}

/// Returns the sums of a bar.
fn within<'s>(sums: &'s [PersonSum], place: &BarPeriod) -> impl Iterator<Item = &'s PersonSum> {
    sums.iter().filter(move |sum| place.months.contains(&sum.month))
}

pub(super) async fn show(
    State(app): State<AppState>,
    Subscriber { visitor, session, .. }: Subscriber,
    Query(asked): Query<GraphQuery>,
) -> Result<Response, WebError> {
    let asked = match asked.year.as_deref() {
        None => None,
        Some(text) => Some(january(period::year(text)).ok_or(WebError::NotFound)?),
    };
    let reader = Reader::of(&session);
    let mut tx = visitor.begin(&app).await?;
    let sums = ledger::person_sums(&mut tx, reader).await?;
    let hides_somebody = privacy::hides_somebody(&mut tx, RecordKind::Expenses, reader).await?;
    tx.commit().await?;
    let newest = sums.iter().map(|sum| sum.month.year()).max();
    let newest = newest.unwrap_or_else(|| app.clock.today().year());
    let year = asked.or(january(Some(newest))).ok_or(WebError::NotFound)?;
    visitor.page(&app, StatusCode::OK, &Graph::of(&sums, year, hides_somebody))
}

fn january(year: Option<i32>) -> Option<Month> {
    Month::new(year?, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(year: i32, month: u32, member: &str, yen: i64) -> PersonSum {
        PersonSum {
            month: Month::new(year, month).unwrap(),
            member: member.to_owned(),
            patient: format!("カナ{member}"),
            out_of_pocket: Yen(yen),
        }
    }

    fn first_of(year: i32) -> Month {
        Month::new(year, 1).unwrap()
    }

    #[test]
    fn e8_the_table_tells_what_the_bars_show() {
        let sums = [
            sum(2024, 3, "1", 300),
            sum(2026, 10, "1", 1_500),
            sum(2024, 3, "2", 3_420),
            sum(2026, 7, "3", 10),
            sum(2026, 9, "3", 1_000),
            sum(2026, 10, "3", 0),
        ];
        let page = Graph::of(&sums, first_of(2026), false);
        let names = |figure: &Figure| -> Vec<(String, usize)> {
            figure.people.iter().map(|person| (person.name.clone(), person.series)).collect()
        };
        // Each line, and whether there is a notice of it.
        let lines = |figure: &Figure| -> Vec<(String, bool)> {
            figure.lines.iter().map(|line| (line.label.clone(), line.path.is_some())).collect()
        };
        let told = |lines: &[(&str, bool)]| -> Vec<(String, bool)> {
            lines.iter().map(|(label, noticed)| ((*label).to_owned(), *noticed)).collect()
        };
        let months = page.months.unwrap();
        assert_eq!(names(&months), [("カナ1".to_owned(), 0), ("カナ3".to_owned(), 2)]);
        assert_eq!(
            lines(&months),
            told(&[("7月", true), ("8月", false), ("9月", true), ("10月", true)])
        );
        assert_eq!(months.lines[3].path.as_deref(), Some("/expenses/months/2026-10"));
        assert_eq!(months.lines[3].parts, ["¥1,500", "¥0"]);
        assert_eq!(months.sums, ["¥1,500", "¥1,010"]);
        assert_eq!(months.total, "¥2,510");
        let (desk, phone) = (months.desk.as_ref().unwrap(), months.phone.as_ref().unwrap());
        for line in &months.lines {
            assert!(desk.contains(&line.label), "the axis has the table's months: {desk}");
            assert!(phone.contains(line.label.trim_end_matches('月')), "{phone}");
        }
        assert!(!desk.contains("6月") && !desk.contains("11月"), "and no others: {desk}");

        let years = page.years.unwrap();
        assert_eq!(lines(&years), told(&[("2024年", true), ("2025年", false), ("2026年", true)]));
        assert_eq!(years.lines[0].parts, ["¥300", "¥3,420", "¥0"]);
        assert_eq!(years.sums, ["¥1,800", "¥3,420", "¥1,010"]);
        assert_eq!(years.total, "¥6,230");
        assert!(years.desk.unwrap().contains("2025年"), "a year without a bar has its place");
        let links: Vec<(i32, bool)> =
            page.links.iter().map(|link| (link.year, link.current)).collect();
        assert_eq!(links, [(2026, true), (2024, false)]);
    }

    #[test]
    fn e8_the_household_keeps_its_order_whoever_had_the_first_notice() {
        let sums = [sum(2026, 9, "1", 300), sum(2025, 3, "2", 3_420), sum(2026, 9, "2", 10)];
        let page = Graph::of(&sums, first_of(2026), false);
        let people = page.months.unwrap().people;
        let listed: Vec<(&str, usize)> =
            people.iter().map(|person| (person.name.as_str(), person.series)).collect();
        assert_eq!(listed, [("カナ1", 1), ("カナ2", 0)]);
    }

    #[test]
    fn e8_where_there_is_nothing_there_are_no_bars() {
        let page = Graph::of(&[], first_of(2026), true);
        assert!(page.months.is_none() && page.years.is_none() && page.links.is_empty());
        assert!(page.hides_somebody);
        let page = Graph::of(&[sum(2026, 10, "1", 1_500)], first_of(2025), false);
        assert!(page.months.is_none() && page.years.is_some());
    }
}
