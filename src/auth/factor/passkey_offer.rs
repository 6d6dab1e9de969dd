//! The offer of a passkey after a sign-in: made once, to a person who has none, in a union that allows passkeys.

use crate::audit::{self, Action};
use crate::auth::people::People;
use crate::auth::session::living::Session;
use crate::base::clock::Clock;
use crate::base::ids::{LoginId, TenantId};
use crate::base::realm::Realm;
use crate::db::TenantTx;
use crate::tenant::policy::{SecondFactor, TenantConfig};

/// Returns false if policy and session already rule the offer out, so that the database need not be asked. The first
/// sign-in is long enough without it.
#[must_use]
pub fn may_be_due<R: People>(policy: &TenantConfig, session: &Session<R>) -> bool {
    let allowed = policy.sign_in.second_factors.contains(&SecondFactor::Passkey);
    let has_one = session.method(policy) == Some(SecondFactor::Passkey);
    allowed && !has_one && !session.passkey_offer_answered && !session.facts().first_session
}

/// Returns true if the person has no passkey and has not answered the offer.
pub async fn is_due<R: Realm>(tx: &mut TenantTx, login: LoginId<R>) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select l.passkey_offer_answered_at is null
                  and not exists (select from devices d
                                  where d.tenant_id = $1 and d.realm = $2 and d.login_id = l.id
                                    and d.kind = 'passkey')
                  as "due!"
           from logins l where l.tenant_id = $1 and l.realm = $2 and l.id = $3"#,
        tx.tenant() as TenantId,
        R::NAME,
        login.0
    )
    .fetch_one(tx.conn())
    .await
}

/// Notes that the person declines. Declining again changes nothing.
pub async fn decline<R: People>(
    tx: &mut TenantTx,
    clock: &Clock,
    session: &Session<R>,
) -> Result<(), sqlx::Error> {
    let declined = sqlx::query!(
        "update logins set passkey_offer_answered_at = $4
         where tenant_id = $1 and realm = $2 and id = $3 and passkey_offer_answered_at is null",
        tx.tenant() as TenantId,
        R::NAME,
        session.login.0,
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    if declined.rows_affected() > 0 {
        let detail = serde_json::json!({});
        let login = Some(session.login);
        audit::record_of(tx, clock, Action::PasskeyOfferDeclined, login, detail).await?;
    }
    Ok(())
}
