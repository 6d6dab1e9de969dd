//! 仮ユーザID and 仮パスワード for the letters of a union (T9).
//!
//! They are random, and their characters are easy to tell apart on paper. Only a hash of the password is kept, so the
//! printed letter is the only copy. Another letter ends the one before, and everything that was begun with it.

use std::collections::{HashMap, HashSet};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use rand::RngExt as _;
use secrecy::{ExposeSecret as _, SecretString};

use super::hashing::{HashingError, PasswordHasher};
use crate::audit::{self, Action};
use crate::base::clock::Clock;
use crate::base::ids::{LoginId, TenantId};
use crate::base::realm::{Realm as _, Subscribers};
use crate::base::spreadsheet::harmless;
use crate::db::TenantTx;

/// The characters that can't be misread in any print: 0 and o, 1, i and l, u and v are left out.
const ALPHABET: &[u8; 29] = b"23456789abcdefghjkmnpqrstwxyz";
/// 29^12 passwords: more than 58 bits.
const PASSWORD_LENGTH: usize = 12;
/// 29^8 IDs, so that two are never the same.
const USER_ID_LENGTH: usize = 8;
const HASHES_AT_ONCE: usize = 8;

/// The contents of a letter with first credentials.
#[derive(Debug)]
pub struct Letter {
    pub member_code: String,
    pub name: String,
    pub user_id: String,
    pub password: SecretString,
    hash: String,
}

/// The people who get a letter.
#[derive(Debug, Clone, Copy)]
pub enum LetterRecipients<'a> {
    /// Every insured person (本人) with no login yet.
    Newcomers,
    /// These people, also if they got one before.
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

/// A person who gets a letter.
#[derive(Debug)]
pub struct Recipient {
    code: String,
    name: String,
    /// The user ID of the login that they have already.
    user_id: Option<String>,
    registered: bool,
}

/// Finds the people who get a letter.
pub async fn recipients(
    tx: &mut TenantTx,
    whom: LetterRecipients<'_>,
) -> Result<Vec<Recipient>, LettersError> {
    let named = match whom {
        LetterRecipients::Newcomers => None,
        LetterRecipients::Members(codes) => Some(codes),
    };
    let found = sqlx::query_as!(
        Recipient,
        r#"select m.code, m.name, l.user_id as "user_id?",
                  l.password_hash is not null as "registered!"
           from members m
           left join subscribers s on s.tenant_id = m.tenant_id and s.member_code = m.code
           left join logins l
             on l.tenant_id = s.tenant_id and l.realm = s.realm and l.id = s.login_id
           where m.tenant_id = $1
             and case when $2::text[] is null
                      then s.login_id is null and m.relation = 'insured' and m.lost_on is null
                      else m.code = any($2) end
           order by m.code"#,
        tx.tenant() as TenantId,
        named
    )
    .fetch_all(tx.conn())
    .await?;
    let known: HashSet<&str> = found.iter().map(|recipient| recipient.code.as_str()).collect();
    let unknown = |code: &&String| !known.contains(code.as_str());
    if let Some(unknown) = named.and_then(|codes| codes.iter().find(unknown)) {
        return Err(LettersError::Unknown(unknown.clone()));
    }
    match found.iter().find(|recipient| recipient.registered) {
        Some(done) => Err(LettersError::Registered(done.code.clone())),
        None => Ok(found),
    }
}

/// Draws IDs and passwords. Hashing is slow, so this comes before the transaction that stores them.
///
/// # Errors
/// [`HashingError::Stopped`].
pub async fn write(
    hasher: &PasswordHasher,
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

/// Stores the hashes of the letters' passwords. Returns the letters that hold: people who have registered meanwhile need
/// none. The caller commits once the letters are safe on disk.
pub async fn store(
    tx: &mut TenantTx,
    clock: &Clock,
    letters: Vec<Letter>,
) -> Result<Vec<Letter>, sqlx::Error> {
    let column = |of: fn(&Letter) -> &String| letters.iter().map(of).cloned().collect::<Vec<_>>();
    let (codes, hashes) = (column(|letter| &letter.member_code), column(|letter| &letter.hash));
    // The lock makes two operators take turns, so that the second finds the logins of the first.
    sqlx::query!(
        "select from members where tenant_id = $1 and code = any($2) order by code for update",
        tx.tenant() as TenantId,
        &codes
    )
    .execute(tx.conn())
    .await?;
    let mut stored = kill_those_before(tx, clock, &codes, &hashes).await?;
    let logins: Vec<_> = stored.iter().map(|row| row.login.0).collect();
    end_what_was_begun(tx, clock, &logins).await?;
    stored.extend(open_logins(tx, clock, &letters, &codes, &hashes).await?);
    let detail = serde_json::json!({ "count": stored.len() });
    audit::record(tx, clock, Action::LettersIssued, None, detail).await?;
    let mut user_ids: HashMap<String, String> =
        stored.into_iter().map(|row| (row.member_code, row.user_id)).collect();
    let counts = |letter: Letter| {
        let user_id = user_ids.remove(&letter.member_code)?;
        Some(Letter { user_id, ..letter })
    };
    Ok(letters.into_iter().filter_map(counts).collect())
}

/// A login that a letter is for.
struct LoginOfLetter {
    login: LoginId,
    member_code: String,
    user_id: String,
}

/// Gives another first credential to people who have a login and have not registered. Their logins are updated first,
/// since a sign-in with the letter before holds its login until its session has begun.
async fn kill_those_before(
    tx: &mut TenantTx,
    clock: &Clock,
    codes: &[String],
    hashes: &[String],
) -> Result<Vec<LoginOfLetter>, sqlx::Error> {
    sqlx::query_as!(
        LoginOfLetter,
        r#"with cleared as (
               update logins l
               set second_factor = null, email = coalesce(l.former_email, l.email),
                   email_confirmed_at = null, former_email = null
               from subscribers s
               where l.tenant_id = $1 and l.realm = $2 and l.password_hash is null
                 and s.tenant_id = $1 and s.login_id = l.id and s.member_code = any($3)
               returning l.id, l.user_id
           )
           update subscribers s
           set initial_credential = 'letter', initial_issued_at = $5,
               initial_password_hash = letter.hash, birthdate_confirmed_at = null,
               user_id_chosen_at = null
           from cleared c, unnest($3::text[], $4::text[]) as letter (code, hash)
           where s.tenant_id = $1 and s.login_id = c.id and s.member_code = letter.code
           returning s.login_id as "login: LoginId", s.member_code, c.user_id"#,
        tx.tenant() as TenantId,
        Subscribers::NAME,
        codes,
        hashes,
        clock.now()
    )
    .fetch_all(tx.conn())
    .await
}

/// Opens logins for people who have none.
async fn open_logins(
    tx: &mut TenantTx,
    clock: &Clock,
    letters: &[Letter],
    codes: &[String],
    hashes: &[String],
) -> Result<Vec<LoginOfLetter>, sqlx::Error> {
    let ids: Vec<_> = letters.iter().map(|_| LoginId::<Subscribers>::new(clock).0).collect();
    let user_ids: Vec<_> = letters.iter().map(|letter| letter.user_id.clone()).collect();
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
           returning login_id as "login: LoginId", member_code,
                     (select l.user_id from letter l where l.id = login_id) as "user_id!""#,
        tx.tenant() as TenantId,
        Subscribers::NAME,
        &ids,
        codes,
        &user_ids,
        hashes,
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

fn new_user_id() -> String {
    format!("kari{}", random_text(USER_ID_LENGTH))
}

fn random_text(length: usize) -> String {
    let mut random = rand::rng();
    (0..length).map(|_| char::from(ALPHABET[random.random_range(0..ALPHABET.len())])).collect()
}

impl Letter {
    /// Returns its cells in the file that is printed: code, name, ID and password.
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
