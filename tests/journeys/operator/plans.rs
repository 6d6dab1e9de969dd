//! `kosmo tenant plan` says who is affected by a change, by what really happens to them (O1).

use std::collections::BTreeMap;

use kosmo::tenant::file::to_toml;
use kosmo::tenant::policy::{SecondFactor, TenantConfig};
use serde_json::Value;

use crate::operator::said;
use crate::support::people::{GORO, JIRO, NANA, SABURO, TARO};
use crate::support::world::{World, union_file};

/// Plans a change of a union. Returns the number of people affected, by setting and group.
fn touches(
    world: &World,
    slug: &str,
    change: impl FnOnce(&mut TenantConfig),
) -> BTreeMap<String, i64> {
    let mut config = union_file(slug);
    change(&mut config);
    let path = world.write("changed.toml", to_toml(&config));
    let output = world.kosmo(&["tenant", "plan", "--json", path.to_str().unwrap()]);
    assert!(output.status.success(), "{}", said(&output));
    let plans: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_ne!(plans[0]["changes"], serde_json::json!([]), "something changes");
    let touches = plans[0]["touches"].as_array().unwrap().iter();
    touches
        .map(|touch| {
            let words = |key: &str| touch[key].as_str().unwrap();
            let key = format!("{}: {}", words("setting"), words("whom"));
            (key, touch["people"].as_i64().unwrap())
        })
        .collect()
}

/// Returns the number in the one line that contains these words.
#[track_caller]
fn number(touches: &BTreeMap<String, i64>, words: &str) -> i64 {
    let found: Vec<_> = touches.iter().filter(|(key, _)| key.contains(words)).collect();
    assert_eq!(found.len(), 1, "{words}: {touches:#?}");
    *found[0].1
}

#[tokio::test]
async fn o1_removing_a_method_affects_the_people_who_use_it() {
    let world = World::new().await;
    let (_, _living) = world.with_passkey(TARO, "http://www.klinekenpo.localhost:8080").await;
    world.execute("update logins set email_confirmed_at = now() where user_id = 'goro_k'").await;
    let gone = touches(&world, "klinekenpo", |config| {
        config.sign_in.second_factors.retain(|factor| *factor != SecondFactor::Passkey);
        config.sign_in.recommended = None;
        config.sign_in.passkey_alone = false;
    });
    assert_eq!(number(&gone, "生体認証を使えなくなり、メール認証に変わる人"), 1, "{gone:#?}");
    let alone = touches(&world, "jrckenpo", |config| {
        config.sign_in.second_factors = vec![SecondFactor::EmailCode];
    });
    assert_eq!(number(&alone, "二要素認証を求められるようになる人"), 1, "{alone:#?}");
    let none = touches(&world, "klinekenpo", |config| {
        config.sign_in.second_factors.clear();
        config.sign_in.recommended = None;
        config.sign_in.passkey_alone = false;
        config.sign_in.remember_asks_second_factor = false;
    });
    assert_eq!(number(&none, "二要素認証を求められなくなる人"), 2, "Taro and Goro");
}

#[tokio::test]
async fn o1_shorter_sessions_affect_the_people_whose_sessions_end() {
    let world = World::new().await;
    // The command uses the machine's clock.
    let session =
        "insert into sessions (tenant_id, realm, id, login_id, token_hash, created_at, last_seen_at,
                                         second_factor_at, token_at)
        select tenant_id, realm, gen_random_uuid(), id, decode(md5(random()::text), 'hex'),
               now() - interval '2 hours', now() - make_interval(mins => rest), now(), now()
        from logins, unnest(array[1, 8, 9, 20]) rest where user_id = 'taro_k'";
    world.execute(&format!("{session} and rest < 20 and email = 'taro@example.jp'")).await;
    world.execute(&session.replace("user_id = 'taro_k'", "user_id = 'goro_k' and rest = 20")).await;
    let idle = touches(&world, "klinekenpo", |config| config.sign_in.idle_minutes = 6);
    assert_eq!(number(&idle, "sign_in.idle_minutes: ログインが終了する人"), 2);
    let idle = touches(&world, "klinekenpo", |config| config.sign_in.idle_minutes = 12);
    assert_eq!(number(&idle, "sign_in.idle_minutes: ログインが終了する人"), 1, "Goro alone");
    let hours = touches(&world, "klinekenpo", |config| config.sign_in.session_hours = 1);
    assert_eq!(number(&hours, "sign_in.session_hours: ログインが終了する人"), 2);
    let longer = touches(&world, "klinekenpo", |config| config.sign_in.session_hours = 48);
    assert_eq!(number(&longer, "sign_in.session_hours: ログインが終了する人"), 0);
}

#[tokio::test]
async fn o1_changes_of_letters_tries_ids_and_passwords_affect_their_owners() {
    let world = World::new().await;
    let issued = "update subscribers s set initial_issued_at = now() - interval '20 days'
                  from logins l where l.id = s.login_id and l.user_id = 'kari-n7'";
    world.execute(issued).await;
    let letter = |days: Option<u16>| {
        touches(&world, NANA.union, |config| {
            config.first_sign_in.letter.as_mut().unwrap().expires_after_days = days;
        })
    };
    assert_eq!(number(&letter(Some(10)), "仮パスワードの通知を使えなくなる人"), 1);
    assert_eq!(number(&letter(Some(33)), "仮パスワードの通知を使えなくなる人"), 0);

    world.execute("update logins set password_failures = 4 where user_id = 'saburo76'").await;
    let tries = |most| touches(&world, SABURO.union, |config| config.sign_in.lock_after = most);
    assert_eq!(number(&tries(4), "次のログインの際にロックされる人"), 1);
    assert_eq!(number(&tries(6), "次のログインの際にロックされる人"), 0);

    let ids = touches(&world, "klinekenpo", |config| config.user_id.symbols.clear());
    assert_eq!(number(&ids, "今のユーザIDが新しい規則に合わなくなる人"), 2, "taro_k and goro_k");
    let ids = touches(&world, "klinekenpo", |config| config.user_id.max_length = 100);
    assert_eq!(number(&ids, "今のユーザIDが新しい規則に合わなくなる人"), 0);

    let old = "update logins set password_set_at = now() - interval '18 months'
               where user_id in ('goro_k', 'taro_k') and email = 'goro@example.jp'";
    world.execute(old).await;
    let age = touches(&world, GORO.union, |config| config.password.max_age_years = Some(1));
    assert_eq!(number(&age, "新しいパスワードを求められるようになる人"), 1);
    let length = touches(&world, "jomkenpo", |config| config.password.min_length = 12);
    assert_eq!(number(&length, "新しい規則でパスワードを選ぶ"), 1, "Shiro, not {}", JIRO.user_id);
}

#[tokio::test]
async fn o1_changes_of_after_loss_and_of_looks_affect_the_right_people() {
    let world = World::new().await;
    let lost = "update members set lost_on = current_date - 400 where code = 'K3'";
    world.execute(lost).await;
    let loss = |years| touches(&world, "klinekenpo", |config| config.after_loss.years = years);
    assert_eq!(number(&loss(1), "資格喪失後の利用が終わる人"), 1);
    assert_eq!(number(&loss(3), "資格喪失後の利用が終わる人"), 0);

    let brand = touches(&world, "klinekenpo", |config| config.brand.accent = accent_of("#123456"));
    assert_eq!(brand.len(), 1, "nobody's sign-in: {brand:#?}");
    assert_eq!(number(&brand, "ログインには影響しません"), 2);

    let formula = touches(&world, "jomkenpo", |config| {
        let rule = config.first_sign_in.formula.as_mut().unwrap();
        rule.valid_until = Some(rule.valid_from);
    });
    assert_eq!(number(&formula, "計算式のパスワードを使えなくなる人"), 1, "Shiro");

    let mut config = union_file("klinekenpo");
    config.brand.accent = accent_of("#654321");
    let path = world.write("look.toml", to_toml(&config));
    let told = said(&world.kosmo(&["tenant", "plan", path.to_str().unwrap()]));
    for words in [
        "版 1 → 2",
        "brand.accent: ",
        "ログインには影響しません） 2人",
        "加入者 3人、うちユーザIDのある人 2人",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
}

fn accent_of(text: &str) -> kosmo::tenant::policy::brand::Colour {
    text.to_owned().try_into().unwrap()
}
