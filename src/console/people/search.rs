//! 「加入者を探す」 (A2): one box, whatever the caller tells. What was typed comes in the body of a POST and stays out of
//! addresses, logs and the browser's history; so the answer is that POST's own, and nothing is kept of it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse as _, Response};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::identity::{Eligibility, number};
use crate::auth::staff::act::SearchPeople;
use crate::auth::staff::desk::{Desk, Matter};
use crate::base::japanese::day_in_both_calendars;
use crate::base::realm::Staff;
use crate::console::places;
use crate::members::roster::Standing;
use crate::members::search::find::{self, Found, Hit, SearchError};
use crate::members::search::kind::{Criterion, Guesses, Unsearchable, guess};
use crate::web::error::WebError;
use crate::web::form::{Field, Form, FormError, status_of, summary};
use crate::web::identity::{SignedInStaff, Visitor};
use crate::web::page::Page;
use crate::web::state::{App, AppState};

/// A bucket gives a search back each second.
const WAIT_SECONDS: u32 = 5;
/// More of a text that is too long is not shown again.
const LONGEST_SHOWN: usize = 256;

#[derive(Debug, Default, Serialize)]
pub(in crate::console) struct SearchPage {
    form: SearchForm,
    /// 「記号-番号 800-1234 として検索」; `None` if nothing was looked for.
    understood: Option<String>,
    /// The other ways to understand the text.
    others: Vec<OtherGuess>,
    hits: Vec<HitLine>,
    /// There are more people than are shown.
    more: bool,
    /// Two people of one name, or of one birthdate, are in the list or in the union.
    same_name: bool,
    same_birthdate: bool,
    /// The seconds to wait, after too many searches.
    wait: Option<u32>,
}

#[derive(Debug, Default, Serialize)]
struct SearchForm {
    errors: Vec<FormError>,
    text: Field,
}

#[derive(Debug, Serialize)]
struct OtherGuess {
    kind: &'static str,
    words: String,
}

#[derive(Debug, Serialize)]
struct HitLine {
    path: String,
    name: String,
    kana: String,
    number: String,
    birthdate: String,
    relation: &'static str,
    eligibility: Eligibility,
    /// One of `closed`, `locked`, `registered`, `letter`, `migrated` and `none`.
    state: &'static str,
    email: Option<String>,
    same_name: bool,
    same_birthdate: bool,
}

impl Page for SearchPage {
    const TEMPLATE: &'static str = "console/people/search.html";
}

impl HitLine {
    fn of(hit: Hit, today: NaiveDate) -> Self {
        Self {
            path: places::person(&hit.code),
            number: number(&hit.symbol, &hit.number, &hit.branch),
            birthdate: day_in_both_calendars(hit.birthdate),
            relation: hit.relation.name(),
            eligibility: Eligibility::of(hit.acquired_on, hit.lost_on, today),
            state: match hit.standing {
                _ if hit.closed => "closed",
                _ if hit.password_locked || hit.second_factor_locked => "locked",
                Standing::Registered => "registered",
                Standing::Letter => "letter",
                Standing::Migrated => "migrated",
                Standing::None => "none",
            },
            name: hit.name,
            kana: hit.kana,
            email: hit.email,
            same_name: hit.same_name,
            same_birthdate: hit.same_birthdate,
        }
    }
}

impl SearchPage {
    fn with_text(text: &str) -> Self {
        let shown: String = text.chars().take(LONGEST_SHOWN).collect();
        let form = SearchForm { text: Field::with_value(&shown), ..SearchForm::default() };
        Self { form, ..Self::default() }
    }

    fn unsearchable(text: &str, why: Unsearchable) -> Self {
        let mut page = Self::with_text(text);
        page.form.text = page.form.text.with_error(&why.to_string());
        page.form.errors = summary(&[("text", &page.form.text)]);
        page
    }

    fn found(self, found: Found, today: NaiveDate) -> Self {
        Self {
            more: found.more,
            same_name: found.hits.iter().any(|hit| hit.same_name),
            same_birthdate: found.hits.iter().any(|hit| hit.same_birthdate),
            hits: found.hits.into_iter().map(|hit| HitLine::of(hit, today)).collect(),
            ..self
        }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct SearchInput {
    #[serde(default)]
    text: String,
    /// The guess that was chosen; empty for the likeliest.
    #[serde(default)]
    kind: String,
}

pub(super) async fn show(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
) -> Result<Response, WebError> {
    Desk::<SearchPeople>::ask(visitor.clerk(&app), &Matter::default()).await?;
    visitor.page(&app, StatusCode::OK, &SearchPage::default())
}

pub(super) async fn submit(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
    Form { fields, .. }: Form<SearchInput, Staff>,
) -> Result<Response, WebError> {
    let guesses = match guess(&fields.text) {
        Ok(guesses) => guesses,
        Err(why) => {
            Desk::<SearchPeople>::ask(visitor.clerk(&app), &Matter::default()).await?;
            return answer(&app, &visitor, &SearchPage::unsearchable(&fields.text, why));
        }
    };
    let (chosen, others) = choose(guesses, &fields.kind);
    let clerk = visitor.clerk(&app);
    let searched = Desk::<SearchPeople>::act(clerk, Matter::default(), async |desk| {
        find::find(desk, &app.clock, &chosen).await
    })
    .await;
    let page = SearchPage::with_text(&fields.text);
    let page = match searched {
        Ok(found) => SearchPage {
            understood: Some(chosen.words()),
            others: others
                .iter()
                .map(|other| OtherGuess { kind: other.name(), words: other.words() })
                .collect(),
            ..page.found(found, app.clock.today())
        },
        Err(SearchError::TooOften) => SearchPage { wait: Some(WAIT_SECONDS), ..page },
        Err(SearchError::Desk(error)) => return Err(error.into()),
    };
    answer(&app, &visitor, &page)
}

/// Takes the guess of a kind, or else the likeliest.
fn choose(guesses: Guesses, kind: &str) -> (Criterion, Vec<Criterion>) {
    let mut all = guesses.others;
    all.insert(0, guesses.best);
    let at = all.iter().position(|guess| guess.name() == kind).unwrap_or(0);
    let chosen = all.remove(at);
    (chosen, all)
}

fn answer(app: &App, visitor: &Visitor<Staff>, page: &SearchPage) -> Result<Response, WebError> {
    let Some(seconds) = page.wait else {
        return visitor.page_once_as(app, status_of(&page.form.errors), page);
    };
    let answer = visitor.page_once_as(app, StatusCode::TOO_MANY_REQUESTS, page)?;
    Ok(([(RETRY_AFTER, seconds.to_string())], answer).into_response())
}

#[cfg(test)]
impl SearchPage {
    /// Samples: the empty box, each mistake, too many searches, nobody, and people of each state.
    pub(in crate::console) fn samples() -> Vec<Self> {
        let states = ["closed", "locked", "registered", "letter", "migrated", "none"];
        let line = |state: &'static str| HitLine {
            path: "/people/K%2F1".to_owned(),
            name: "テスト <太郎>".to_owned(),
            kana: "テスト タロウ".to_owned(),
            number: "101-11-00".to_owned(),
            birthdate: "1979年8月22日（昭和54年8月22日）".to_owned(),
            relation: "insured",
            eligibility: Eligibility { state: "held", ..Eligibility::default() },
            state,
            email: (state != "none").then(|| "t***@example.jp".to_owned()),
            same_name: true,
            same_birthdate: true,
        };
        let others =
            || vec![OtherGuess { kind: "name", words: "氏名 <b> として検索".to_owned() }];
        let understood = || Some("氏名カナ テスト として検索".to_owned());
        vec![
            Self::default(),
            Self::unsearchable("<b>", Unsearchable::Unreadable),
            Self { wait: Some(WAIT_SECONDS), ..Self::with_text("テスト") },
            Self { understood: understood(), ..Self::with_text("テスト") },
            Self { understood: understood(), others: others(), ..Self::with_text("テスト") },
            Self {
                understood: understood(),
                others: others(),
                hits: states.map(line).into(),
                more: true,
                same_name: true,
                same_birthdate: true,
                ..Self::with_text("\"<b>")
            },
        ]
    }
}
