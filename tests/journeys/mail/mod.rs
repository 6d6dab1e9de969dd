//! Mails are kept until they are delivered, bounced or too old.

pub mod bounces;
mod moto;
pub mod operator;
pub mod sending;
pub mod updates;

use chrono::TimeDelta;
use kosmo::base::clock::Clock;
use kosmo::base::ids::MailId;
use kosmo::db::{Db, DbRole};
use kosmo::mail::delivery;
use kosmo::mail::delivery::sender::Sender;
use kosmo::mail::message::{AccountChangedMail, EmailCodeMail};
use kosmo::mail::outbox::{self, Perishable};
use tokio::net::TcpListener;

use crate::support::people::TARO;
use crate::support::world::{World, tester};
use moto::sender_to;

/// Puts a mail about a change into the outbox for Taro, from a union.
pub async fn post(world: &World, slug: &str) -> MailId {
    post_to(world, slug, TARO.email).await
}

pub async fn post_to(world: &World, slug: &str, address: &str) -> MailId {
    let union = world.union(slug);
    let (what, at, origin) =
        ("パスワードの変更".to_owned(), "今日".to_owned(), union.origin.clone());
    let mail = AccountChangedMail { what, at, origin, not_me: None };
    let letter = world.app.mail.write(&union, &mail).unwrap();
    let mut tx = world.app.db.tenant(union.id, &tester()).await.unwrap();
    let id = outbox::enqueue(&mut tx, &world.clock, &letter, address, None).await.unwrap();
    tx.commit().await.unwrap();
    id
}

/// Puts a code for Taro into the outbox; it expires after ten minutes.
async fn post_code(world: &World) {
    post_code_to(world, "klinekenpo", TARO.email).await;
}

pub async fn post_code_to(world: &World, slug: &str, address: &str) {
    let union = world.union(slug);
    let mail = EmailCodeMail { code: "012345".to_owned(), minutes: 10 };
    let letter = world.app.mail.write(&union, &mail).unwrap();
    let expires_at = world.clock.now() + TimeDelta::minutes(10);
    let code = Some(Perishable { expires_at, series: MailId::new(&world.clock).0 });
    let mut tx = world.app.db.tenant(union.id, &tester()).await.unwrap();
    outbox::enqueue(&mut tx, &world.clock, &letter, address, code).await.unwrap();
    tx.commit().await.unwrap();
}

/// Puts many mails into the outbox, all due now by the given clock.
async fn post_many(world: &World, count: u32, clock: &Clock) {
    let (tenant, now) = (world.tenant("klinekenpo"), clock.now());
    let insert = format!(
        "insert into outbox (tenant_id, id, kind, sender_name, sender, recipient, subject, text_body,
                             html_body, created_at, queued_at, due_at)
         select '{tenant}', gen_random_uuid(), 'x', '組合', 'no-reply@kosmo-web.jp',
                '{}', '件名', '本文', '<p>本文</p>', '{now}', '{now}', '{now}'
         from generate_series(1, {count})",
        TARO.email
    );
    world.execute(&insert).await;
}

fn worker(world: &World) -> Db {
    Db::new(world.database.options.clone(), DbRole::Worker, 3)
}

async fn deliver(world: &World, sender: &Sender) -> usize {
    delivery::deliver(&worker(world), &world.clock, sender).await.unwrap()
}

async fn mails_that(world: &World, condition: &str) -> i64 {
    world.count(&format!("select count(*) from outbox where {condition}")).await
}

/// Makes a sender to a port on which nobody listens.
async fn sender_to_nobody() -> Sender {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    sender_to(url, 15).await
}
