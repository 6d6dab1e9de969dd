//! Mails that announce a new notice (M1) and nothing of its content (M4).

use chrono::Duration;
use kosmo::base::month::Month;
use kosmo::expenses::notices::{self, Published};
use mail_parser::{Message, MessageParser};

use crate::operator::said;
use crate::support::people::{
    self, EXPENSE_HEADINGS, GORO, HANAKO, ICHIRO, JIRO, MEMBER_HEADINGS, MIKI, PASSWORD, Person,
    TARO, file,
};
use crate::support::world::{World, tester};

const SETTINGS: &str = "/expenses/settings";
const SUBJECT: &str = "【KOSMOWeb】医療費情報更新のお知らせ";

/// Makes Taro's world, with an account for his wife.
async fn world() -> World {
    let world = World::new().await;
    world.import_members("klinekenpo", &people::family()).await.unwrap();
    world.register(HANAKO).await;
    world
}

fn november() -> Month {
    Month::new(2026, 11).unwrap()
}

/// Imports rows of the November notice: each with its number, its person, and the month of
/// treatment.
async fn stage(world: &World, union: &str, rows: &[(&str, &str, &str)]) {
    let row = |(claim, member, month): &(&str, &str, &str)| {
        format!("{claim},{member},2026-11,{month},みなと病院,入院,3,60000,42000,0,18000,高額")
    };
    let rows: Vec<String> = rows.iter().map(row).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    world.stage_expenses(union, &file(EXPENSE_HEADINGS, &rows)).await.unwrap();
}

/// Publishes a month as the operator does. Returns the number of mails.
async fn publish(world: &World, union: &str, month: Month) -> u64 {
    let union = world.union(union);
    let mut tx = world.worker.tenant(union.id, &tester()).await.unwrap();
    let published = notices::publish(&mut tx, &world.clock, month, "test").await.unwrap();
    assert_eq!(published, Published::Now);
    let mails = notices::tell(&mut tx, world.app.context(&union), month).await.unwrap();
    tx.commit().await.unwrap();
    mails
}

/// Returns the recipients of update mails in the outbox.
async fn told(world: &World) -> Vec<String> {
    let query = "select recipient from outbox where kind = 'expenses_updated' order by recipient";
    sqlx::query_scalar(query).fetch_all(&mut world.database.admin().await).await.unwrap()
}

/// Sends the update mails that are due now, and returns them.
async fn leaving(world: &World) -> Vec<Message<'static>> {
    let folder = tempfile::tempdir().unwrap();
    world.deliver_into(folder.path().join("mail")).await;
    let Ok(entries) = std::fs::read_dir(folder.path().join("mail")) else { return Vec::new() };
    let mails = entries.map(|entry| {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        MessageParser::default().parse(&bytes).unwrap().into_owned()
    });
    mails.filter(|mail| mail.subject() == Some(SUBJECT)).collect()
}

#[tokio::test]
async fn m1_m4_one_mail_each_from_info_that_says_nothing_of_what_is_there() {
    let world = world().await;
    stage(&world, "klinekenpo", &[("N1", "K1", "2026-09"), ("N2", "K2", "2026-09")]).await;
    assert_eq!(publish(&world, "klinekenpo", november()).await, 2, "two rows, one mail each");
    assert_eq!(told(&world).await, [HANAKO.email, TARO.email]);
    world.clock.advance(Duration::seconds(1));
    let mails = leaving(&world).await;
    assert_eq!(mails.len(), 2);
    for mail in &mails {
        let from = mail.from().unwrap().first().unwrap();
        assert_eq!(from.address(), Some("info@kosmo-web.jp"));
        assert_eq!(from.name(), Some("川崎汽船健康保険組合"));
        let (text, html) = (mail.body_text(0).unwrap(), mail.body_html(0).unwrap());
        for body in [&text, &html] {
            assert!(body.contains("「医療費情報」に新しい情報が掲載されました。"), "{body}");
            assert!(body.contains("http://www.klinekenpo.localhost:8080/expenses"), "{body}");
            let body = body.replace("医療費情報", "");
            for medical in [
                "医療",
                "診療",
                "受診",
                "病院",
                "入院",
                "通院",
                "調剤",
                "高額",
                "負担",
                "18,000",
                "18000",
                "11月",
                "太郎",
                "タロウ",
                "花子",
                "ハナコ",
            ] {
                assert!(!body.contains(medical), "{medical}: {body}");
            }
        }
    }
    world.clock.advance(Duration::hours(1));
    assert_eq!(leaving(&world).await.len(), 0, "once");
}

#[tokio::test]
async fn m1_update_mails_leave_one_by_one() {
    let world = world().await;
    for person in [ICHIRO, MIKI] {
        world.register(person).await;
    }
    stage(&world, "klinekenpo", &[("N1", "K1", "2026-09"), ("N2", "K3", "2026-09")]).await;
    assert_eq!(publish(&world, "klinekenpo", november()).await, 5, "Goro, and Taro's four");
    let steps = "select (extract(epoch from due_at - created_at) * 1000)::bigint
                 from outbox where kind = 'expenses_updated' order by 1";
    let steps: Vec<i64> =
        sqlx::query_scalar(steps).fetch_all(&mut world.database.admin().await).await.unwrap();
    assert_eq!(steps, [0, 100, 200, 300, 400]);
    for _ in 0..5 {
        assert_eq!(leaving(&world).await.len(), 1);
        world.clock.advance(Duration::milliseconds(100));
    }
    assert_eq!(leaving(&world).await.len(), 0);
}

#[tokio::test]
async fn m1_people_who_can_not_read_it_or_refused_it_get_no_mail() {
    let world = world().await;
    let ids = ["unconfirmed", "bounced", "unregistered", "closed", "lost"];
    let mut members = Vec::new();
    let mut rows = vec![("N1".to_owned(), "K1".to_owned())];
    for (user_id, number) in ids.iter().zip(21..) {
        members.push(format!(
            "K{number},K{number},06139927,101,{number},00,海　一,ウミ　イチ,1980-01-01,本人,2010-04-01,,{user_id},{user_id}@example.jp,"
        ));
        rows.push((format!("N{number}"), format!("K{number}")));
    }
    let members: Vec<&str> = members.iter().map(String::as_str).collect();
    world.import_members("klinekenpo", &file(MEMBER_HEADINGS, &members)).await.unwrap();
    for user_id in ids.into_iter().filter(|user_id| *user_id != "unregistered") {
        world
            .register(Person { union: "klinekenpo", user_id, password: PASSWORD, email: "" })
            .await;
    }
    for change in [
        "update logins set email_confirmed_at = null where user_id = 'unconfirmed'",
        "insert into email_failures (tenant_id, email, kind, at, detail)
         select tenant_id, email, 'bounce', created_at, 'General' from logins
         where user_id = 'bounced'",
        "update logins set closed_at = created_at where user_id = 'closed'",
        "update members set lost_on = '2026-08-01' where code = 'K25'",
    ] {
        world.execute(change).await;
    }
    // Taro refuses them; Goro has nothing in this notice.
    let mut taro = world.sign_in(TARO).await;
    let page = taro.get(SETTINGS).await;
    assert!(page.body.contains("name=\"mail\" value=\"on\" checked"), "{}", page.body);
    let answer = taro.post(SETTINGS, &[("privacy", "shared")]).await;
    let page = taro.follow(answer).await;
    assert!(page.shows("医療費情報の更新は、メールでお知らせしません。"), "{}", page.text());

    let rows: Vec<(&str, &str, &str)> =
        rows.iter().map(|(claim, member)| (claim.as_str(), member.as_str(), "2026-09")).collect();
    stage(&world, "klinekenpo", &rows).await;
    assert_eq!(publish(&world, "klinekenpo", november()).await, 1);
    assert_eq!(told(&world).await, [HANAKO.email]);

    // He changes his mind, and is told of the next notice.
    taro.get(SETTINGS).await;
    let answer = taro.post(SETTINGS, &[("privacy", "shared"), ("mail", "on")]).await;
    let page = taro.follow(answer).await;
    assert!(page.shows("医療費情報の更新は、メールでお知らせします。"), "{}", page.text());
    let row = "D1,K1,2026-12,2026-10,,通院,1,1000,700,0,300,";
    world.stage_expenses("klinekenpo", &file(EXPENSE_HEADINGS, &[row])).await.unwrap();
    assert_eq!(publish(&world, "klinekenpo", Month::new(2026, 12).unwrap()).await, 2);
    assert_eq!(told(&world).await, [HANAKO.email, HANAKO.email, TARO.email]);
    let chosen = "select count(*) from audit_events where action = 'update_mail.chosen'";
    assert_eq!(world.count(chosen).await, 2);
}

#[tokio::test]
async fn m1_of_a_notice_that_was_withdrawn_no_mail_leaves_any_more() {
    let world = world().await;
    stage(&world, "klinekenpo", &[("N1", "K1", "2026-09")]).await;
    assert_eq!(publish(&world, "klinekenpo", november()).await, 2);
    assert_eq!(leaving(&world).await.len(), 1, "the first has left");
    let mut tx = world.worker.tenant(world.tenant("klinekenpo"), &tester()).await.unwrap();
    notices::withdraw(&mut tx, &world.clock, november(), "test").await.unwrap();
    tx.commit().await.unwrap();
    world.clock.advance(Duration::hours(1));
    assert_eq!(leaving(&world).await.len(), 0);
}

#[tokio::test]
async fn m1_e7_of_what_is_private_nobody_else_is_told() {
    let world = world().await;
    let mut hanako = world.sign_in(HANAKO).await;
    hanako.get(SETTINGS).await;
    hanako.post(SETTINGS, &[("privacy", "private"), ("mail", "on")]).await;
    stage(&world, "klinekenpo", &[("N1", "K2", "2026-09")]).await;
    assert_eq!(publish(&world, "klinekenpo", november()).await, 1);
    assert_eq!(told(&world).await, [HANAKO.email], "not Taro, who would see nothing new");
}

#[tokio::test]
async fn m1_of_two_notices_of_one_moment_the_withdrawal_of_one_keeps_back_its_own_mails() {
    let world = world().await;
    stage(&world, "klinekenpo", &[("N1", "K1", "2026-09")]).await;
    let row = "D1,K1,2026-12,2026-10,,通院,1,1000,700,0,300,";
    world.stage_expenses("klinekenpo", &file(EXPENSE_HEADINGS, &[row])).await.unwrap();
    let december = Month::new(2026, 12).unwrap();
    for month in [november(), december] {
        assert_eq!(publish(&world, "klinekenpo", month).await, 2);
    }
    let mut tx = world.worker.tenant(world.tenant("klinekenpo"), &tester()).await.unwrap();
    notices::withdraw(&mut tx, &world.clock, november(), "test").await.unwrap();
    tx.commit().await.unwrap();
    let waiting = "select count(*) from outbox o
                   join record_notices n on n.tenant_id = o.tenant_id and n.id = o.cause
                   where o.kind = 'expenses_updated' and o.state = 'queued'
                     and n.month = '2026-12-01'";
    assert_eq!(world.count(waiting).await, 2);
    world.clock.advance(Duration::hours(1));
    assert_eq!(leaving(&world).await.len(), 2, "those of December");
}

#[tokio::test]
async fn m1_p4_t12_people_are_told_of_a_month_if_they_can_read_something_in_it() {
    let world = world().await;
    for person in [ICHIRO, MIKI] {
        world.register(person).await;
    }
    // First a row of her own from her time with Taro. Then she moves to Goro, and Ichiro alone loses
    // eligibility.
    stage(&world, "klinekenpo", &[("N1", "K2", "2026-09")]).await;
    let moved = "K2,K3,06139927,101,12,01,海運　花子,カイウン　ハナコ,1981-02-03,配偶者,2010-04-01,,hanako_k,hanako@example.jp,";
    world.import_members("klinekenpo", &file(MEMBER_HEADINGS, &[moved])).await.unwrap();
    world.execute("update members set lost_on = '2026-11-01' where code = 'K4'").await;
    assert_eq!(publish(&world, "klinekenpo", november()).await, 3);
    assert_eq!(told(&world).await, [HANAKO.email, MIKI.email, TARO.email]);
    let page = "/expenses/months/2026-11";
    for (person, reads) in
        [(HANAKO, true), (MIKI, true), (TARO, true), (ICHIRO, false), (GORO, false)]
    {
        let page = world.sign_in(person).await.get(page).await;
        assert_eq!(page.shows("¥18,000"), reads, "{}: {}", person.user_id, page.text());
    }
}

#[tokio::test]
async fn m1_publishing_tells_once_and_not_where_the_union_sends_no_such_mail() {
    let world = world().await;
    stage(&world, "klinekenpo", &[("N1", "K1", "2026-09")]).await;
    stage(&world, "jomkenpo", &[("N1", "J1", "2026-09")]).await;
    let publish = |union: &str| {
        world.kosmo(&["expenses", "publish", "--tenant", union, "--notice", "2026-11"])
    };
    let first = publish("klinekenpo");
    assert!(first.status.success(), "{}", said(&first));
    let words = "2026年11月の通知を公開しました（お知らせメール 2通）";
    assert!(said(&first).contains(words), "{}", said(&first));
    let second = publish("klinekenpo");
    assert!(second.status.success() && said(&second).contains("公開済みです"), "{}", said(&second));
    assert_eq!(told(&world).await, [HANAKO.email, TARO.email]);

    let none = publish("jomkenpo");
    assert!(said(&none).contains("お知らせメール 0通"), "{}", said(&none));
    assert_eq!(told(&world).await.len(), 2);
    let mut jiro = world.sign_in(JIRO).await;
    assert!(jiro.get("/expenses/months/2026-11").await.shows("¥18,000"));
    let settings = jiro.get(SETTINGS).await;
    assert!(!settings.body.contains("name=\"mail\""), "there is nothing to refuse");
}
