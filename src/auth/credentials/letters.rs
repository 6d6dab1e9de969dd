//! 仮ユーザID and 仮パスワード for the letters of a union (T9).
//!
//! They are random and easy to tell apart on paper; only a hash of the password stays here, so that
//! what is printed is the only copy. Another letter kills the one before, and all that anybody did
//! with that.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use rand::RngExt as _;
use secrecy::{ExposeSecret as _, SecretString};

use crate::audit::{self, Action};
use crate::auth::credentials::hashing::{Hasher, HashingError};
use crate::base::clock::Clock;
use crate::base::ids::LoginId;
use crate::base::spreadsheet::harmless;
use crate::db::TenantTx;

/// Without 0 and o, 1, i and l, u and v: each of the others is itself in any print.
const ALPHABET: &[u8; 29] = b"23456789abcdefghjkmnpqrstwxyz";
/// 29^12 passwords: more than 58 bits.
const PASSWORD_LENGTH: usize = 12;
/// 29^8 IDs, so that two are never the same.
const USER_ID_LENGTH: usize = 8;
const HASHES_AT_ONCE: usize = 8;

/// What a letter says.
#[derive(Debug)]
pub struct Letter {
    pub member_code: String,
    pub name: String,
    pub user_id: String,
    pub password: SecretString,
    hash: String,
}

/// Who gets a letter.
#[derive(Debug, Clone, Copy)]
pub enum Whom<'a> {
    /// Every insured person (本人) with no account yet.
    Newcomers,
    /// These people, whether or not they got one before.
    Members(&'a [String]),
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

/// Somebody who gets one.
#[derive(Debug)]
pub struct Recipient {
    code: String,
    name: String,
    /// The ID of the account they have.
    user_id: Option<String>,
    registered: bool,
}

/// Finds out who gets a letter.
///
/// # Errors
/// All of [`LettersError`].
pub async fn recipients(tx: &mut TenantTx, whom: Whom<'_>) -> Result<Vec<Recipient>, LettersError> {
    let named = match whom {
        Whom::Newcomers => None,
        Whom::Members(codes) => Some(codes),
    };
    let found = sqlx::query_as!(
        Recipient,
        r#"select m.code, m.name, a.user_id as "user_id?",
                  a.password_hash is not null as "registered!"
           from members m
           left join accounts a on a.tenant_id = m.tenant_id and a.member_code = m.code
           where case when $1::text[] is null
                      then a.id is null and m.relation = 'insured' and m.lost_on is null
                      else m.code = any($1) end
           order by m.code"#,
        named
    )
    .fetch_all(tx.conn())
    .await?;
    let known = |code: &String| found.iter().any(|recipient| recipient.code == *code);
    if let Some(unknown) = named.and_then(|codes| codes.iter().find(|code| !known(code))) {
        return Err(LettersError::Unknown(unknown.clone()));
    }
    match found.iter().find(|recipient| recipient.registered) {
        Some(done) => Err(LettersError::Registered(done.code.clone())),
        None => Ok(found),
    }
}

/// Draws IDs and passwords. It takes its time, so it comes before the transaction that stores them.
///
/// # Errors
/// [`HashingError::Stopped`].
pub async fn write(
    hasher: &Hasher,
    recipients: Vec<Recipient>,
) -> Result<Vec<Letter>, HashingError> {
    stream::iter(recipients)
        .map(async |Recipient { code, name, user_id, .. }| {
            let user_id = user_id.unwrap_or_else(new_user_id);
            let password = SecretString::from(random_text(PASSWORD_LENGTH));
            let hash = hasher.hash_patiently(&password).await?;
            Ok(Letter { member_code: code, name, user_id, password, hash })
        })
        .buffered(HASHES_AT_ONCE)
        .try_collect()
        .await
}

/// Stores what the letters are checked against, and gives those that count: whoever registered
/// meanwhile needs none. The caller commits once they are safe on disk.
///
/// # Errors
/// The database's.
pub async fn store(
    tx: &mut TenantTx,
    clock: &Clock,
    letters: Vec<Letter>,
) -> Result<Vec<Letter>, sqlx::Error> {
    let column = |of: fn(&Letter) -> &String| letters.iter().map(of).cloned().collect::<Vec<_>>();
    let ids: Vec<_> = letters.iter().map(|_| LoginId::new(clock).0).collect();
    let stored = sqlx::query!(
        r#"insert into accounts as a (id, member_code, user_id, initial_credential,
                                      initial_password_hash, initial_issued_at, created_at)
           select id, code, user_id, 'letter', hash, $5, $5
           from unnest($1::uuid[], $2::text[], $3::text[], $4::text[])
               as letter (id, code, user_id, hash)
           on conflict (tenant_id, member_code) do update set
               initial_credential = 'letter', initial_issued_at = excluded.initial_issued_at,
               initial_password_hash = excluded.initial_password_hash,
               birthdate_confirmed_at = null, user_id_chosen_at = null, second_factor = null,
               email = coalesce(a.former_email, a.email), email_confirmed_at = null,
               former_email = null
               where a.password_hash is null
           returning id as "id: LoginId", member_code, user_id"#,
        &ids,
        &column(|letter| &letter.member_code),
        &column(|letter| &letter.user_id),
        &column(|letter| &letter.hash),
        clock.now()
    )
    .fetch_all(tx.conn())
    .await?;
    let accounts: Vec<_> = stored.iter().map(|row| row.id.0).collect();
    end_what_was_begun(tx, clock, &accounts).await?;
    let detail = serde_json::json!({ "count": stored.len() });
    audit::record(tx, clock, Action::LettersIssued, None, detail).await?;
    let counts = |letter: Letter| {
        let row = stored.iter().find(|row| row.member_code == letter.member_code)?;
        Some(Letter { user_id: row.user_id.clone(), ..letter })
    };
    Ok(letters.into_iter().filter_map(counts).collect())
}

/// Somebody else may have held the letter before.
async fn end_what_was_begun(
    tx: &mut TenantTx,
    clock: &Clock,
    accounts: &[uuid::Uuid],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update sessions set ended_at = $2 where account_id = any($1) and ended_at is null",
        accounts,
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!("delete from email_confirmations where account_id = any($1)", accounts)
        .execute(tx.conn())
        .await?;
    sqlx::query!("delete from registration_drafts where account_id = any($1)", accounts)
        .execute(tx.conn())
        .await?;
    sqlx::query!("delete from terms_agreements where account_id = any($1)", accounts)
        .execute(tx.conn())
        .await
        .map(drop)
}

fn new_user_id() -> String {
    format!("kari{}", random_text(USER_ID_LENGTH))
}

fn random_text(length: usize) -> String {
    let mut random = rand::rng();
    (0..length).map(|_| char::from(ALPHABET[random.random_range(0..ALPHABET.len())])).collect()
}

impl Letter {
    /// Its cells in the file that is printed: code, name, ID and password.
    #[must_use]
    pub fn cells(&self) -> [String; 4] {
        let Self { member_code, name, user_id, password, .. } = self;
        [member_code, name, user_id, password.expose_secret()].map(harmless)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t9_what_is_printed_can_not_be_misread() {
        for _ in 0..1_000 {
            let (user_id, password) = (new_user_id(), random_text(PASSWORD_LENGTH));
            assert!(user_id.len() == 12 && password.len() == 12);
            for unclear in ['0', 'o', '1', 'l', 'u', 'v', 'i'] {
                assert!(!password.contains(unclear) && !user_id[4..].contains(unclear));
            }
        }
    }
}
