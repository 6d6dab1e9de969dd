//! 「問い合わせ者の本人確認」: staff type what a caller says, and learn of each item whether it is right (§7).

use axum::extract::{Path, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::frame::{self, ActRequest, SubjectView};
use super::words;
use crate::auth::help_desk::caller::closed_until;
use crate::auth::help_desk::{FurtherItem, HelpError, HelpRefusal};
use crate::auth::staff::act::{CheckCaller, OpenHelp};
use crate::base::japanese::{minute, shows_nothing};
use crate::base::realm::Staff;
use crate::members::caller::{self, CallerCheck, CallersWords};
use crate::web::error::WebError;
use crate::web::form::{Field, Form, FormError, RadioButton, status_of, summary};
use crate::web::identity::SignedInStaff;
use crate::web::page::Page;
use crate::web::state::AppState;

/// No answer of a caller is longer.
const LONGEST: usize = 255;

/// The page has no identity bar: what the caller has to know doesn't stand beside the form.
#[derive(Debug, Serialize)]
pub(super) struct CallerPage {
    pub(super) subject: SubjectView,
    /// Until when the telephone is closed for the person.
    pub(super) closed_until: Option<String>,
    pub(super) closed: String,
    pub(super) result: Option<CheckView>,
    pub(super) further: Vec<RadioButton>,
    pub(super) form: CallerForm,
}

/// The result of a check: each item is right or wrong, and nothing else is told.
#[derive(Debug, Clone, Serialize)]
pub(super) struct CheckView {
    pub(super) items: Vec<ItemView>,
    pub(super) passed: bool,
    /// True if the telephone is closed from now on.
    pub(super) closes: bool,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct ItemView {
    pub(super) label: &'static str,
    pub(super) matched: bool,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct CallerForm {
    pub(super) errors: Vec<FormError>,
    pub(super) name: Field,
    pub(super) symbol: Field,
    pub(super) number: Field,
    pub(super) birthdate: Field,
    pub(super) further: Field,
    pub(super) further_words: Field,
}

impl Page for CallerPage {
    const TEMPLATE: &'static str = "console/acts/caller.html";
    const FRESH: &'static [&'static str] = &["subject", "closed_until"];
}

/// The words of the caller. They are not shown again, and kept nowhere.
#[derive(Debug, Deserialize)]
pub(super) struct CallerInput {
    #[serde(default)]
    name: String,
    #[serde(default)]
    symbol: String,
    #[serde(default)]
    number: String,
    #[serde(default)]
    birthdate: String,
    #[serde(default)]
    further: String,
    #[serde(default)]
    further_words: String,
}

pub(super) async fn show(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
    Path(code): Path<String>,
) -> Result<Response, WebError> {
    page(ActRequest::of(&app, &visitor, &code), None, CallerForm::default()).await
}

pub(super) async fn submit(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
    Path(code): Path<String>,
    Form { fields, .. }: Form<CallerInput, Staff>,
) -> Result<Response, WebError> {
    let (words, further) = match fields.read() {
        Ok(read) => read,
        Err(form) => {
            return page(ActRequest::of(&app, &visitor, &code), None, *form).await;
        }
    };
    let cx = app.context(&visitor.tenant);
    let request = ActRequest::of(&app, &visitor, &code);
    let checked = request
        .act::<CheckCaller, _>(None, async |desk| caller::check(desk, cx, &code, words).await);
    match checked.await {
        Ok(check) => {
            let result = Some(CheckView::of(&check));
            let further = Field::with_value(further.name());
            page(
                ActRequest::of(&app, &visitor, &code),
                result,
                CallerForm { further, ..CallerForm::default() },
            )
            .await
        }
        // The page itself says that the telephone is closed.
        Err(HelpError::Refused(HelpRefusal::TelephoneClosed)) => {
            page(ActRequest::of(&app, &visitor, &code), None, CallerForm::default()).await
        }
        Err(error) => Err(frame::failure(error)),
    }
}

impl CallerInput {
    /// Reads the form. An item that the caller doesn't know is left empty, and is wrong then; a form without any answer
    /// is a mistake, and no try.
    fn read(&self) -> Result<(CallersWords<'_>, FurtherItem), Box<CallerForm>> {
        let further = FurtherItem::ALL.into_iter().find(|item| item.name() == self.further);
        let mut form = CallerForm::default();
        for (text, field) in [
            (&self.name, &mut form.name),
            (&self.symbol, &mut form.symbol),
            (&self.number, &mut form.number),
            (&self.birthdate, &mut form.birthdate),
            (&self.further_words, &mut form.further_words),
        ] {
            if text.chars().count() > LONGEST {
                *field = Field::default().with_error("255文字以内で入力してください。");
            }
        }
        if shows_nothing(&self.name) {
            form.name = Field::default().with_error("氏名を入力してください。");
        }
        form.further = match further {
            Some(item) => Field::with_value(item.name()),
            None => Field::default().with_error("もう1つ確認する項目を選択してください。"),
        };
        form.errors = summary(&[
            ("name", &form.name),
            ("symbol", &form.symbol),
            ("number", &form.number),
            ("birthdate", &form.birthdate),
            ("further", &form.further),
            ("further_words", &form.further_words),
        ]);
        match further {
            Some(further) if form.errors.is_empty() => {
                let words = CallersWords {
                    name: &self.name,
                    symbol: &self.symbol,
                    number: &self.number,
                    birthdate: &self.birthdate,
                    further,
                    further_words: &self.further_words,
                };
                Ok((words, further))
            }
            _ => Err(Box::new(form)),
        }
    }
}

const fn label(item: FurtherItem) -> &'static str {
    match item {
        FurtherItem::Branch => "枝番",
        FurtherItem::AcquiredOn => "資格取得年月日",
        FurtherItem::FamilyBirthdate => "同じ世帯の家族の生年月日",
    }
}

impl CheckView {
    fn of(check: &CallerCheck) -> Self {
        let answers = check.answers;
        let items = [
            ("氏名", answers.name),
            ("記号", answers.symbol),
            ("番号", answers.number),
            ("生年月日", answers.birthdate),
            (label(answers.further), answers.further_matched),
        ];
        Self {
            items: items.into_iter().map(|(label, matched)| ItemView { label, matched }).collect(),
            passed: answers.passed(),
            closes: check.closes,
        }
    }
}

async fn page(
    request: ActRequest<'_>,
    result: Option<CheckView>,
    form: CallerForm,
) -> Result<Response, WebError> {
    let ActRequest { app, visitor, .. } = request;
    let (subject, closed) = request
        .look::<OpenHelp, _>("caller", async |desk, subject| {
            Ok(closed_until(desk.tx(), &app.clock, &subject.code).await?)
        })
        .await?;
    let further = FurtherItem::ALL.map(|item| RadioButton {
        value: item.name().to_owned(),
        label: label(item).to_owned(),
        recommended: false,
        checked: form.further.value == item.name(),
    });
    let page = CallerPage {
        subject: SubjectView::of(&subject),
        closed_until: closed.map(minute),
        closed: words::refusal(&HelpRefusal::TelephoneClosed),
        result,
        further: further.into(),
        form,
    };
    visitor.page(app, status_of(&page.form.errors), &page)
}
