//! Finding the session of a token: what the database knows of it, what that is worth, and what has to be noted.

use super::judgement::{Judgement, Note, judge};
use super::living::Lookup;
use super::row::{self, FoundSession};
use super::store::end;
use super::token;
use crate::auth::context::{Context, SendingError};
use crate::auth::people::People;
use crate::base::ids::TenantId;
use crate::base::secret::PlainToken;
use crate::db::TenantTx;

/// Finds the session of a token that a browser shows, and notes that it was used.
pub async fn find<R: People>(
    tx: &mut TenantTx,
    cx: Context<'_>,
    token: &PlainToken,
) -> Result<Lookup<R>, SendingError> {
    look(tx, cx, token, true).await
}

/// Finds the session of a token that is on its way to the browser.
pub(in crate::auth) async fn read<R: People>(
    tx: &mut TenantTx,
    cx: Context<'_>,
    token: &PlainToken,
) -> Result<Lookup<R>, SendingError> {
    look(tx, cx, token, false).await
}

async fn look<R: People>(
    tx: &mut TenantTx,
    cx: Context<'_>,
    token: &PlainToken,
    shown: bool,
) -> Result<Lookup<R>, SendingError> {
    let (clock, policy) = (cx.clock, &cx.tenant.config);
    let now = clock.now();
    let Some(FoundSession { token_row, mut session }) = row::find::<R>(tx, cx, token).await? else {
        return token::of_before(tx, cx, token).await;
    };
    let (lapses, note) = match judge::<R>(&token_row, policy, now, shown) {
        Judgement::Superseded => {
            return Ok(Lookup::Superseded { session: session.id, login: session.login });
        }
        Judgement::Copied => {
            token::end_copied(tx, cx, session.id, session.login).await?;
            return Ok(Lookup::Unknown);
        }
        Judgement::Over => {
            // It ends for good: a policy that allows more later must not revive it.
            end(tx, clock, session.id).await?;
            return Ok(Lookup::Expired);
        }
        Judgement::Lives { lapses, note } => (lapses, note),
    };
    if lapses {
        session.lapsed_at = Some(now);
        session.facts.second_factor = false;
    }
    match note {
        Note::Nothing => {}
        Note::Use => {
            sqlx::query!(
                "update sessions
                 set last_seen_at = $4,
                     second_factor_lapsed_at = coalesce(second_factor_lapsed_at, $5),
                     token_shown = token_shown or ($7 and token_hash = $6)
                 where tenant_id = $1 and realm = $2 and id = $3",
                tx.tenant() as TenantId,
                R::NAME,
                session.id.0,
                now,
                lapses.then_some(now),
                token.hashed().to_vec(),
                shown
            )
            .execute(tx.conn())
            .await?;
        }
        Note::Rotation => {
            let token_at = token_row.newest.at;
            session.rotated = token::rotate(tx, clock, session.id, token, token_at).await?;
        }
    }
    Ok(Lookup::Living(Box::new(session)))
}
