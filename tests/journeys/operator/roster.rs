//! Looking members up at the operator's terminal.

use serde_json::{Value, json};

use crate::operator::said;
use crate::support::people::TARO;
use crate::support::world::World;

fn list(world: &World, line: &str) -> Value {
    let line = format!("members list --tenant klinekenpo --json {line}");
    let output = world.kosmo(&line.split_whitespace().collect::<Vec<_>>());
    assert!(output.status.success(), "{}", said(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn codes(list: &Value) -> Vec<&str> {
    list["members"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn o2_members_are_listed_by_how_they_stand_and_without_their_names() {
    let world = World::new().await;
    world.execute("update logins set locked_at = now() where email = 'goro@example.jp'").await;
    assert_eq!(codes(&list(&world, "")), ["K1", "K2", "K3"]);
    assert_eq!(codes(&list(&world, "--locked")), ["K3"]);
    assert_eq!(codes(&list(&world, "--standing none")), ["K2"]);
    assert_eq!(codes(&list(&world, "--standing registered")), ["K1", "K3"]);
    let first = list(&world, "--limit 2");
    assert_eq!((codes(&first), &first["next_after"]), (vec!["K1", "K2"], &json!("K2")));
    let rest = list(&world, "--limit 2 --after K2");
    assert_eq!((codes(&rest), &rest["next_after"]), (vec!["K3"], &Value::Null));
    let told = said(&world.kosmo(&["members", "list", "--tenant", "klinekenpo", "--limit", "1"]));
    assert!(told.contains("個人コード") && told.contains("登録済み"), "{told}");
    assert!(told.contains("--after K1") && !told.contains("太郎"), "{told}");
    let nobody = ["members", "list", "--tenant", "klinekenpo", "--standing", "letter"];
    assert!(said(&world.kosmo(&nobody)).contains("当てはまる人はいません"));
    for (union, standing) in [("nideckenpo", "letter"), ("jomkenpo", "migrated")] {
        let arguments = ["members", "list", "--tenant", union, "--standing", standing, "--json"];
        let found: Value = serde_json::from_slice(&world.kosmo(&arguments).stdout).unwrap();
        assert_eq!(codes(&found).len(), 1, "{union}");
    }
    let lines = "select count(*) from audit_events where action = 'member.shown'";
    assert_eq!(world.count(lines).await, 0);
}

#[tokio::test]
async fn o2_looking_a_person_up_goes_on_the_trail() {
    let world = World::new().await;
    let show = |person: &str| world.kosmo(&["members", "show", "--tenant", "klinekenpo", person]);
    for person in ["K1", TARO.user_id, "ＴＡＲＯ_Ｋ"] {
        let told = said(&show(person));
        for words in ["テスト　太郎", "taro_k", "登録済み", "本人"] {
            assert!(told.contains(words), "{person}: {words}: {told}");
        }
    }
    let lines = "select count(*) from audit_events e join logins a on a.id = e.subject_login
                 where e.action = 'member.shown' and a.user_id = 'taro_k' and e.subject_member = 'K1'
                   and not e.detail::text like '%太郎%'";
    assert_eq!(world.count(lines).await, 3);
    let json = world.kosmo(&["members", "show", "--tenant", "klinekenpo", "K2", "--json"]);
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((&json["standing"], &json["relation"]), (&json!("none"), &json!("spouse")));
    let nobody = show("J1");
    assert_eq!(nobody.status.code(), Some(1), "of another union");
    assert!(said(&nobody).contains("「J1」の人はいません"), "{}", said(&nobody));
    let lines = "select count(*) from audit_events where action = 'member.shown'";
    assert_eq!(world.count(lines).await, 4);
}
