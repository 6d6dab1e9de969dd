//! Registers people without the pages of the first sign-in, so that tests start faster.

use super::World;
use crate::support::people::Person;

/// Writes the same rows as the first sign-in: an own password, agreed terms, a confirmed address, no first
/// credentials any more, and two lines on the audit trail.
const REGISTER: &str = "
    with owned as (
        update logins
        set password_hash = $3, password_set_at = $4, registered_at = $4,
            email_confirmed_at = case when email is not null then $4 end
        where tenant_id = $1 and realm = 'subscriber' and user_id = $2 and password_hash is null
        returning id
    ), known as (
        update subscribers
        set initial_credential = null, initial_issued_at = null, initial_password_hash = null,
            birthdate_confirmed_at = $4, user_id_chosen_at = $4
        from owned where tenant_id = $1 and login_id = owned.id
    ), agreed as (
        insert into terms_agreements (tenant_id, realm, login_id, terms_id, agreed_at)
        select $1, 'subscriber', id, $5, $4 from owned
    )
    insert into audit_events (tenant_id, id, at, actor_kind, actor_label, actor_roles, action,
                              subject_login, outcome, detail)
    select $1, gen_random_uuid(), $4, 'operator', 'test', '{}', action, id, 'ok', '{}'
    from owned, unnest(array['terms.agreed', 'account.registered']) as action";

impl World {
    /// Registers a person, as if the person had done the first sign-in.
    pub async fn register(&self, person: Person) {
        let union = self.union(person.union);
        let hash = self.app.hasher.hash_patiently(union.id, &person.password.into()).await;
        let hash = hash.expect("a hash");
        let registered = sqlx::query(REGISTER)
            .bind(union.id.0)
            .bind(person.user_id)
            .bind(hash)
            .bind(self.clock.now())
            .bind(union.terms.in_force(self.clock.now()).id.0)
            .execute(&mut self.database.admin().await)
            .await;
        assert_eq!(registered.expect("a change").rows_affected(), 2, "{}", person.user_id);
    }
}
