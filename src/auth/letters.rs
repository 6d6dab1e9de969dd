//! 仮ユーザID and 仮パスワード for the letters of a union (T9).
//!
//! They are random and easy to tell apart on paper; only a hash of the password stays here, so that
//! what is printed is the only copy. Another letter kills the one before.

use std::collections::HashSet;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use rand::RngExt as _;
use secrecy::{ExposeSecret as _, SecretString};

use super::hashing::{Hasher, HashingError};
use crate::audit::{self, Action};
use crate::base::clock::Clock;
use crate::base::ids::AccountId;
use crate::db::TenantTx;

/// Without 0 and o, 1, i and l, u and v: each of the others is itself in any print.
const ALPHABET: &[u8; 29] = b"23456789abcdefghjkmnpqrstwxyz";
/// 29^12 passwords: more than 58 bits.
const PASSWORD_LENGTH: usize = 12;
const USER_ID_LENGTH: usize = 6;
const HASHES_AT_ONCE: usize = 8;

/// What a letter says.
#[derive(Debug)]
pub struct Letter {
    pub member_code: String,
    pub name: String,
    pub user_id: String,
    pub password: SecretString,
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
    Hashing(#[from] HashingError),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

struct Recipient {
    code: String,
    name: String,
    /// The ID of the account they have.
    user_id: Option<String>,
    registered: bool,
}

/// Writes letters and stores what they are checked against. The caller commits once they are safe
/// on paper or disk.
///
/// # Errors
/// All of [`LettersError`]; then the transaction has to be dropped.
pub async fn issue(
    tx: &mut TenantTx,
    clock: &Clock,
    hasher: &Hasher,
    whom: Whom<'_>,
    by: &str,
) -> Result<Vec<Letter>, LettersError> {
    let recipients = recipients(tx, whom).await?;
    if let Some(done) = recipients.iter().find(|recipient| recipient.registered) {
        return Err(LettersError::Registered(done.code.clone()));
    }
    let taken = sqlx::query_scalar!("select user_id from accounts").fetch_all(tx.conn()).await?;
    let mut taken: HashSet<String> = taken.into_iter().collect();
    let mut letters = Vec::new();
    for Recipient { code, name, user_id, .. } in recipients {
        let user_id = user_id.unwrap_or_else(|| new_user_id(&mut taken));
        let password = SecretString::from(random_text(PASSWORD_LENGTH));
        letters.push(Letter { member_code: code, name, user_id, password });
    }
    let hashes: Vec<String> = stream::iter(&letters)
        .map(|letter| hasher.hash_patiently(&letter.password))
        .buffered(HASHES_AT_ONCE)
        .try_collect()
        .await?;
    let ids: Vec<_> = letters.iter().map(|_| AccountId::new(clock).0).collect();
    let codes: Vec<String> = letters.iter().map(|letter| letter.member_code.clone()).collect();
    let user_ids: Vec<String> = letters.iter().map(|letter| letter.user_id.clone()).collect();
    sqlx::query!(
        "insert into accounts (id, member_code, user_id, initial_credential,
                               initial_password_hash, initial_issued_at, created_at)
         select id, code, user_id, 'letter', hash, $5, $5
         from unnest($1::uuid[], $2::text[], $3::text[], $4::text[])
             as letter (id, code, user_id, hash)
         on conflict (tenant_id, member_code) do update set
             initial_credential = 'letter', initial_issued_at = excluded.initial_issued_at,
             initial_password_hash = excluded.initial_password_hash
             -- Whoever registered this very moment needs none any more.
             where accounts.password_hash is null",
        &ids,
        &codes,
        &user_ids,
        &hashes,
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    let detail = serde_json::json!({ "count": letters.len(), "by": by });
    audit::record(tx, clock, Action::LettersIssued, None, detail).await?;
    Ok(letters)
}

async fn recipients(tx: &mut TenantTx, whom: Whom<'_>) -> Result<Vec<Recipient>, LettersError> {
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
    match named.and_then(|codes| codes.iter().find(|code| !known(code))) {
        Some(unknown) => Err(LettersError::Unknown(unknown.clone())),
        None => Ok(found),
    }
}

fn new_user_id(taken: &mut HashSet<String>) -> String {
    loop {
        let user_id = format!("kari{}", random_text(USER_ID_LENGTH));
        if taken.insert(user_id.clone()) {
            return user_id;
        }
    }
}

fn random_text(length: usize) -> String {
    let mut random = rand::rng();
    (0..length).map(|_| char::from(ALPHABET[random.random_range(0..ALPHABET.len())])).collect()
}

impl Letter {
    /// The lines of a letter, for the file that is printed.
    #[must_use]
    pub fn fields(&self) -> [&str; 4] {
        [&self.member_code, &self.name, &self.user_id, self.password.expose_secret()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t9_what_is_printed_can_not_be_misread() {
        let mut taken = HashSet::new();
        for _ in 0..1_000 {
            let (user_id, password) = (new_user_id(&mut taken), random_text(PASSWORD_LENGTH));
            assert!(user_id.len() == 10 && password.len() == 12);
            for unclear in ['0', 'o', '1', 'l', 'u', 'v', 'i'] {
                assert!(!password.contains(unclear) && !user_id[4..].contains(unclear));
            }
        }
        assert_eq!(taken.len(), 1_000);
    }
}
