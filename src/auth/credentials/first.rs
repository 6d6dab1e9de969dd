//! First credentials (T9): a password by the union's formula, of which nothing is stored, or by letter.

use chrono::{DateTime, NaiveDate, Utc};

use crate::base::clock::Clock;
use crate::base::ids::{LoginId, TenantId};
use crate::base::realm::{Realm as _, Subscribers};
use crate::db::TenantTx;
use crate::tenant::policy::FirstSignInRules;
use crate::tenant::policy::formula::FormulaPerson;

/// The way in which a person's first credentials reached them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(in crate::auth) enum InitialCredential {
    Formula,
    Letter,
}

/// A subscriber's first credential, and the facts that the formula takes.
#[derive(Debug)]
pub struct First {
    pub(super) login: LoginId,
    pub(super) credential: InitialCredential,
    pub(super) password_hash: Option<String>,
    pub(super) issued_at: Option<DateTime<Utc>>,
    pub(super) symbol: String,
    pub(super) number: String,
    pub(super) branch: String,
    pub(super) birthdate: NaiveDate,
}

/// The secret that a password is compared with.
pub(in crate::auth) enum Secret {
    /// An argon2id hash: the own password's or the letter's.
    Hash(String),
    /// The password that the union's formula makes of the person.
    Formula(String),
    Nothing,
}

impl First {
    pub(super) fn secret(&self, policy: &FirstSignInRules) -> Secret {
        match (self.credential, &policy.formula) {
            (InitialCredential::Letter, _) => {
                self.password_hash.clone().map_or(Secret::Nothing, Secret::Hash)
            }
            (InitialCredential::Formula, Some(rule)) => {
                Secret::Formula(rule.template.password(FormulaPerson {
                    symbol: &self.symbol,
                    number: &self.number,
                    branch: &self.branch,
                    birthdate: self.birthdate,
                }))
            }
            (InitialCredential::Formula, None) => Secret::Nothing,
        }
    }

    /// Returns true if the credential is accepted on a day.
    pub(in crate::auth) fn is_in_time(&self, policy: &FirstSignInRules, today: NaiveDate) -> bool {
        is_in_time(policy, self.credential, self.issued_at, today)
    }

    /// Returns true if no other letter has been issued meanwhile. The caller has locked the login, which another letter
    /// waits for. This is a statement of its own, since the one that waits for the lock sees rows as they were before.
    pub(in crate::auth) async fn still_holds(
        &self,
        tx: &mut TenantTx,
    ) -> Result<bool, sqlx::Error> {
        let now = sqlx::query!(
            "select initial_password_hash, initial_issued_at from subscribers
             where tenant_id = $1 and login_id = $2",
            tx.tenant() as TenantId,
            self.login.0
        )
        .fetch_one(tx.conn())
        .await?;
        Ok(now.initial_password_hash == self.password_hash
            && now.initial_issued_at == self.issued_at)
    }
}

/// Kills the first credential of a person who has not registered: nobody signs in with it from then on. Returns false if
/// the person is registered, or has none. The caller has locked the login.
pub(in crate::auth) async fn kill(
    tx: &mut TenantTx,
    clock: &Clock,
    login: LoginId,
) -> Result<bool, sqlx::Error> {
    // A letter without a password opens nothing, nor does the union's formula any more.
    let killed = sqlx::query!(
        "update subscribers s
         set initial_credential = 'letter', initial_password_hash = null,
             initial_issued_at = case when s.initial_credential = 'letter'
                                      then s.initial_issued_at else $4 end
         from logins l
         where s.tenant_id = $1 and s.login_id = $3
           and (s.initial_credential = 'formula' or s.initial_password_hash is not null)
           and l.tenant_id = $1 and l.realm = $2 and l.id = s.login_id and l.password_hash is null",
        tx.tenant() as TenantId,
        Subscribers::NAME,
        login.0,
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    Ok(killed.rows_affected() > 0)
}

/// Returns true if a first credential of that time is accepted on a day.
pub(in crate::auth) fn is_in_time(
    first: &FirstSignInRules,
    credential: InitialCredential,
    issued_at: Option<DateTime<Utc>>,
    today: NaiveDate,
) -> bool {
    match credential {
        InitialCredential::Letter => {
            let letter = first.letter.as_ref().zip(issued_at);
            let last = letter.and_then(|(letter, issued)| letter.last_day(issued));
            last.is_none_or(|last| today <= last)
        }
        InitialCredential::Formula => first.formula.as_ref().is_some_and(|rule| {
            today >= rule.valid_from && rule.valid_until.is_none_or(|until| today <= until)
        }),
    }
}
