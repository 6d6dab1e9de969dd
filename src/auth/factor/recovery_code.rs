//! Recovery codes: a way in for a person who lost every device. They come ten at a time, and each is good once.
//!
//! They are shown once. Short enough to be written down, they could be guessed from a plain hash, so that the database
//! keeps a slow one with the set's own salt (ASVS 6.5.2). The person is told by mail when one is used.

use rand::RngExt as _;
use sha2::{Digest as _, Sha256};

use crate::audit::{self, Action};
use crate::auth::account_changed::AccountChange;
use crate::auth::context::{Context, SendingError, SignIn, SignInError};
use crate::auth::credentials::hashing::HashingError;
use crate::auth::factor::proved::{FactorAttempt, Proved};
use crate::auth::links;
use crate::auth::people::People;
use crate::auth::session::living::Session;
use crate::auth::session::proof::ProofKind;
use crate::auth::session::{proof, store};
use crate::base::ids::{LoginId, TenantId};
use crate::base::japanese::fold_code;
use crate::base::realm::Realm;
use crate::base::secret::PlainToken;
use crate::db::TenantTx;
use crate::tenant::directory::Tenant;

/// The number of codes in a set.
const SET: usize = 10;
/// The characters of letters' passwords: none looks like another.
const ALPHABET: &[u8; 29] = b"23456789abcdefghjkmnpqrstwxyz";
/// 29^16: more than 77 bits.
const LENGTH: usize = 16;
const GROUP: usize = 4;
const SALT_LENGTH: usize = 16;
/// Longer than any code, grouped or not; the rest of what is typed is not hashed.
const LONGEST_TYPED: usize = 40;

/// The state of a person's set of recovery codes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CodeSetState {
    /// The number of unused codes.
    pub left: i64,
    /// The time at which it was made, in microseconds, which tells it from other sets; 0 if the person has none.
    pub made_at: i64,
}

/// A new set, before it is anybody's.
pub struct NewSet {
    codes: Vec<String>,
    salt: Vec<u8>,
    hashes: Vec<Vec<u8>>,
}

/// A code that was typed, hashed like those of the person's set.
pub struct TypedCode(Vec<u8>);

impl SignIn<'_> {
    /// Makes a new set, which takes ten slow hashes.
    pub async fn new_recovery_codes<R: People>(
        &self,
        tenant: &Tenant,
        session: &Session<R>,
    ) -> Result<NewSet, HashingError> {
        let codes: Vec<String> = (0..SET).map(|_| random_code()).collect();
        let salt: [u8; SALT_LENGTH] = rand::random();
        let hashes =
            self.turn(tenant, &session.user_id).await?.digest(salt.to_vec(), codes.clone()).await?;
        Ok(NewSet { codes, salt: salt.to_vec(), hashes })
    }

    /// Reads what was typed for a code. It takes one slow hash whether or not the person has any codes.
    pub async fn recovery_code<R: People>(
        &self,
        tenant: &Tenant,
        session: &Session<R>,
        typed: &str,
    ) -> Result<TypedCode, SignInError> {
        let (code, login) = (fold_code(typed).to_lowercase(), session.login);
        let mut tx = self.db.tenant(tenant.id, self.actor).await?;
        let set = sqlx::query_scalar!(
            "select salt from recovery_codes
             where tenant_id = $1 and realm = $2 and login_id = $3 limit 1",
            tx.tenant() as TenantId,
            R::NAME,
            login.0
        )
        .fetch_optional(tx.conn())
        .await?;
        tx.commit().await?;
        let salt = match set {
            // The set is of the longer codes that were made before.
            Some(None) if code.len() > LENGTH => return Ok(TypedCode(plain(login, &code))),
            Some(Some(salt)) => salt,
            _ => vec![0; SALT_LENGTH],
        };
        let longest = code.chars().take(LONGEST_TYPED).collect();
        let hashed = self.turn(tenant, &session.user_id).await?.digest(salt, vec![longest]).await?;
        Ok(TypedCode(hashed.concat()))
    }
}

/// Gives a person a new set, and returns it to be shown this once. The earlier set is dead then. Returns `None` if
/// the person's set is not the one that was made at `made_at`: another click has just made one.
pub async fn renew<R: People>(
    tx: &mut TenantTx,
    cx: Context<'_>,
    session: &Session<R>,
    made_at: i64,
    NewSet { codes, salt, hashes }: NewSet,
) -> Result<Option<Vec<String>>, SendingError> {
    let (clock, login) = (cx.clock, session.login);
    store::lock_login(tx, login).await?;
    if set_state(tx, login).await?.made_at != made_at {
        return Ok(None);
    }
    sqlx::query!(
        "delete from recovery_codes
         where tenant_id = $1 and realm = $2 and login_id = $3",
        tx.tenant() as TenantId,
        R::NAME,
        login.0
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "insert into recovery_codes (tenant_id, realm, login_id, code_hash, salt, created_at)
         select $1, $2, $3, hash, $5, $6 from unnest($4::bytea[]) as hash
         returning true as written",
        tx.tenant() as TenantId,
        R::NAME,
        login.0,
        &hashes,
        salt,
        clock.now()
    )
    .fetch_all(tx.conn())
    .await?;
    links::kill(tx, clock, login).await?;
    let detail = serde_json::json!({ "count": SET });
    audit::record_of(tx, clock, Action::RecoveryCodesMade, Some(login), detail).await?;
    AccountChange::RecoveryCodesMade.tell(tx, cx, session).await?;
    Ok(Some(codes.iter().map(|code| grouped(code)).collect()))
}

/// Returns how a person's set stands.
pub async fn set_state<R: Realm>(
    tx: &mut TenantTx,
    login: LoginId<R>,
) -> Result<CodeSetState, sqlx::Error> {
    let row = sqlx::query!(
        r#"select count(*) filter (where used_at is null) as "left!", max(created_at) as made_at
           from recovery_codes where tenant_id = $1 and realm = $2 and login_id = $3"#,
        tx.tenant() as TenantId,
        R::NAME,
        login.0
    )
    .fetch_one(tx.conn())
    .await?;
    let made_at = row.made_at.map_or(0, |at| at.timestamp_micros());
    Ok(CodeSetState { left: row.left, made_at })
}

/// Uses a code in place of the second factor. Of many requests at once, one does.
pub async fn prove<R: People>(
    tx: &mut TenantTx,
    cx: Context<'_>,
    session: &Session<R>,
    token: &PlainToken,
    TypedCode(typed): &TypedCode,
) -> Result<Proved, SendingError> {
    let (clock, login) = (cx.clock, session.login);
    if !proof::owes_proof(tx, clock, session.id).await? {
        return Ok(Proved::NothingDue);
    }
    let used = sqlx::query!(
        "update recovery_codes set used_at = $5
         where tenant_id = $1 and realm = $2 and login_id = $3 and code_hash = $4 and used_at is null",
        tx.tenant() as TenantId,
        R::NAME,
        login.0,
        typed,
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    let attempt = FactorAttempt::new(session, token, ProofKind::RecoveryCode);
    if used.rows_affected() > 0 {
        AccountChange::RecoveryCodeUsed.tell(tx, cx, session).await?;
        attempt.succeed(tx, cx).await
    } else if was_used(tx, login, typed).await? {
        Ok(attempt.refuse_replay(tx, cx).await?)
    } else {
        Ok(attempt.fail(tx, cx).await?)
    }
}

async fn was_used<R: Realm>(
    tx: &mut TenantTx,
    login: LoginId<R>,
    typed: &[u8],
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from recovery_codes
                          where tenant_id = $1 and realm = $2 and login_id = $3 and code_hash = $4
                            and used_at is not null
                         ) as "used!""#,
        tx.tenant() as TenantId,
        R::NAME,
        login.0,
        typed
    )
    .fetch_one(tx.conn())
    .await
}

/// Hashes one of the longer codes, which need no slow hash, bound to the person, so that equal hashes tell nothing.
fn plain<R: Realm>(login: LoginId<R>, code: &str) -> Vec<u8> {
    Sha256::digest(format!("recovery code {login} {code}")).to_vec()
}

fn random_code() -> String {
    let mut random = rand::rng();
    (0..LENGTH).map(|_| char::from(ALPHABET[random.random_range(0..ALPHABET.len())])).collect()
}

/// Returns a code in groups, which are easier to copy by hand: `abcd-efgh-…`.
fn grouped(code: &str) -> String {
    let groups: Vec<&str> =
        code.as_bytes().chunks(GROUP).filter_map(|group| str::from_utf8(group).ok()).collect();
    groups.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_it_was_copied() {
        let code = random_code();
        assert_eq!(code.len(), LENGTH);
        let copied = grouped(&code).to_uppercase();
        assert_eq!(copied.matches('-').count(), 3);
        assert_eq!(fold_code(&copied).to_lowercase(), code);
    }
}
