//! A mail that has not arrived is sent again.

use axum::http::StatusCode;
use chrono::Duration;

use super::{TAROS, done, send, send_anyway};
use crate::support::people::TARO;
use crate::support::world::World;

impl World {
    /// Returns the id of the newest mail of a kind.
    async fn mail(&self, kind: &str) -> String {
        let query = format!(
            "select id::text from outbox where kind = '{kind}' order by created_at desc, id desc limit 1"
        );
        sqlx::query_scalar(sqlx::AssertSqlSafe(query))
            .fetch_one(&mut self.database.admin().await)
            .await
            .expect("a mail")
    }
}

#[tokio::test]
async fn a3_a_link_is_made_anew_by_its_own_flow_and_the_one_before_is_dead() {
    let world = World::new().await;
    let mut taro = world.browser("klinekenpo");
    taro.get("/forgotten-password").await;
    taro.post("/forgotten-password", &[("user_id", TARO.user_id)]).await;
    world.deliver().await;
    let link = |mails: Vec<String>| {
        let mut words = mails.iter().flat_map(|mail| mail.split_whitespace());
        words.rfind(|word| word.contains("/reset-password?token=")).expect("a link").to_owned()
    };
    let first = link(world.mails_to(TARO.email));
    world.clock.advance(Duration::minutes(1));

    let (mut staff, _) = world.at_desk("klinekenpo", &["editor"]).await;
    let path = format!("{TAROS}/mail/{}", world.mail("password_reset").await);
    let page = staff.get(&path).await;
    assert!(
        page.shows("パスワードリセットのご案内") && page.shows("t***@example.jp"),
        "{}",
        page.text()
    );
    assert!(!page.body.contains("token="), "staff see no link");
    done(&send(&mut staff, &path, &[]).await);
    world.deliver().await;
    let second = link(world.mails_to(TARO.email));
    assert_ne!(first, second);
    done(&send(&mut staff, &path, &[]).await);
    assert_eq!(world.count("select count(*) from outbox where kind = 'password_reset'").await, 2);
    assert_eq!(world.lines("mail.resent").await, 1, "a double click sends one");
    let address = |link: &str| link.split_once(":8080").unwrap().1.to_owned();
    assert_eq!(taro.get(&address(&first)).await.status, StatusCode::GONE, "the one before is dead");
    assert_eq!(taro.get(&address(&second)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a3_a_code_is_never_sent_again_and_a_dead_notice_is_put_back() {
    let world = World::new().await;
    world.sign_in(TARO).await;
    let (mut staff, _) = world.at_desk("klinekenpo", &["editor"]).await;
    let code = format!("{TAROS}/mail/{}", world.mail("email_code").await);
    let page = staff.get(&code).await;
    assert!(page.shows("ワンタイムパスワードは送り直せません。"), "{}", page.text());
    let sent = send_anyway(&mut staff, &code, &[]).await;
    assert_eq!(sent.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", sent.text());

    let notice = format!("{TAROS}/mail/{}", world.mail("new_browser").await);
    let page = staff.get(&notice).await;
    assert!(
        page.shows("送信済みのお知らせ") || page.shows("まだ送信を待っています"),
        "{}",
        page.text()
    );
    world
        .execute("update outbox set state = 'dead', finished_at = now(), text_body = 'x', html_body = 'x'
                  where kind = 'new_browser'")
        .await;
    done(&send(&mut staff, &notice, &[]).await);
    let queued = "select count(*) from outbox where kind = 'new_browser' and state = 'queued'";
    assert_eq!(world.count(queued).await, 1);
    assert!(staff.get(&notice).await.shows("まだ送信を待っています"));
}

#[tokio::test]
async fn case01_a_mail_of_another_persons_or_unions_is_nowhere() {
    let world = World::new().await;
    world.sign_in(TARO).await;
    let id = world.mail("email_code").await;
    let (mut staff, _) = world.at_desk("klinekenpo", &["editor"]).await;
    assert_eq!(staff.get(&format!("{TAROS}/mail/{id}")).await.status, StatusCode::OK);
    assert_eq!(staff.get(&format!("/people/K3/mail/{id}")).await.status, StatusCode::NOT_FOUND);
    let (mut other, _) = world.at_desk("jomkenpo", &["editor"]).await;
    assert_eq!(other.get(&format!("/people/J1/mail/{id}")).await.status, StatusCode::NOT_FOUND);
    let nobody = uuid::Uuid::nil();
    assert_eq!(staff.get(&format!("{TAROS}/mail/{nobody}")).await.status, StatusCode::NOT_FOUND);
}
