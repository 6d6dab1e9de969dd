//! Staff act through `Desk`: only by the rights that they have at that moment, and never without an
//! audit line.

use kosmo::auth::staff::act::{Act, ReadTrail, SearchPeople, ViewMedicalData, ViewPerson};
use kosmo::auth::staff::desk::{Clerk, Denial, Desk, DeskError, Matter};
use kosmo::base::ids::LoginId;
use kosmo::base::realm::Staff;
use kosmo::db::actor::{Actor, ActorKind, Client};

use crate::support::people::TARO;
use crate::support::world::World;

const MEMBERS: &str = "select count(*) from members where tenant_id = current_tenant()";

impl World {
    /// Makes an active staff member. No page can invite one yet.
    pub async fn hire(&self, slug: &str, roles: &[&str], extra: &[&str]) -> Actor {
        let login = LoginId::new(&self.clock);
        sqlx::query(
            "with login as (
                 insert into logins (tenant_id, realm, id, user_id, created_at)
                 values ($1, 'staff', $2, $2::text, $5)
             )
             insert into staff (tenant_id, login_id, name, roles, extra_rights, invited_at, accepted_at)
             values ($1, $2, '管理 花子', $3, $4, $5, $5)",
        )
        .bind(self.tenant(slug))
        .bind(login)
        .bind(roles)
        .bind(extra)
        .bind(self.clock.now())
        .execute(&mut self.database.admin().await)
        .await
        .expect("a staff member");
        staff(login)
    }

    pub fn clerk<'c>(&'c self, slug: &str, actor: &'c Actor) -> Clerk<'c> {
        Clerk { db: &self.app.db, clock: &self.clock, tenant: self.tenant(slug), actor }
    }

    /// Performs an act that counts the union's members.
    async fn act<A: Act>(&self, slug: &str, actor: &Actor) -> Result<i64, DeskError> {
        let clerk = self.clerk(slug, actor);
        Desk::<A>::act(clerk, Matter::default(), async |desk| {
            Ok(sqlx::query_scalar(MEMBERS).fetch_one(desk.tx().conn()).await?)
        })
        .await
    }
}

fn staff(login: LoginId<Staff>) -> Actor {
    let unknown = Actor::unknown(ActorKind::Staff, Client::default(), None);
    Actor { id: Some(login.0), ..unknown }
}

fn denied(result: Result<i64, DeskError>) -> Denial {
    match result {
        Err(DeskError::Denied(denial)) => denial,
        other => panic!("{other:?} is no refusal"),
    }
}

#[tokio::test]
async fn what_staff_do_is_on_the_trail_with_their_name_and_roles_of_then() {
    let world = World::new().await;
    let actor = world.hire("klinekenpo", &["viewer"], &["medical"]).await;
    let members = world.act::<SearchPeople>("klinekenpo", &actor).await.unwrap();
    assert!(members > 0);
    world.act::<ViewMedicalData>("klinekenpo", &actor).await.unwrap();
    world.execute("update staff set name = '管理 改子', roles = '{editor}'").await;
    let lines = "select count(*) from audit_events
                 where action in ('person.search', 'medical.view') and actor_kind = 'staff'
                   and actor_label = '管理 花子' and actor_roles = '{viewer,medical}' and outcome = 'ok'
                   and actor_id = (select login_id from staff)";
    assert_eq!(world.count(lines).await, 2);
}

#[tokio::test]
async fn what_the_roles_do_not_allow_does_not_happen_and_the_refusal_is_on_the_trail() {
    let world = World::new().await;
    let viewer = world.hire("klinekenpo", &["viewer"], &[]).await;
    assert_eq!(denied(world.act::<ViewMedicalData>("klinekenpo", &viewer).await), Denial::NoRight);
    assert_eq!(denied(world.act::<ReadTrail>("klinekenpo", &viewer).await), Denial::NoRight);
    let auditor = world.hire("klinekenpo", &["auditor"], &[]).await;
    assert_eq!(denied(world.act::<ViewPerson>("klinekenpo", &auditor).await), Denial::NoRight);
    assert!(world.act::<ReadTrail>("klinekenpo", &auditor).await.is_ok());
    let refused = "select count(*) from audit_events
                   where action = 'authz.denied' and outcome = 'refused' and why = 'no_right'
                     and detail ->> 'act' in ('medical.view', 'audit.read', 'person.view')";
    assert_eq!(world.count(refused).await, 3);
    let done = "select count(*) from audit_events where action in ('medical.view', 'person.view')";
    assert_eq!(world.count(done).await, 0);
}

#[tokio::test]
async fn a_right_that_is_taken_away_is_gone_at_the_next_act() {
    let world = World::new().await;
    let actor = world.hire("klinekenpo", &["viewer"], &[]).await;
    assert!(world.act::<ViewPerson>("klinekenpo", &actor).await.is_ok());
    for (change, undone) in [
        ("update staff set suspended_at = now()", "update staff set suspended_at = null"),
        ("update staff set accepted_at = null", "update staff set accepted_at = now()"),
        ("update staff set leaves_on = '2026-11-20'", "update staff set leaves_on = '2026-11-21'"),
    ] {
        world.execute(change).await;
        let refused = world.act::<ViewPerson>("klinekenpo", &actor).await;
        assert_eq!(denied(refused), Denial::NotInOffice, "{change}");
        world.execute(undone).await;
        assert!(world.act::<ViewPerson>("klinekenpo", &actor).await.is_ok(), "{undone}");
    }
}

#[tokio::test]
async fn t15_neither_a_subscriber_nor_another_unions_staff_is_anybody_at_the_desk() {
    let world = World::new().await;
    let hired = world.hire("klinekenpo", &["admin"], &[]).await;
    assert_eq!(denied(world.act::<ViewPerson>("jomkenpo", &hired).await), Denial::NotStaff);
    let id: uuid::Uuid = sqlx::query_scalar("select id from logins where user_id = $1")
        .bind(TARO.user_id)
        .fetch_one(&mut world.database.admin().await)
        .await
        .unwrap();
    let taro = staff(LoginId::from_uuid(id));
    assert_eq!(denied(world.act::<ViewPerson>("klinekenpo", &taro).await), Denial::NotStaff);
    // The realm is part of the identity: the same login id, but through the subscribers' door.
    let subscriber = Actor { kind: ActorKind::Subscriber, ..hired };
    assert_eq!(denied(world.act::<ViewPerson>("klinekenpo", &subscriber).await), Denial::NotStaff);
    let lines = "select count(*) from audit_events e join tenants t on t.id = e.tenant_id
                 where e.action = 'authz.denied' and e.why = 'not_staff'
                   and t.slug in ('jomkenpo', 'klinekenpo')";
    assert_eq!(world.count(lines).await, 3);
}

#[tokio::test]
async fn an_act_whose_line_can_not_be_written_does_not_happen() {
    let world = World::new().await;
    let actor = world.hire("klinekenpo", &["viewer"], &[]).await;
    world.execute("revoke insert on audit_events from kosmo_server").await;
    let mut looked = false;
    let clerk = world.clerk("klinekenpo", &actor);
    let done = Desk::<ViewPerson>::act(clerk, Matter::default(), async |_| {
        looked = true;
        Ok::<_, DeskError>(())
    })
    .await;
    assert!(matches!(done, Err(DeskError::Database(_))), "{done:?}");
    assert!(!looked, "nobody looked");
    let auditor = world.hire("klinekenpo", &["auditor"], &[]).await;
    let refused = world.act::<ViewPerson>("klinekenpo", &auditor).await;
    assert!(matches!(refused, Err(DeskError::Database(_))), "a refusal is a line, too");
}

#[tokio::test]
async fn an_act_that_fails_leaves_neither_change_nor_line() {
    let world = World::new().await;
    let actor = world.hire("klinekenpo", &["viewer"], &[]).await;
    let clerk = world.clerk("klinekenpo", &actor);
    let failed: Result<(), DeskError> =
        Desk::<ViewPerson>::act(clerk, Matter::default(), async |_| {
            Err(sqlx::Error::RowNotFound.into())
        })
        .await;
    assert!(failed.is_err());
    assert_eq!(
        world.count("select count(*) from audit_events where action = 'person.view'").await,
        0
    );
}

/// A handler's future has to be `Send`.
#[tokio::test]
async fn an_act_can_be_done_on_any_thread() {
    let world = World::new().await;
    let actor = world.hire("klinekenpo", &["viewer"], &[]).await;
    let (db, clock, tenant) =
        (world.app.db.clone(), world.clock.clone(), world.tenant("klinekenpo"));
    let acting = async move {
        let clerk = Clerk { db: &db, clock: &clock, tenant, actor: &actor };
        Desk::<ViewPerson>::act(clerk, Matter::default(), async |desk| {
            let members: i64 = sqlx::query_scalar(MEMBERS).fetch_one(desk.tx().conn()).await?;
            Ok::<_, DeskError>(members)
        })
        .await
    };
    assert!(tokio::spawn(acting).await.unwrap().unwrap() > 0);
}

#[tokio::test]
async fn the_database_keeps_no_auditor_with_other_rights_and_no_staff_of_another_realm() {
    let world = World::empty().await;
    let tenant = world.tenant("jomkenpo");
    for columns in [
        "(tenant_id, login_id, name, invited_at, roles) values ($1, $2, 'x', now(), '{auditor,admin}')",
        "(tenant_id, login_id, name, invited_at, roles, extra_rights)
         values ($1, $2, 'x', now(), '{auditor}', '{medical}')",
        "(tenant_id, login_id, name, invited_at, roles) values ($1, $2, 'x', now(), '{root}')",
        "(tenant_id, login_id, name, invited_at, roles) values ($1, $2, 'x', now(), '{}')",
        "(tenant_id, login_id, name, invited_at, roles, realm)
         values ($1, $2, 'x', now(), '{admin}', 'subscriber')",
    ] {
        let inserted = sqlx::query(sqlx::AssertSqlSafe(format!("insert into staff {columns}")))
            .bind(tenant)
            .bind(LoginId::<Staff>::new(&world.clock))
            .execute(&mut world.database.admin().await)
            .await;
        let refused = inserted.unwrap_err().to_string();
        assert!(refused.contains("violates check constraint"), "{columns}: {refused}");
    }
}
