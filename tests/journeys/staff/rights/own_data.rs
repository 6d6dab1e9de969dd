//! Staff who are insured at their own union act on nobody of their household, and alone on no colleague.

use std::collections::BTreeSet;

use kosmo::audit::StaffPurpose;
use kosmo::auth::staff::act::{self, Act, OwnData};
use kosmo::auth::staff::desk::{Denial, Desk, DeskError, Matter};
use kosmo::base::ids::LoginId;
use kosmo::db::actor::Actor;

use super::super::approvals::{UNION, id};
use crate::support::people::TARO;
use crate::support::world::World;

/// What an act about a member comes to.
async fn tried<A: Act>(world: &World, actor: &Actor, matter: Matter) -> Option<Denial> {
    let done = Desk::<A>::act(world.clerk(UNION, actor), matter, async |_| Ok(())).await;
    match done {
        Ok(()) => None,
        Err(DeskError::Denied(denial)) => Some(denial),
        Err(DeskError::Database(error)) => panic!("{error}"),
    }
}

fn member(code: &str) -> Matter {
    let purpose = Some(StaffPurpose { code: "inquiry".to_owned(), case_no: None });
    Matter { member: Some(code.to_owned()), purpose, ..Matter::default() }
}

macro_rules! each_act {
    ($world:ident, $actor:ident, $code:literal: $($name:ident),*) => {
        [$((stringify!($name), Box::pin(tried::<act::$name>(&$world, &$actor, member($code))).await)),*]
    };
}

macro_rules! acts_about {
    ($world:ident, $actor:ident, $code:literal) => {
        each_act!(
            $world, $actor, $code: SearchPeople, ListWork, ViewPerson, ViewMedicalData, OpenHelp, OpenReplacement, Unlock, EndSessions,
            CheckCaller, ResetFactors, OrderLetter, NoteReturnedLetter, CorrectUserId, Hold, Release, ResendMail,
            ReadTrail, ExportTrail, AllowExport, ConfirmAlert, ViewApproval, GrantApproval, RefuseApproval, ListStaff,
            ViewStaff, InviteStaff, ResendInvitation, GrantRights, RevokeRights, SuspendStaff, ReinviteStaff,
            ReviewStaff, ViewTerms, DraftTerms, PublishTerms, ViewPolicy, ChangePolicy, ReadReports, ExportReports
        )
    };
}

impl World {
    async fn is_insured_as(&self, actor: &Actor, member: &str) {
        let set =
            format!("update staff set member_code = '{member}' where login_id = '{}'", id(actor));
        self.execute(&set).await;
    }
}

#[tokio::test]
async fn case08_no_act_reaches_the_own_household_but_search_and_the_page_without_medical_data() {
    let world = World::new().await;
    let everything = ["medical", "print", "import", "approve"];
    let actor = world.hire(UNION, &["viewer", "editor", "admin"], &everything).await;
    world.is_insured_as(&actor, "K1").await;
    // K2 is of K1's household, K3 is not.
    for tried in [acts_about!(world, actor, "K1"), acts_about!(world, actor, "K2")] {
        let all: BTreeSet<&str> = act::OF_OWN_DATA.iter().map(|(name, _)| *name).collect();
        assert_eq!(tried.iter().map(|(name, _)| *name).collect::<BTreeSet<_>>(), all);
        for (name, denial) in tried {
            let (_, own) = act::OF_OWN_DATA.iter().find(|(known, _)| *known == name).unwrap();
            let expected = (*own == OwnData::Closed).then_some(Denial::OwnData);
            assert_eq!(denial, expected, "{name}");
        }
    }
    for (name, denial) in acts_about!(world, actor, "K3") {
        assert_eq!(denial, None, "{name}");
    }
    let closed = act::OF_OWN_DATA.iter().filter(|(_, own)| *own == OwnData::Closed).count();
    let lines = "select count(*) from audit_events
                 where action = 'authz.denied' and why = 'own_data' and subject_member in ('K1', 'K2')";
    assert_eq!(world.count(lines).await, i64::try_from(closed * 2).unwrap());
    let open: Vec<_> = act::OF_OWN_DATA
        .iter()
        .filter(|(_, own)| *own == OwnData::Open)
        .map(|(name, _)| *name)
        .collect();
    assert_eq!(
        open,
        [
            "SearchPeople",
            "ListWork",
            "ViewPerson",
            "OpenHelp",
            "OpenReplacement",
            "CheckCaller",
            "ReadTrail",
            "ExportTrail",
            "AllowExport",
            "ViewApproval",
            "ListStaff",
            "ViewStaff",
        ]
    );
}

#[tokio::test]
async fn case08_a_login_is_known_as_its_member() {
    let world = World::new().await;
    let actor = world.hire(UNION, &["viewer"], &["medical"]).await;
    world.is_insured_as(&actor, "K2").await;
    let taro: uuid::Uuid = sqlx::query_scalar("select id from logins where email = $1")
        .bind(TARO.email)
        .fetch_one(&mut world.database.admin().await)
        .await
        .unwrap();
    let matter = Matter { subject: Some(LoginId::from_uuid(taro)), ..Matter::default() };
    let denied = tried::<act::ViewMedicalData>(&world, &actor, matter).await;
    assert_eq!(denied, Some(Denial::OwnData), "her husband's");
}

#[tokio::test]
async fn case08_a_colleague_is_nobodys_alone() {
    let world = World::new().await;
    let actor = world.hire(UNION, &["viewer"], &["medical"]).await;
    let colleague = world.hire(UNION, &["editor"], &[]).await;
    world.is_insured_as(&colleague, "K3").await;
    let denied = tried::<act::ViewMedicalData>(&world, &actor, member("K3")).await;
    assert_eq!(denied, Some(Denial::Colleague));
    assert_eq!(tried::<act::ViewPerson>(&world, &actor, member("K3")).await, None);
    assert_eq!(tried::<act::ViewMedicalData>(&world, &actor, member("K1")).await, None);
    // A colleague's family, whose data shows the colleague's.
    world.is_insured_as(&colleague, "K2").await;
    let denied = tried::<act::ViewMedicalData>(&world, &actor, member("K1")).await;
    assert_eq!(denied, Some(Denial::Colleague));
    assert_eq!(tried::<act::ViewPerson>(&world, &actor, member("K1")).await, None);
    world.is_insured_as(&colleague, "K3").await;
    // A member of another union has the same code by chance.
    let theirs = world.hire("jomkenpo", &["viewer"], &["medical"]).await;
    let done = Desk::<act::ViewMedicalData>::act(
        world.clerk("jomkenpo", &theirs),
        member("K3"),
        async |_| Ok::<_, DeskError>(()),
    )
    .await;
    assert!(done.is_ok(), "{done:?}");
}
