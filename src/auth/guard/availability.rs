//! Whether a user ID or an address is free tells something of other people, so that nobody may ask often.

use crate::auth::guard::throttle::FREE_PERSON;
use crate::auth::session::Session;
use crate::auth::sign_in::SignIn;
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
        let key = session.account.to_string();
        Ok(FREE_PERSON.take_apart(self.db, self.clock, tenant.id, &key, 1).await? == 1)
    }
}
