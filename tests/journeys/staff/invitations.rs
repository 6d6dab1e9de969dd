//! An operator invites a union's staff, and suspends them (A1, O5).

use kosmo::base::ids::LoginId;
use kosmo::base::realm::Staff;
use kosmo::base::secret::PlainToken;
use serde_json::Value;

use crate::operator::said;
use crate::support::world::World;

const HANAKO: &str = "hanako@kenpo.example.jp";
const JIRO: &str = "jiro@kenpo.example.jp";

fn invite(world: &World, union: &str, email: &str, more: &[&str]) -> std::process::Output {
    let command = ["staff", "invite", "--tenant", union, "--name", "管理 花子", email];
    world.kosmo(&[&command, more].concat())
}

/// Returns email, office and roles of a union's staff.
fn listed(world: &World, union: &str) -> Vec<(String, String, Vec<String>)> {
    let output = world.kosmo(&["staff", "list", "--tenant", union, "--json"]);
    assert!(output.status.success(), "{}", said(&output));
    let list: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    list.iter()
        .map(|one| {
            let roles = one["roles"].as_array().unwrap().iter().map(text).collect();
            (text(&one["email"]), text(&one["office"]), roles)
        })
        .collect()
}

/// Returns the token in the one mail that waits for an address. The command wrote it by the machine's clock.
async fn mailed_token(world: &World, union: &str, email: &str) -> PlainToken {
    let waiting: Vec<String> = sqlx::query_scalar(
        "select subject || text_body from outbox where recipient = $1 and state = 'queued'",
    )
    .bind(email)
    .fetch_all(&mut world.database.admin().await)
    .await
    .unwrap();
    let [mail] = waiting.as_slice() else { panic!("{waiting:?}") };
    assert!(mail.starts_with("【KOSMOWeb】管理画面への招待"), "{mail}");
    assert!(mail.contains("管理 花子 様") && mail.contains("72時間"), "{mail}");
    let link = format!("://{union}-console.localhost");
    let (_, rest) = mail.split_once(&link).unwrap_or_else(|| panic!("{link}: {mail}"));
    let (_, rest) = rest.split_once("/invitation?token=").unwrap();
    PlainToken::parse(rest.split_whitespace().next().unwrap()).unwrap()
}

/// Returns true if a token is that of a living invitation.
async fn opens(world: &World, token: &PlainToken) -> bool {
    let hash: String = token.hashed().to_vec().iter().map(|byte| format!("{byte:02x}")).collect();
    let live = format!(
        "select count(*) from staff_invitations
         where token_hash = decode('{hash}', 'hex') and expires_at > now()"
    );
    world.count(&live).await == 1
}

impl World {
    /// Lets everybody take their invitation up. No page can do that yet.
    async fn accept_all(&self) {
        self.execute(
            "with taken as (delete from staff_invitations returning *), known as (
                 update logins l set email = t.email, email_confirmed_at = now() from taken t
                 where l.tenant_id = t.tenant_id and l.realm = t.realm and l.id = t.login_id
             )
             update staff s set accepted_at = now() from taken t
             where s.tenant_id = t.tenant_id and s.login_id = t.login_id",
        )
        .await;
    }
}

#[tokio::test]
async fn a1_o5_the_operator_invites_the_first_admin_and_the_newest_link_alone_opens() {
    let world = World::new().await;
    assert!(
        said(&world.kosmo(&["staff", "list", "--tenant", "klinekenpo"])).contains("職員はいません")
    );
    let told = said(&invite(&world, "klinekenpo", "Hanako@Kenpo.example.jp", &[]));
    assert!(told.contains(HANAKO) && told.contains("リンクの期限"), "{told}");
    let admin = vec!["admin".to_owned()];
    assert_eq!(listed(&world, "klinekenpo"), [(HANAKO.to_owned(), "invited".to_owned(), admin)]);
    let first = mailed_token(&world, "klinekenpo", HANAKO).await;
    assert!(opens(&world, &first).await);

    let again = invite(&world, "klinekenpo", HANAKO, &["--role", "viewer"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(said(&again).contains("招待済みです"), "{}", said(&again));
    let resent = world.kosmo(&["staff", "resend", "--tenant", "klinekenpo", HANAKO]);
    assert!(resent.status.success(), "{}", said(&resent));
    let second = mailed_token(&world, "klinekenpo", HANAKO).await;
    assert!(opens(&world, &second).await && !opens(&world, &first).await);

    world.execute("update staff_invitations set expires_at = now() - interval '1 minute'").await;
    assert_eq!(listed(&world, "klinekenpo")[0].1, "invitation_expired");
    let shown = said(&world.kosmo(&["staff", "list", "--tenant", "klinekenpo"]));
    assert!(shown.contains("管理者") && shown.contains("招待の期限切れ"), "{shown}");
    let lines = "select count(*) from audit_events
                 where action in ('staff.invite', 'staff.invitation_resent')
                   and actor_kind = 'operator' and target_kind = 'staff' and target_label = '管理 花子'
                   and target_id = (select login_id::text from staff)";
    assert_eq!(world.count(lines).await, 2);
    let password =
        "select count(*) from logins where realm = 'staff' and password_hash is not null";
    assert_eq!(world.count(password).await, 0, "nobody chose a password for her");
}

#[tokio::test]
async fn a1_o5_what_can_not_be_is_refused_with_its_reason() {
    let world = World::new().await;
    for (email, more, reason) in [
        ("no-address", &[][..], "「no-address」はメールアドレスではありません"),
        (
            HANAKO,
            &["--role", "auditor", "--role", "viewer"],
            "監査（auditor）は、他の役割や権限と一緒に持てません",
        ),
        (HANAKO, &["--role", "auditor", "--right", "medical"], "一緒に持てません"),
        (HANAKO, &["--leaves-on", "2020-01-01"], "--leaves-on は今日より前の日です"),
    ] {
        let output = invite(&world, "klinekenpo", email, more);
        assert_eq!(output.status.code(), Some(1), "{reason}");
        assert!(said(&output).contains(reason), "{}", said(&output));
    }
    let nobody = world.kosmo(&["staff", "resend", "--tenant", "klinekenpo", HANAKO]);
    assert!(said(&nobody).contains("の職員はいません"), "{}", said(&nobody));
    assert_eq!(listed(&world, "klinekenpo"), []);
    invite(&world, "klinekenpo", HANAKO, &[]);
    world.accept_all().await;
    for arguments in [
        &["staff", "resend", "--tenant", "klinekenpo", HANAKO][..],
        &["staff", "invite", "--tenant", "klinekenpo", "--name", "別人", HANAKO],
    ] {
        let output = world.kosmo(arguments);
        assert!(said(&output).contains("職員として登録済みです"), "{}", said(&output));
    }
}

#[tokio::test]
async fn a1_two_invitations_of_one_address_at_the_same_time_are_one() {
    let world = World::new().await;
    let both: Vec<_> = std::thread::scope(|scope| {
        let one = || scope.spawn(|| invite(&world, "klinekenpo", HANAKO, &[]).status.success());
        [one(), one()].into_iter().map(|run| run.join().unwrap()).collect()
    });
    assert!(both.contains(&true) && both.contains(&false), "{both:?}");
    assert_eq!(world.count("select count(*) from staff").await, 1);
    assert_eq!(world.count("select count(*) from logins where realm = 'staff'").await, 1);
}

#[tokio::test]
async fn a1_staff_of_one_union_are_nobody_at_another() {
    let world = World::new().await;
    invite(&world, "klinekenpo", HANAKO, &[]);
    assert_eq!(listed(&world, "jomkenpo"), []);
    let suspend = world.kosmo(&["staff", "suspend", "--tenant", "jomkenpo", "--yes", HANAKO]);
    assert_eq!(suspend.status.code(), Some(1), "{}", said(&suspend));
    assert!(invite(&world, "jomkenpo", HANAKO, &["--role", "editor"]).status.success());
    assert_eq!(listed(&world, "klinekenpo")[0].2, ["admin"]);
    assert_eq!(listed(&world, "jomkenpo")[0].2, ["editor"]);
}

#[tokio::test]
async fn a1_a_suspended_member_of_staff_is_out_at_once() {
    let world = World::new().await;
    for email in [HANAKO, JIRO] {
        assert!(invite(&world, "klinekenpo", email, &["--right", "approve"]).status.success());
    }
    world.accept_all().await;
    let login = LoginId::<Staff>::new(&world.clock);
    world
        .execute(&format!(
            "insert into sessions (tenant_id, realm, id, login_id, token_hash, created_at, last_seen_at)
             select tenant_id, realm, '{login}', id, '\\x00', now(), now()
             from logins where email = '{HANAKO}'"
        ))
        .await;
    let asked = world.kosmo(&["staff", "suspend", "--tenant", "klinekenpo", HANAKO]);
    assert_eq!(asked.status.code(), Some(2), "nobody confirmed it");
    let told = said(&asked);
    assert!(
        told.contains("1台の端末からログアウト") && told.contains("在任の管理者は1人になります"),
        "{told}"
    );
    assert_eq!(listed(&world, "klinekenpo")[0].1, "active");
    let done = world.kosmo(&["staff", "suspend", "--tenant", "klinekenpo", "--yes", HANAKO]);
    assert!(done.status.success(), "{}", said(&done));
    let offices: Vec<_> = listed(&world, "klinekenpo").into_iter().map(|one| one.1).collect();
    assert_eq!(offices, ["suspended", "active"]);
    assert_eq!(world.count("select count(*) from sessions where ended_at is null").await, 0);
    let line = "select count(*) from audit_events
                where action = 'staff.suspend' and (detail->>'admins_left')::int = 1";
    assert_eq!(world.count(line).await, 1);
    let again = world.kosmo(&["staff", "suspend", "--tenant", "klinekenpo", "--yes", HANAKO]);
    assert_eq!(again.status.code(), Some(1), "there is nobody to suspend any more");

    invite(&world, "klinekenpo", "saburo@kenpo.example.jp", &[]);
    let invited =
        ["staff", "suspend", "--tenant", "klinekenpo", "--yes", "saburo@kenpo.example.jp"];
    assert!(world.kosmo(&invited).status.success());
    assert_eq!(world.count("select count(*) from staff_invitations").await, 0, "her link is dead");
}
