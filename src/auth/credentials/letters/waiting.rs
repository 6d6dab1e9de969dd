//! Letters that are stored and wait for the command that writes them into its file.

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};

use crate::base::ids::{IssueId, LetterId, TenantId};
use crate::base::realm::{Realm as _, Subscribers};
use crate::base::sealed::{SealedError, SealedValue, Sealer};
use crate::base::spreadsheet::harmless;
use crate::db::TenantTx;

/// The number of letters that are read at once.
const PAGE: i64 = 500;

/// A letter as the database keeps it.
#[derive(Debug)]
pub struct SealedLetter {
    id: LetterId,
    union: TenantId,
    sealed: SealedValue,
    pub member_code: String,
    name: String,
    user_id: String,
    issued_at: DateTime<Utc>,
}

/// The contents of a letter with first credentials.
#[derive(Debug)]
pub struct Letter {
    member_code: String,
    name: String,
    user_id: String,
    password: SecretString,
    pub issued_at: DateTime<Utc>,
}

impl SealedLetter {
    /// Opens the sealed password.
    ///
    /// # Errors
    /// Fails if the key is gone, or if the password was altered or belongs to another letter or union.
    pub fn open(self, sealer: &Sealer) -> Result<Letter, SealedError> {
        let Self { id, union, sealed, member_code, name, user_id, issued_at } = self;
        let plain = sealer.open(&purpose(union, id), &sealed)?;
        let password = String::from_utf8(plain).map_err(|_| SealedError::Altered)?;
        Ok(Letter { member_code, name, user_id, password: password.into(), issued_at })
    }
}

impl Letter {
    /// Returns its cells in the file that is printed: code, name, ID and password.
    #[must_use]
    pub fn cells(&self) -> [String; 4] {
        let Self { member_code, name, user_id, password, .. } = self;
        [member_code, name, user_id, password.expose_secret()].map(harmless)
    }
}

/// Seals a letter's password. It opens in this row of this union alone.
pub(super) fn seal(
    sealer: &Sealer,
    union: TenantId,
    letter: LetterId,
    password: &str,
) -> SealedValue {
    sealer.seal(&purpose(union, letter), password.as_bytes())
}

fn purpose(union: TenantId, letter: LetterId) -> String {
    format!("letter {union} {letter}")
}

/// Returns a page of an issue's letters in the order of the people's codes: the first ones, or those after a code. The page
/// after the last letter is empty.
pub async fn page(
    tx: &mut TenantTx,
    issue: IssueId,
    after: Option<&str>,
) -> Result<Vec<SealedLetter>, sqlx::Error> {
    let union = tx.tenant();
    let rows = sqlx::query!(
        r#"select w.id as "id: LetterId", w.password as "password!", w.key_id as "key_id!",
                  w.member_code, m.name, l.user_id, w.issued_at
           from letters w
           join members m on m.tenant_id = $1 and m.code = w.member_code
           join subscribers s on s.tenant_id = $1 and s.member_code = w.member_code
           join logins l on l.tenant_id = $1 and l.realm = $2 and l.id = s.login_id
           where w.tenant_id = $1 and w.issue_id = $3 and w.password is not null
             and ($4::text is null or w.member_code > $4)
           order by w.member_code limit $5"#,
        union as TenantId,
        Subscribers::NAME,
        issue as IssueId,
        after,
        PAGE
    )
    .fetch_all(tx.conn())
    .await?;
    let letters = rows.into_iter().map(|row| SealedLetter {
        id: row.id,
        union,
        sealed: SealedValue { key_id: row.key_id, bytes: row.password },
        member_code: row.member_code,
        name: row.name,
        user_id: row.user_id,
        issued_at: row.issued_at,
    });
    Ok(letters.collect())
}

/// Deletes an issue's letters, because they are in a file now. Returns how many there were: another issue may have taken
/// some away in the meantime, and those in the file are dead then.
pub async fn forget(tx: &mut TenantTx, issue: IssueId) -> Result<u64, sqlx::Error> {
    let gone = sqlx::query!(
        "delete from letters where tenant_id = $1 and issue_id = $2 and password is not null",
        tx.tenant() as TenantId,
        issue as IssueId
    )
    .execute(tx.conn())
    .await?;
    Ok(gone.rows_affected())
}

/// Returns how many letters of an issue wait.
pub async fn count(tx: &mut TenantTx, issue: IssueId) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from letters where tenant_id = $1 and issue_id = $2"#,
        tx.tenant() as TenantId,
        issue as IssueId
    )
    .fetch_one(tx.conn())
    .await
}
