//! The people of the demo, as the files in `infra/demo` list them.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::tenant::directory::Tenant;
use crate::tenant::policy::formula::FormulaPerson;

/// The state of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// Signs in with a password of their own, and a mailed code where the union asks for one.
    Registered,
    /// Has yet to do the first sign-in, with the password of the union's formula.
    Migrated,
    /// Has yet to do the first sign-in, with the letter's credentials.
    Letter,
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Registered => "registered",
            Self::Migrated => "migrated",
            Self::Letter => "letter",
        })
    }
}

/// A person who can sign in; one entry of `demo.json`.
#[derive(Debug, Clone, Serialize)]
pub(super) struct DemoPerson {
    pub(super) union: String,
    pub(super) url: String,
    pub(super) state: State,
    pub(super) user_id: String,
    /// The own one, or else the first.
    pub(super) password: String,
    #[serde(skip)]
    pub(super) first_password: String,
    pub(super) birthdate: NaiveDate,
    symbol: String,
    number: String,
    pub(super) insurer_number: String,
    pub(super) email: Option<String>,
}

#[derive(Debug, Deserialize)]
struct MemberLine {
    #[serde(rename = "保険者番号")]
    insurer_number: String,
    #[serde(rename = "記号")]
    symbol: String,
    #[serde(rename = "番号")]
    number: String,
    #[serde(rename = "枝番")]
    branch: String,
    #[serde(rename = "生年月日")]
    birthdate: NaiveDate,
    #[serde(rename = "ユーザID")]
    user_id: String,
    #[serde(rename = "メールアドレス")]
    email: Option<String>,
    #[serde(rename = "仮パスワード")]
    initial_password: String,
}

/// An own password of somebody who is registered.
#[derive(Debug, Deserialize)]
pub(super) struct Registered {
    #[serde(rename = "組合")]
    pub(super) union: String,
    #[serde(rename = "ユーザID")]
    pub(super) user_id: String,
    #[serde(rename = "パスワード")]
    pub(super) password: String,
}

/// Everybody with a user ID in a members file.
pub(super) fn of(
    tenant: &Tenant,
    members: &[u8],
    registered: &[Registered],
) -> anyhow::Result<Vec<DemoPerson>> {
    let lines: Vec<MemberLine> =
        csv::Reader::from_reader(members).deserialize().collect::<Result<_, _>>()?;
    let slug = tenant.config.slug.as_str();
    let person = |line: MemberLine| {
        let own = registered.iter().find(|own| own.union == slug && own.user_id == line.user_id);
        let (first, first_password) = match &tenant.config.first_sign_in.formula {
            Some(rule) if line.initial_password.is_empty() => {
                let password = rule.template.password(FormulaPerson {
                    symbol: &line.symbol,
                    number: &line.number,
                    branch: &line.branch,
                    birthdate: line.birthdate,
                });
                (State::Migrated, password)
            }
            _ => (State::Letter, line.initial_password),
        };
        let (state, password) = match own {
            Some(own) => (State::Registered, own.password.clone()),
            None => (first, first_password.clone()),
        };
        DemoPerson {
            union: slug.to_owned(),
            url: format!("{}/", tenant.origin),
            state,
            user_id: line.user_id,
            password,
            first_password,
            birthdate: line.birthdate,
            symbol: line.symbol,
            number: line.number,
            insurer_number: line.insurer_number,
            email: line.email,
        }
    };
    Ok(lines.into_iter().filter(|line| !line.user_id.is_empty()).map(person).collect())
}
