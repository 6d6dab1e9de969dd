//! Inviting a colleague to be.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::fields::{NO_MEMBER, StandingFields, StandingInput};
use super::told::{REQUESTED, of_form, told_of_request};
use crate::auth::staff::act::ListStaff;
use crate::auth::staff::approval::request::{approvers, request};
use crate::auth::staff::desk::{Desk, Matter};
use crate::auth::staff::manage::change::{Standing, is_member};
use crate::auth::staff::manage::newcomer::{Newcomer, is_known};
use crate::base::email::EmailAddress;
use crate::base::japanese::{shows_nothing, unshowable};
use crate::base::realm::Staff;
use crate::console::places::APPROVALS;
use crate::web::error::WebError;
use crate::web::form::{Field, Form, FormError, status_of, summary};
use crate::web::identity::{SignedInStaff, Visitor};
use crate::web::page::Page;
use crate::web::state::{App, AppState};

const LONGEST_NAME: usize = 100;
const NO_NAME: &str = "氏名を100文字以内で入力してください。";
const NO_ADDRESS: &str = "メールアドレスを正しく入力してください。";
const KNOWN: &str = "このメールアドレスは、職員として登録済みか、招待中です。";

#[derive(Debug, Default, Serialize)]
pub(super) struct InvitePage {
    pub(super) name: Field,
    pub(super) email: Field,
    pub(super) fields: StandingFields,
    pub(super) errors: Vec<FormError>,
    /// True if somebody else could approve the invitation.
    pub(super) has_approver: bool,
}

impl Page for InvitePage {
    const TEMPLATE: &'static str = "console/staff/invite.html";
}

#[derive(Debug, Deserialize)]
pub(super) struct InviteInput {
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    #[serde(flatten)]
    standing: StandingInput,
}

pub(super) async fn show(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
) -> Result<Response, WebError> {
    let fields = StandingFields::of(&Standing::new(&[], &[], None, None));
    page(&app, &visitor, InvitePage { fields, ..InvitePage::default() }).await
}

pub(super) async fn submit(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
    Form { fields: input, .. }: Form<InviteInput, Staff>,
) -> Result<Response, WebError> {
    let (typed, fields) = input.standing.read(app.clock.today(), None);
    let mut shown = InvitePage {
        name: Field::with_value(&input.name),
        email: Field::with_value(&input.email),
        fields,
        ..InvitePage::default()
    };
    let name = input.name.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_strange = name.chars().any(char::is_control) || unshowable(&name).is_some();
    if shows_nothing(&name) || is_strange || name.chars().count() > LONGEST_NAME {
        shown.name.error = Some(NO_NAME.to_owned());
    }
    let email = EmailAddress::parse(&input.email);
    if email.is_none() {
        shown.email.error = Some(NO_ADDRESS.to_owned());
    }
    shown.errors = summary(&[("name", &shown.name), ("email", &shown.email)]);
    shown.errors.extend(shown.fields.errors());
    let (Some(typed), Some(email), true) = (typed, email, shown.errors.is_empty()) else {
        return page(&app, &visitor, shown).await;
    };
    let newcomer = Newcomer {
        name,
        email: email.as_str().to_owned(),
        roles: typed.standing.roles,
        extra_rights: typed.standing.extra_rights,
        leaves_on: typed.standing.leaves_on,
        member: typed.standing.member,
    };
    if !is_possible(&app, &visitor, &newcomer, &mut shown).await? {
        return page(&app, &visitor, shown).await;
    }
    let context = app.context(&visitor.tenant);
    match request(visitor.clerk(&app), context, &newcomer, &typed.reason).await {
        Ok(_) => visitor.say(&app, visitor.jar.clone(), APPROVALS, REQUESTED),
        Err(error) => {
            shown.errors = of_form(told_of_request(error)?);
            page(&app, &visitor, shown).await
        }
    }
}

/// Returns false, with the mistakes in `shown`, if the address is a colleague's or the member code nobody's.
async fn is_possible(
    app: &App,
    visitor: &Visitor<Staff>,
    newcomer: &Newcomer,
    shown: &mut InvitePage,
) -> Result<bool, WebError> {
    let clerk = visitor.clerk(app);
    let (known, member) = Desk::<ListStaff>::act(clerk, Matter::default(), async |desk| {
        let known = is_known(desk.tx(), &newcomer.email).await?;
        let member = is_member(desk.tx(), newcomer.member.as_deref()).await?;
        Ok::<_, WebError>((known, member))
    })
    .await?;
    if known {
        shown.email.error = Some(KNOWN.to_owned());
    }
    if !member {
        shown.fields.member.error = Some(NO_MEMBER.to_owned());
    }
    shown.errors = summary(&[("email", &shown.email)]);
    shown.errors.extend(shown.fields.errors());
    Ok(shown.errors.is_empty())
}

async fn page(
    app: &App,
    visitor: &Visitor<Staff>,
    mut page: InvitePage,
) -> Result<Response, WebError> {
    let clerk = visitor.clerk(app);
    page.has_approver = Desk::<ListStaff>::act(clerk, Matter::default(), async |desk| {
        let author = desk.author();
        Ok::<_, WebError>(approvers(desk.tx(), &app.clock, author, None).await? > 0)
    })
    .await?;
    visitor.page(app, status_of(&page.errors), &page)
}
