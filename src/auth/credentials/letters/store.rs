//! Stores a chunk of letters: what a person could sign in with before is dead from then on.

use std::collections::HashSet;

use super::LetterRecipients;
use super::draw::Draft;
use crate::audit::{self, Action};
use crate::base::clock::Clock;
use crate::base::ids::{IssueId, LoginId, TenantId};
use crate::base::realm::{Realm as _, Subscribers};
use crate::db::TenantTx;
use crate::jobs::consent::Consent;

/// Stores letters, which then wait to be printed. People who need none any more are left out: they have registered since
/// the letters were drawn, or another issue has given them a letter that is printed by now.
pub(super) async fn store(
    tx: &mut TenantTx,
    clock: &Clock,
    issue: IssueId,
    whom: &LetterRecipients,
    drafts: Vec<Draft>,
) -> Result<(), sqlx::Error> {
    let codes: Vec<String> = drafts.iter().map(|draft| draft.member_code.clone()).collect();
    // The lock makes two issues take turns, so that the second finds the logins of the first.
    sqlx::query!(
        "select from members where tenant_id = $1 and code = any($2) order by code for update",
        tx.tenant() as TenantId,
        &codes
    )
    .execute(tx.conn())
    .await?;
    let unprinted = take_back(tx, &codes).await?;
    let mut stored = renew(tx, clock, &drafts, &Renewable::of(whom, codes, unprinted)).await?;
    let logins: Vec<_> = stored.iter().map(|row| row.login.0).collect();
    end_what_was_begun(tx, clock, &logins).await?;
    stored.extend(open_logins(tx, clock, &drafts).await?);
    if stored.is_empty() {
        return Ok(());
    }
    let stored: HashSet<String> = stored.into_iter().map(|row| row.member_code).collect();
    keep_sealed(tx, clock, issue, drafts, &stored).await?;
    let detail = serde_json::json!({ "count": stored.len(), "issue": issue });
    audit::record(tx, clock, Action::LettersIssued, None, detail).await
}

/// The people of a chunk who have a login and may get other first credentials.
struct Renewable {
    codes: Vec<String>,
    /// The people among them whose letter may be ended.
    ends: Vec<String>,
}

impl Renewable {
    /// `unprinted` are the people whose letter was taken back: nobody knows its password.
    fn of(whom: &LetterRecipients, codes: Vec<String>, mut unprinted: Vec<String>) -> Self {
        match whom {
            LetterRecipients::Newcomers => Self { codes: unprinted.clone(), ends: unprinted },
            LetterRecipients::Members { ends: Consent::None, .. } => {
                Self { codes, ends: unprinted }
            }
            LetterRecipients::Members { ends: Consent::To(shown), .. } => {
                unprinted.extend(shown.iter().cloned());
                Self { codes, ends: unprinted }
            }
            LetterRecipients::Members { ends: Consent::ToAnything, .. } => {
                Self { ends: codes.clone(), codes }
            }
        }
    }
}

/// A login that a letter is for.
struct LoginOfLetter {
    login: LoginId,
    member_code: String,
}

/// Deletes letters that were never printed, and returns whose they were. If a command is about to take one into its file,
/// either that command or this transaction finds it gone.
async fn take_back(tx: &mut TenantTx, codes: &[String]) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "delete from letters where tenant_id = $1 and member_code = any($2) returning member_code",
        tx.tenant() as TenantId,
        codes
    )
    .fetch_all(tx.conn())
    .await
}

/// Gives another first credential to people who have a login and have not registered. Their logins are updated first,
/// since a sign-in with the letter before holds its login until its session has begun.
async fn renew(
    tx: &mut TenantTx,
    clock: &Clock,
    drafts: &[Draft],
    renewable: &Renewable,
) -> Result<Vec<LoginOfLetter>, sqlx::Error> {
    let codes = column(drafts, |draft| draft.member_code.clone());
    let hashes = column(drafts, |draft| draft.hash.clone());
    sqlx::query_as!(
        LoginOfLetter,
        r#"with cleared as (
               update logins l
               set second_factor = null, email = coalesce(l.former_email, l.email),
                   email_confirmed_at = null, former_email = null
               from subscribers s
               where l.tenant_id = $1 and l.realm = $2 and l.password_set_at is null
                 and s.tenant_id = $1 and s.login_id = l.id and s.member_code = any($3)
                 and (s.initial_credential is distinct from 'letter' or s.member_code = any($4))
               returning l.id
           )
           update subscribers s
           set initial_credential = 'letter', initial_issued_at = $7,
               initial_password_hash = letter.hash, birthdate_confirmed_at = null,
               user_id_chosen_at = null
           from cleared c, unnest($5::text[], $6::text[]) as letter (code, hash)
           where s.tenant_id = $1 and s.login_id = c.id and s.member_code = letter.code
           returning s.login_id as "login: LoginId", s.member_code"#,
        tx.tenant() as TenantId,
        Subscribers::NAME,
        &renewable.codes,
        &renewable.ends,
        &codes,
        &hashes,
        clock.now()
    )
    .fetch_all(tx.conn())
    .await
}

/// Opens logins for people who have none.
async fn open_logins(
    tx: &mut TenantTx,
    clock: &Clock,
    drafts: &[Draft],
) -> Result<Vec<LoginOfLetter>, sqlx::Error> {
    let ids = column(drafts, |_| LoginId::<Subscribers>::new(clock).0);
    let codes = column(drafts, |draft| draft.member_code.clone());
    let user_ids = column(drafts, |draft| draft.user_id.clone());
    let hashes = column(drafts, |draft| draft.hash.clone());
    sqlx::query_as!(
        LoginOfLetter,
        r#"with letter as materialized (
               select id, code, user_id, hash
               from unnest($3::uuid[], $4::text[], $5::text[], $6::text[])
                   as letter (id, code, user_id, hash)
               where not exists (select from subscribers s
                                 where s.tenant_id = $1 and s.member_code = letter.code)
           ), opened as (
               insert into logins (tenant_id, realm, id, user_id, created_at)
               select $1, $2, id, user_id, $7 from letter returning true
           )
           insert into subscribers (tenant_id, login_id, member_code, initial_credential,
                                    initial_password_hash, initial_issued_at)
           select $1, l.id, l.code, 'letter', l.hash, $7 from letter l
           returning login_id as "login: LoginId", member_code"#,
        tx.tenant() as TenantId,
        Subscribers::NAME,
        &ids,
        &codes,
        &user_ids,
        &hashes,
        clock.now()
    )
    .fetch_all(tx.conn())
    .await
}

/// Ends all that was begun with the letters before, since they may have been in the wrong hands.
async fn end_what_was_begun(
    tx: &mut TenantTx,
    clock: &Clock,
    logins: &[uuid::Uuid],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update sessions set ended_at = $4
         where tenant_id = $1 and realm = $2 and login_id = any($3) and ended_at is null",
        tx.tenant() as TenantId,
        Subscribers::NAME,
        logins,
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "delete from email_confirmations
         where tenant_id = $1 and realm = $2 and login_id = any($3)",
        tx.tenant() as TenantId,
        Subscribers::NAME,
        logins
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "delete from registration_drafts where tenant_id = $1 and login_id = any($2)",
        tx.tenant() as TenantId,
        logins
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "delete from terms_agreements
         where tenant_id = $1 and realm = $2 and login_id = any($3)",
        tx.tenant() as TenantId,
        Subscribers::NAME,
        logins
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Keeps the sealed passwords of the letters that are stored.
async fn keep_sealed(
    tx: &mut TenantTx,
    clock: &Clock,
    issue: IssueId,
    drafts: Vec<Draft>,
    stored: &HashSet<String>,
) -> Result<(), sqlx::Error> {
    let (mut ids, mut codes, mut passwords, mut keys) = (vec![], vec![], vec![], vec![]);
    for draft in drafts.into_iter().filter(|draft| stored.contains(&draft.member_code)) {
        ids.push(draft.id.0);
        codes.push(draft.member_code);
        passwords.push(draft.sealed.bytes);
        keys.push(draft.sealed.key_id);
    }
    sqlx::query!(
        "insert into letters (tenant_id, id, issue_id, member_code, password, key_id, issued_at)
         select $1, letter.id, $2, letter.code, letter.password, letter.key_id, $7
         from unnest($3::uuid[], $4::text[], $5::bytea[], $6::text[])
             as letter (id, code, password, key_id)
         returning true as kept",
        tx.tenant() as TenantId,
        issue as IssueId,
        &ids,
        &codes,
        &passwords,
        &keys,
        clock.now()
    )
    .fetch_all(tx.conn())
    .await
    .map(drop)
}

fn column<T>(drafts: &[Draft], cell: impl Fn(&Draft) -> T) -> Vec<T> {
    drafts.iter().map(cell).collect()
}
