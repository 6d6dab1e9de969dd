//! Whether a user ID or an address is free tells something of other people, so that nobody may ask often.

use super::session::Session;
use super::sign_in::SignIn;
use super::throttle::FREE_PERSON;
use crate::tenant::directory::Tenant;

impl SignIn<'_> {
    /// Counts a question of somebody who is signed in; `false` where there were so many that it has to wait.
    ///
    /// # Errors
    /// The database's.
    pub async fn may_ask_what_is_free(
        &self,
        tenant: &Tenant,
        session: &Session,
    ) -> Result<bool, sqlx::Error> {
        let mut tx = self.db.tenant_unflushed(tenant.id).await?;
        let key = session.account.to_string();
        let may = FREE_PERSON.take_one(&mut tx, self.clock, &key).await?;
        tx.commit().await?;
        Ok(may)
    }
}
