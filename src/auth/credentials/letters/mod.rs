//! 仮ユーザID and 仮パスワード for the letters of a union (T9).
//!
//! A [`job`] makes them: a hash of each password goes to the login, and the password itself is kept, sealed, until the
//! command that asked for it has written it into its file ([`waiting`]). The printed letter is then the only copy. Another
//! letter ends the one before, and everything that was begun with it.
//!
//! A command or a worker may be killed at any time. A letter that still waits was never printed, so nobody knows its
//! password, and the next issue makes another one for the same person.

mod draw;
pub mod job;
mod store;
pub mod waiting;

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::base::ids::{IssueId, TenantId};
use crate::db::TenantTx;
use crate::jobs::consent::Consent;

/// The people who get a letter.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LetterRecipients {
    /// Every insured person (本人) with no login yet, and everybody whose letter was made and never printed.
    Newcomers,
    /// The people with these codes, except those whose printed letter may not be ended.
    Members {
        codes: Vec<String>,
        /// The operator's consent to end the printed letters of some of these people.
        ends: Consent<Vec<String>>,
    },
}

/// The people whom an issue of letters would concern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prospect {
    /// The number of people who would get a letter.
    pub people: usize,
    /// The people among them who hold a printed letter, which would end.
    pub holders: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum LettersError {
    #[error("個人コード「{0}」の人はいません")]
    Unknown(String),
    #[error("個人コード「{0}」の人は登録済みです")]
    Registered(String),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// A person who may get a letter.
struct Candidate {
    code: String,
    registered: bool,
    /// True if the person holds a printed letter and has not registered.
    holds_letter: bool,
}

/// Returns what an issue of letters for the people with these codes would do, or one for newcomers.
///
/// # Errors
/// [`LettersError::Unknown`] or [`LettersError::Registered`] if a person can't get a letter.
pub async fn prospect(
    tx: &mut TenantTx,
    named: Option<&[String]>,
) -> Result<Prospect, LettersError> {
    let found = candidates(tx, named, None).await?;
    let known: HashSet<&str> = found.iter().map(|candidate| candidate.code.as_str()).collect();
    let unknown = |code: &&String| !known.contains(code.as_str());
    if let Some(unknown) = named.and_then(|codes| codes.iter().find(unknown)) {
        return Err(LettersError::Unknown(unknown.clone()));
    }
    if let Some(registered) = found.iter().find(|candidate| candidate.registered) {
        return Err(LettersError::Registered(registered.code.clone()));
    }
    let people = found.len();
    let holders = found.into_iter().filter(|candidate| candidate.holds_letter);
    Ok(Prospect { people, holders: holders.map(|candidate| candidate.code).collect() })
}

/// Returns the people with these codes, or the newcomers, in the order of their codes. People who already have a letter of
/// the issue `made` are left out.
async fn candidates(
    tx: &mut TenantTx,
    named: Option<&[String]>,
    made: Option<IssueId>,
) -> Result<Vec<Candidate>, sqlx::Error> {
    sqlx::query_as!(
        Candidate,
        r#"select m.code, l.password_set_at is not null as "registered!",
                  coalesce(s.initial_credential = 'letter' and l.password_set_at is null
                           and w.id is null, false) as "holds_letter!"
           from members m
           left join subscribers s on s.tenant_id = m.tenant_id and s.member_code = m.code
           left join logins l
             on l.tenant_id = s.tenant_id and l.realm = s.realm and l.id = s.login_id
           left join letters w on w.tenant_id = m.tenant_id and w.member_code = m.code
           where m.tenant_id = $1 and ($3::uuid is null or w.issue_id is distinct from $3)
             and case when $2::text[] is null
                      then m.lost_on is null
                           and (s.login_id is null and m.relation = 'insured'
                                or w.id is not null and l.password_set_at is null)
                      else m.code = any($2) end
           order by m.code"#,
        tx.tenant() as TenantId,
        named,
        made as Option<IssueId>
    )
    .fetch_all(tx.conn())
    .await
}
