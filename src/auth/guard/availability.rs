//! The answer to whether a user ID or an address is free tells something of other people, so nobody may ask often.

use crate::auth::context::SignIn;
use crate::auth::guard::throttle::FREE_PERSON;
use crate::auth::people::People;
use crate::auth::session::living::Session;
use crate::tenant::directory::Tenant;

impl SignIn<'_> {
    /// Counts such a question of a person who is signed in. Returns false if the person asked too often.
    pub async fn may_ask_what_is_free<R: People>(
        &self,
        tenant: &Tenant,
        session: &Session<R>,
    ) -> Result<bool, sqlx::Error> {
        let key = session.login.to_string();
        FREE_PERSON.take_apart::<R>(self.db, self.clock, tenant.id, &key, 1).await
    }
}
