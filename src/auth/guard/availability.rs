//! Whether a user ID or an address is free tells something of other people, so that nobody may ask often.

use crate::auth::context::SignIn;
use crate::auth::guard::throttle::FREE_PERSON;
use crate::auth::people::People;
use crate::auth::session::living::Session;
use crate::tenant::directory::Tenant;

impl SignIn<'_> {
    /// Counts a question of somebody who is signed in. Returns false if there were so many that it has to wait.
    ///
    /// # Errors
    /// The database's.
    pub async fn may_ask_what_is_free<R: People>(
        &self,
        tenant: &Tenant,
        session: &Session<R>,
    ) -> Result<bool, sqlx::Error> {
        let key = session.login.to_string();
        Ok(FREE_PERSON.take_apart::<R>(self.db, self.clock, tenant.id, &key, 1).await? == 1)
    }
}
