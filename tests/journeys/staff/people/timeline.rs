//! 「経過」: every page of it is as fast as the first, and none leaves a line out.

use std::collections::BTreeSet;

use axum::http::StatusCode;

use crate::support::browser::Page;
use crate::support::world::World;

/// Returns the sentences on a page.
fn sentences(page: &Page) -> Vec<String> {
    let (_, list) = page.body.split_once("<ol class=\"timeline\">").expect("a timeline");
    let (list, _) = list.split_once("</ol>").unwrap();
    list.split("<li>").skip(1).map(|line| line.trim().to_owned()).collect()
}

fn older(page: &Page) -> Option<String> {
    let (before, _) = page.body.split_once("\" rel=\"next\"")?;
    let (_, address) = before.rsplit_once("href=\"")?;
    Some(address.replace("#timeline", ""))
}

#[tokio::test]
async fn a3_the_timeline_goes_back_fifty_at_a_time_and_misses_no_line() {
    let world = World::new().await;
    // Lines of one moment, some about the login, some about the member, some about both.
    world
        .execute(
            "insert into audit_events (tenant_id, id, at, actor_kind, actor_label, actor_roles, action, reason,
                                       subject_login, subject_member, outcome, detail)
             select s.tenant_id, gen_random_uuid(), timestamptz '2026-11-20' - (n / 40) * interval '35 days',
                    'staff', '記録 係', '{editor}', 'person.view', 'no ' || n,
                    case when n % 3 > 0 then s.login_id end, case when n % 3 < 2 then 'K1' end, 'ok', '{}'
             from subscribers s, generate_series(1, 130) n where s.member_code = 'K1'",
        )
        .await;
    world
        .execute(
            "insert into audit_events (tenant_id, id, at, actor_kind, actor_roles, action, reason,
                                       subject_member, outcome, detail)
             select id, gen_random_uuid(), '2026-11-20', 'staff', '{}', 'person.view', 'no 0', 'K1', 'ok', '{}'
             from tenants where slug = 'jomkenpo'",
        )
        .await;
    let mut viewer = world.staff_browser("klinekenpo", &["viewer"], &[]).await;
    let mut page = viewer.get("/people/K1").await;
    let mut told = Vec::new();
    let mut pages = 0;
    loop {
        let lines = sentences(&page);
        assert!(lines.len() <= 50, "{}", lines.len());
        told.extend(lines.into_iter().filter(|line| line.contains("理由：「no ")));
        pages += 1;
        let Some(next) = older(&page) else { break };
        assert!(next.starts_with("/people/K1?before="), "{next}");
        page = viewer.get(&next).await;
        assert_eq!(page.status, StatusCode::OK, "{next}");
        assert!(page.shows("最新の記録"));
    }
    assert_eq!(pages, 3);
    let reasons: BTreeSet<&str> =
        told.iter().filter_map(|line| line.split("「no ").nth(1)?.split('」').next()).collect();
    assert_eq!((told.len(), reasons.len()), (130, 130), "each once");
    assert!(!reasons.contains("0"), "another union's line about a member of the same code");
    let other = viewer.get("/people/K3").await;
    assert!(!other.shows("記録 係"), "another person's page");
}

#[tokio::test]
async fn a3_a_place_that_is_none_is_not_found() {
    let world = World::new().await;
    let mut viewer = world.staff_browser("klinekenpo", &["viewer"], &[]).await;
    for before in ["", "1", "x", "'", "1-01890a5d", "%00", "99999999999999999-x"] {
        let page = viewer.get(&format!("/people/K1?before={before}")).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{before}");
    }
    let first = "0-00000000-0000-0000-0000-000000000000";
    let page = viewer.get(&format!("/people/K1?before={first}")).await;
    assert!(page.shows("直近13か月間の記録はありません。"), "{}", page.text());
}
