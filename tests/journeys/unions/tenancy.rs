//! One deployment, many unions.

use std::time::Duration;

use axum::http::StatusCode;
use kosmo::tenant::file;
use kosmo::tenant::registry::Applied;
use tokio_util::sync::CancellationToken;

use crate::support::browser::Browser;
use crate::support::people::TARO;
use crate::support::world::{UNIONS, World, apply, union_file};

fn at(world: &World, host: &str) -> Browser {
    Browser::new(world.router.clone(), host)
}

#[tokio::test]
async fn t2_each_union_answers_with_its_own_name_and_colours() {
    let world = World::empty().await;
    let mut themes = Vec::new();
    for slug in UNIONS {
        let page = world.browser(slug).get("/").await;
        let config = union_file(slug);
        assert!(page.shows(&config.name), "{slug}");
        let others = UNIONS.iter().filter(|other| **other != slug);
        for other in others {
            assert!(!page.shows(&union_file(other).name), "{slug} names {other}");
        }
        for service in &config.services {
            assert!(page.shows(&service.label), "T10: {slug} shows {}", service.label);
        }
        let theme = page.body.split('"').find(|part| part.contains("theme.")).unwrap().to_owned();
        themes.push(theme);
    }
    themes.sort();
    themes.dedup();
    assert_eq!(themes.len(), UNIONS.len());
}

#[tokio::test]
async fn t1_an_unknown_host_gets_a_plain_404_that_names_no_union() {
    let world = World::empty().await;
    for host in [
        "localhost:8080",
        "nosuchkenpo.localhost:8080",
        "jomkenpo.example.com",
        "",
        "127.0.0.1:8080",
        "jomkenpo.localhost.evil.example",
        "x.jomkenpo.localhost",
        "jomkenpo",
    ] {
        let page = at(&world, host).get("/sign-in").await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{host}");
        assert_eq!(page.headers["content-type"], "text/html; charset=utf-8", "{host}");
        assert!(page.body.contains("<html lang=\"ja\">"), "{host}: {}", page.body);
        assert_eq!(page.title(), "ページが見つかりません", "{host}");
        let words = "ページが見つかりません アドレスに誤りがないか、ご確認ください。";
        assert_eq!(page.text(), words, "{host}: it names no union");
        assert!(page.headers.get("set-cookie").is_none());
    }
}

#[tokio::test]
async fn t1_a_host_is_known_in_any_case_and_with_any_port() {
    let world = World::empty().await;
    for host in ["jomkenpo.localhost", "JomKenpo.LOCALHOST:8080", "jomkenpo.localhost:9999"] {
        assert_eq!(at(&world, host).get("/").await.status, StatusCode::OK, "{host}");
    }
}

#[tokio::test]
async fn t1_an_alias_redirects_with_path_and_query() {
    let world = World::empty().await;
    let page =
        at(&world, "klinekenpo.localhost:8080").get("/expenses/years/2026?a=%E3%81%82&b=2").await;
    assert_eq!(page.status, StatusCode::PERMANENT_REDIRECT);
    let expected = "http://www.klinekenpo.localhost:8080/expenses/years/2026?a=%E3%81%82&b=2";
    assert_eq!(page.location(), expected);
}

#[tokio::test]
async fn forwarded_headers_shape_nothing() {
    let world = World::empty().await;
    let mut browser = world.browser("jomkenpo");
    browser.headers.push(("x-forwarded-host", "kddikenpo.localhost".to_owned()));
    browser.headers.push(("forwarded", "host=kddikenpo.localhost".to_owned()));
    let page = browser.get("/").await;
    assert!(page.shows("J-オイルミルズ健康保険組合") && !page.shows("KDDI"));
    let mut alias = at(&world, "klinekenpo.localhost:8080");
    alias.headers = browser.headers;
    assert_eq!(alias.get("/").await.location(), "http://www.klinekenpo.localhost:8080/");
}

#[tokio::test]
async fn t3_t16_a_sixth_union_answers_without_a_restart() {
    let world = World::empty().await;
    let stop = CancellationToken::new();
    let follower = tokio::spawn({
        let (app, stop) = (world.app.clone(), stop.clone());
        async move { app.directory.follow(&app.db, &stop).await }
    });
    let mut config = file::parse(file::EXAMPLE).unwrap();
    apply(&world.operator, &world.clock, &config).await;
    let mut browser = at(&world, "example.localhost:8080");
    appears(&mut browser, "サンプル健康保険組合").await;

    config.name = "改名健康保険組合".to_owned();
    let Applied::Changed { version, .. } = apply(&world.operator, &world.clock, &config).await
    else {
        panic!("a changed name is a change");
    };
    assert_eq!(version, 2);
    appears(&mut browser, "改名健康保険組合").await;
    stop.cancel();
    follower.await.unwrap();
}

/// Waits up to two seconds until the page shows the words.
async fn appears(browser: &mut Browser, words: &str) {
    let looking = async {
        while !browser.get("/").await.shows(words) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(2), looking).await.expect(words);
}

#[tokio::test]
async fn t16_applying_twice_changes_nothing_and_a_host_belongs_to_one_union() {
    let world = World::empty().await;
    let config = union_file("jomkenpo");
    let again = apply(&world.operator, &world.clock, &config).await;
    assert!(matches!(again, Applied::Unchanged { version: 1 }));
    let mut thief = file::parse(file::EXAMPLE).unwrap();
    thief.hosts.canonical = "kddikenpo".parse().unwrap();
    let mut tx = world.operator.platform().await.unwrap();
    let refused = kosmo::tenant::registry::apply(&mut tx, &world.clock, &thief, "test", "").await;
    assert_eq!(
        refused.unwrap_err().to_string(),
        "ホスト名「kddikenpo」は組合「kddikenpo」が使っています"
    );
}

#[tokio::test]
async fn a_policy_that_can_not_be_read_leaves_every_union_as_it_was() {
    let world = World::empty().await;
    let broken = "insert into tenant_policies (tenant_id, version, config, created_at, created_by, note)
        select id, 2, '{\"slug\": \"from the future\"}', now(), 'test', '' from tenants where slug = 'jomkenpo'";
    sqlx::query(broken).execute(&mut world.database.admin().await).await.unwrap();
    world.app.directory.refresh(&world.app.db).await.unwrap();
    for slug in UNIONS {
        assert_eq!(world.browser(slug).get("/").await.status, StatusCode::OK, "{slug}");
    }
}

#[tokio::test]
async fn health_is_told_on_every_host() {
    let world = World::empty().await;
    for (path, body) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        let page = at(&world, "10.0.0.1:8080").get(path).await;
        assert_eq!((page.status, page.body.as_str()), (StatusCode::OK, body));
    }
    sqlx::query("delete from _sqlx_migrations where version = 5")
        .execute(&mut world.database.admin().await)
        .await
        .unwrap();
    let page = at(&world, "").get("/readyz").await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[test]
fn t4_t5_t6_t7_t9_the_rules_are_those_of_the_seeds() {
    use kosmo::tenant::policy::CharacterClass::{Digit, Letter};
    use kosmo::tenant::policy::Delivery::{Employer, Post};
    use kosmo::tenant::policy::SecondFactor::{EmailCode, Passkey, Totp};

    let seed_001 = [Passkey, Totp, EmailCode].as_slice();
    for (slug, factors, length, require, max_age, user_id, changeable, letter) in [
        ("kddikenpo", [EmailCode, Totp].as_slice(), 8..=64, vec![], None, 3..=255, true, None),
        ("klinekenpo", seed_001, 8..=64, vec![], None, 3..=255, true, Some(vec![Post])),
        ("nideckenpo", seed_001, 8..=64, vec![], None, 3..=255, true, Some(vec![Post, Employer])),
        (
            "jomkenpo",
            [Passkey, EmailCode].as_slice(),
            8..=64,
            vec![Letter, Digit],
            None,
            3..=255,
            true,
            Some(vec![Post]),
        ),
        (
            "jrckenpo",
            [].as_slice(),
            8..=20,
            vec![Letter, Digit],
            Some(3),
            8..=13,
            false,
            Some(vec![Post]),
        ),
    ] {
        let config = union_file(slug);
        assert_eq!(config.sign_in.second_factors, factors, "{slug}");
        let password = &config.password;
        assert_eq!(password.min_length..=password.max_length, length, "{slug}");
        assert_eq!((&password.require, password.max_age_years), (&require, max_age), "{slug}");
        assert!(password.symbols.contains('-'), "{slug}");
        let rules = &config.user_id;
        assert_eq!(rules.min_length..=rules.max_length, user_id, "{slug}");
        assert_eq!(rules.changeable, changeable, "{slug}");
        let delivered = config.first_sign_in.letter.map(|letter| letter.delivered_by);
        assert_eq!(delivered, letter, "{slug}");
    }
    let kddi = union_file("kddikenpo").contact;
    assert_eq!(kddi.mail.as_deref(), Some("kosmo-web@kddi.com"));
    assert_eq!(kddi.required_items.len(), 5);
    let kline = union_file("klinekenpo").sign_in;
    assert_eq!((kline.recommended, kline.lock_after), (Some(EmailCode), 11));
}

/// Pages contain secrets beside text that a stranger can choose (BREACH); style sheets and scripts
/// contain no secrets.
#[tokio::test]
async fn style_sheets_travel_compressed_and_pages_never() {
    let world = World::new().await;
    let mut taro = world.sign_in(TARO).await;
    taro.headers.push(("accept-encoding", "gzip, deflate, br".to_owned()));
    let page = taro.get("/expenses").await;
    assert!(page.headers.get("content-encoding").is_none() && page.shows("医療費情報"));
    let sheets: Vec<&str> =
        page.body.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let sheet = sheets.iter().find(|path| path.starts_with("/assets/app.")).expect("a style sheet");
    let compressed = taro.get(sheet).await;
    assert_eq!(compressed.headers["content-encoding"], "gzip");
    taro.headers.retain(|(name, _)| *name != "accept-encoding");
    let plain = taro.get(sheet).await;
    assert!(plain.headers.get("content-encoding").is_none() && plain.body.contains(".header"));
    for answer in [&compressed, &plain] {
        assert_eq!(answer.headers["vary"], "accept-encoding", "caches keep them apart");
        assert!(answer.headers["cache-control"].to_str().unwrap().contains("immutable"));
    }
    assert!(compressed.body.len() * 2 < plain.body.len());
}
