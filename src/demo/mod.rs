//! `kosmo demo`: everything a person needs to try the product, in one process.
//!
//! It starts a private PostgreSQL, brings in the five unions and their demo people through the importers an operator uses,
//! lets those who are to be registered do their first sign-in, and runs server and worker. All that exists already is left
//! as it is, so that a second run goes on where the first stopped.

#![expect(clippy::print_stdout, reason = "the table of people is what the command prints")]

mod first_sign_in;
mod key;
mod links;
mod mailbox;
mod people;
mod seed;
mod staff;

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context as _, bail};
use axum::Router;
use axum::extract::Request;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::app;
use crate::auth::credentials::letters::job::LetterTools;
use crate::base::clock::Clock;
use crate::base::files;
use crate::base::sealed::Sealer;
use crate::config::{Settings, host_name};
use crate::db::local::LocalPostgres;
use crate::db::{Db, DbRole, migrate};
use crate::records::partitions;
use crate::tenant::directory::Tenant;
use crate::web::host;
use crate::worker;
use first_sign_in::FirstSignInDriver;
use links::MailedLinks;
use people::{DemoPerson, State};
use serde_json::Value;
use staff::{DemoStaff, StaffDriver};

/// The label below the base domain where mail is read.
const MAIL_LABEL: &str = "mail";

/// Runs until `stop`.
///
/// # Errors
/// The reason why the demo could not start.
pub(crate) async fn run(settings: &Settings, stop: CancellationToken) -> anyhow::Result<()> {
    let _lock = lock(&settings.data_dir)?;
    let postgres = LocalPostgres::start(&settings.data_dir.join("postgres")).await?;
    let ran = run_with(settings, &postgres, stop).await;
    let _ = fs::remove_file(settings.demo_database_url());
    postgres.stop();
    ran?;
    println!("停止しました。");
    Ok(())
}

/// Deletes the demo's database, mails and lists.
///
/// # Errors
/// A demo that is running, and the file system's.
pub(crate) fn clean(settings: &Settings) -> anyhow::Result<()> {
    if settings.data_dir.exists() {
        let _lock = lock(&settings.data_dir)?;
        LocalPostgres::delete(&settings.data_dir.join("postgres"))?;
        for folder in ["postgres", "mail", "signing"] {
            let folder = settings.data_dir.join(folder);
            if folder.exists() {
                fs::remove_dir_all(&folder)?;
            }
        }
        let _ = fs::remove_file(settings.data_dir.join("demo.json"));
        let _ = fs::remove_file(settings.demo_sealing_keys());
    }
    println!("デモのデータを消しました。");
    Ok(())
}

async fn run_with(
    settings: &Settings,
    postgres: &LocalPostgres,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let listener = tokio::net::TcpListener::bind(settings.listen)
        .await
        .with_context(|| format!("KOSMO_LISTEN: {} で待ち受けられません", settings.listen))?;
    migrate::migrate(&postgres.options()).await?;
    partitions::extend_as_owner(&postgres.options(), Clock::System.today()).await?;
    if !settings.demo_sealing_keys().exists() {
        files::replace(&settings.demo_sealing_keys(), Sealer::new_file().as_bytes())?;
    }
    let operator = Db::new(postgres.options(), DbRole::Operator, 2);
    let worker = Db::new(postgres.options(), DbRole::Worker, 2);
    seed::unions(&operator).await?;
    let settings = &key::added(settings, &operator).await?;
    let state = app::build(settings, postgres.options(), Clock::System).await?;
    let list = settings.data_dir.join("demo.json");
    let known = known_staff(&list);
    let (mut everyone, mut staff) = (Vec::new(), Vec::new());
    let folder = settings.data_dir.join("setting-up");
    let links = MailedLinks { app: &state, worker: &worker, folder: &folder };
    for tenant in state.directory.all() {
        let people = seed::people(&operator, &worker, &state.hasher, &tenant).await?;
        register(&operator, links, &tenant, &people).await?;
        everyone.extend(people);
        let driver = StaffDriver { links, operator: &operator, tenant: &tenant, known: &known };
        staff.extend(
            driver.hire(&seed::staff()?).await.with_context(|| tenant.config.slug.to_string())?,
        );
    }
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    operator.close().await;
    worker.close().await;
    files::replace(&list, &serde_json::to_vec_pretty(&listed(&everyone, &staff)?)?)?;
    files::replace(&settings.demo_database_url(), postgres.url().as_bytes())?;
    let mail_url = settings.base_url().origin(MAIL_LABEL);
    print_table(&everyone, &staff, &mail_url);

    let mailbox = mailbox::router(state.clone(), settings.mail_directory());
    let router = with_mailbox(app::router(state.clone()), mailbox, settings);
    let letters = LetterTools { hasher: state.hasher.clone(), sealer: state.sealer.clone() };
    let kinds = worker::kinds(state.mail.clone(), letters);
    let work = worker::run(settings, postgres.options(), kinds, Clock::System, stop.clone());
    tokio::join!(app::serve(state, router, listener, stop), work);
    Ok(())
}

/// Lets a union's people do their first sign-in who are to be registered and are not.
async fn register(
    operator: &Db,
    links: MailedLinks<'_>,
    tenant: &Tenant,
    people: &[DemoPerson],
) -> anyhow::Result<()> {
    let beginners = seed::beginners(operator, tenant).await?;
    let due = |person: &&DemoPerson| {
        person.state == State::Registered && beginners.contains(&person.user_id)
    };
    let first_sign_in = FirstSignInDriver { app: links.app, tenant, links };
    for person in people.iter().filter(due) {
        first_sign_in.walk(person).await.with_context(|| tenant.config.slug.to_string())?;
    }
    Ok(())
}

/// Returns the entries of `demo.json`.
fn listed(people: &[DemoPerson], staff: &[DemoStaff]) -> serde_json::Result<Vec<Value>> {
    let people = people.iter().map(serde_json::to_value);
    people.chain(staff.iter().map(serde_json::to_value)).collect()
}

/// Returns the staff of an earlier start, with the secrets of their apps.
fn known_staff(list: &Path) -> Vec<DemoStaff> {
    let read = files::read(list).ok();
    let entries: Vec<Value> =
        read.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    entries.into_iter().filter_map(|entry| serde_json::from_value(entry).ok()).collect()
}

/// One demo a folder: a second would stop the first one's database. Where root runs it, the database belongs to
/// another user, who has to get to it.
fn lock(folder: &Path) -> anyhow::Result<File> {
    files::create_passage(folder).with_context(|| folder.display().to_string())?;
    let file = files::create_empty(&folder.join("lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => {
            bail!("{} では、すでにデモが動いています", folder.display())
        }
        Err(fs::TryLockError::Error(error)) => Err(error.into()),
    }
}

/// The mail host goes to the mailbox, every other to the unions.
fn with_mailbox(unions: Router, mailbox: Router, settings: &Settings) -> Router {
    let mail_host = settings.base_url().host(MAIL_LABEL);
    Router::new().fallback_service(tower::service_fn(move |request: Request| {
        let is_mail = host::of(&request).is_some_and(|host| host_name(host) == mail_host);
        let router = if is_mail { &mailbox } else { &unions };
        router.clone().oneshot(request)
    }))
}

fn print_table(people: &[DemoPerson], staff: &[DemoStaff], mail_url: &str) {
    // A Japanese character is two columns wide.
    println!("\n{:<12} {:<10} {:<23} {:<22} URL", "組合", "状態", "ユーザID", "パスワード");
    for person in people {
        println!(
            "{:<14} {:<12} {:<27} {:<27} {}",
            person.union, person.state, person.user_id, person.password, person.url
        );
    }
    println!("\n{:<12} {:<10} {:<23} {:<22} 管理画面", "組合", "役割", "ユーザID", "パスワード");
    for one in staff {
        println!(
            "{:<14} {:<12} {:<27} {:<27} {}",
            one.union, one.role, one.user_id, one.password, one.url
        );
    }
    println!("職員の認証アプリの鍵は demo.json の totp_secret です。");
    println!(
        "\n状態: registered 登録済み / migrated 初回ログイン前（計算式のパスワード） / letter 初回ログイン前（仮ユーザID）"
    );
    println!("メールを読む: {mail_url}/\n止めるには Ctrl-C を押してください。\n");
}
