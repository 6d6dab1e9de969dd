//! Who agreed to a version, page by page.

use axum::http::StatusCode;

use crate::staff::approvals::UNION;
use crate::support::world::World;

impl World {
    /// Adds registered people of one 記号, whose codes begin with it.
    pub async fn populate(&self, slug: &str, symbol: &str, people: i32) {
        let (tenant, series) = (self.tenant(slug), format!("generate_series(1, {people}) n"));
        for statement in [
            format!("insert into households (tenant_id, code, insurer_number)
                     select '{tenant}', '{symbol}-' || n, '06139927' from {series}"),
            format!("insert into household_numbers (tenant_id, household_code, valid_from, symbol, number)
                     select '{tenant}', '{symbol}-' || n, '2010-04-01', '{symbol}', n::text from {series}"),
            format!("insert into members (tenant_id, code, household_code, branch, name, kana, birthdate, relation,
                                          acquired_on)
                     select '{tenant}', '{symbol}-' || n, '{symbol}-' || n, '00', '人 ' || n, 'ヒト', '1980-01-01',
                            'insured', '2010-04-01' from {series}"),
            format!("with added as (
                         insert into logins (tenant_id, realm, id, user_id, email, password_hash, password_set_at,
                                             registered_at, created_at)
                         select '{tenant}', 'subscriber', gen_random_uuid(), '{symbol}-' || n,
                                '{symbol}-' || n || '@example.jp', 'none', '2026-11-02', '2026-11-02', '2026-11-02'
                         from {series}
                         returning id, user_id
                     )
                     insert into subscribers (tenant_id, login_id, member_code)
                     select '{tenant}', id, user_id from added"),
        ] {
            self.execute(&statement).await;
        }
    }
}

#[tokio::test]
async fn a5_everybody_who_agreed_is_listed_once_the_latest_first() {
    let world = World::new().await;
    world.populate(UNION, "900", 120).await;
    // Many at one moment.
    world
        .execute(
            "insert into terms_agreements (tenant_id, realm, login_id, terms_id, agreed_at)
             select l.tenant_id, l.realm, l.id, t.id,
                    timestamptz '2026-11-03' + interval '1 hour' * (split_part(l.user_id, '-', 2)::int / 60)
             from logins l, platform_terms t where l.user_id like '900-%'",
        )
        .await;
    let actor = world.hire(UNION, &["viewer"], &[]).await;
    let mut browser = world.seat(UNION, &actor).await;
    let version = world.union(UNION).terms.in_force(world.clock.now()).id;
    let list = browser.get("/terms").await;
    assert!(list.shows("122人"), "Taro and Goro, too: {}", list.text());
    let (mut address, mut seen, mut pages) = (format!("/terms/{version}"), Vec::new(), 0);
    loop {
        let page = browser.get(&address).await;
        assert_eq!(page.status, StatusCode::OK);
        let rows = page.table();
        assert!(rows.len() <= 50);
        seen.extend(rows.into_iter().map(|row| row[0].clone()));
        pages += 1;
        let Some((_, rest)) = page.body.split_once("?after=") else { break };
        let place = rest.split('"').next().unwrap();
        address = format!("/terms/{version}?after={place}");
    }
    let all = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!((all, seen.len(), pages), (122, 122, 3));
    for odd in ["x", "1.x", "99999999999999999999.1", ""] {
        let page = browser.get(&format!("/terms/{version}?after={odd}")).await;
        assert_eq!((page.status, page.table().len()), (StatusCode::OK, 50), "{odd}");
    }
    let nobodys = browser.get("/terms/01890a5d-ac96-774b-bcce-b302099a8057").await;
    assert_eq!(nobodys.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a5_everybody_has_agreed_or_has_not_yet_or_is_not_asked() {
    let world = World::new().await;
    world.populate(UNION, "900", 20).await;
    world
        .execute("update logins set closed_at = '2026-11-03' where user_id in ('900-1', '900-2')")
        .await;
    world
        .execute(
            "insert into terms_agreements (tenant_id, realm, login_id, terms_id, agreed_at)
             select l.tenant_id, l.realm, l.id, t.id, '2026-11-03'
             from logins l, platform_terms t where l.user_id in ('900-2', '900-3')",
        )
        .await;
    let actor = world.hire(UNION, &["viewer"], &[]).await;
    let mut browser = world.seat(UNION, &actor).await;
    let rows = browser.get("/terms").await.table();
    // Taro, Goro and two others; seventeen with open accounts; K2 and one whose account is over.
    assert_eq!(rows[0][4..], ["4人", "17人", "2人"], "{rows:?}");
}
