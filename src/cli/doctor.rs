//! `kosmo doctor` says what is wrong here, and how to mend it (O5).

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use serde::Serialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{CommandStatus, output, told};
use crate::base::clock::{Clock, jst};
use crate::base::japanese::day;
use crate::base::{files, io_words};
use crate::config::{DatabaseAddress, MailSender, Settings};
use crate::db::actor::Actor;
use crate::db::local::find_binaries;
use crate::db::{Db, DbRole, health, migrate};
use crate::mail::undelivered;
use crate::pdf::Printer;
use crate::portal::places;
use crate::records::partitions;
use crate::signing::{KeyState, SigningKeys};
use crate::tenant::directory::Directory;
use crate::tenant::registry;
use crate::web::page::Pages;

const PATIENCE: Duration = Duration::from_secs(2);
const LONGEST_ANSWER: u64 = 16 * 1024;

#[derive(Debug, Serialize)]
struct Diagnosis {
    check: &'static str,
    ok: bool,
    /// The state, or what is wrong and how to mend it.
    detail: String,
}

#[derive(Debug, Default)]
struct Diagnoses(Vec<Diagnosis>);

impl Diagnoses {
    fn add(&mut self, check: &'static str, result: Result<String, String>) {
        let ok = result.is_ok();
        let detail = result.unwrap_or_else(|problem| problem);
        self.0.push(Diagnosis { check, ok, detail });
    }
}

pub(super) async fn run(settings: &Settings, json: bool) -> anyhow::Result<CommandStatus> {
    let mut findings = Diagnoses::default();
    findings.add(
        "PostgreSQLサーバー",
        match find_binaries() {
            Some(folder) => Ok(folder.display().to_string()),
            None if settings.database.url.is_some() || settings.database.url_file.is_some() => {
                Ok("外部のデータベースを使います".to_owned())
            }
            None => Err("見つかりません。infra/dev/setup.sh を実行してください".to_owned()),
        },
    );
    findings.add("メールの送信先", mail_exit(settings));
    let sealing = settings.sealer().map(|_| "読めました".to_owned());
    findings.add("封印の鍵", sealing.map_err(|error| error.to_string()));
    findings.add("署名の鍵", signing_keys(settings));
    let pages = Pages::load(places::of_service).map(|_| "読めました".to_owned());
    findings.add("画面のテンプレート", pages.map_err(|error| error.to_string()));
    let filter =
        super::terminal::logging::log_filter(settings).map(|_| settings.log.filter.clone());
    findings.add("ログの設定", filter.map_err(|error| error.to_string()));
    findings.add("待ち受けるアドレス", listening(settings.listen).await);
    let fonts = Printer::new(&settings.pdf).map(|_| "読めました".to_owned());
    findings.add("PDFのフォント", fonts.map_err(|error| error.to_string()));
    match settings.database() {
        Ok(address) => database(settings, &address, &mut findings).await,
        Err(error) => findings.add("データベース", Err(error.to_string())),
    }
    let healthy = findings.0.iter().all(|finding| finding.ok);
    if json {
        output::json(&findings.0)?;
    } else {
        for Diagnosis { check, ok, detail } in &findings.0 {
            println!("{} {check}: {detail}", if *ok { "○" } else { "×" });
        }
    }
    Ok(if healthy { CommandStatus::Done } else { CommandStatus::Rejected })
}

fn mail_exit(settings: &Settings) -> Result<String, String> {
    if settings.mail.sender == MailSender::Ses {
        return Ok("Amazon SES".to_owned());
    }
    let folder = settings.mail_directory();
    let probe = folder.join(".doctor");
    files::create_folder(&folder)
        .and_then(|()| files::replace(&probe, b""))
        .and_then(|()| std::fs::remove_file(&probe))
        .map(|()| folder.display().to_string())
        .map_err(|error| {
            format!(
                "{} に書けません（{}）。権限と空き容量を確かめてください",
                folder.display(),
                io_words::words(&error)
            )
        })
}

/// The address may be in use by our own running server, which is no problem.
async fn listening(address: SocketAddr) -> Result<String, String> {
    let error = match TcpListener::bind(address).await {
        Ok(_) => return Ok(format!("{address} を使えます")),
        Err(error) => error,
    };
    if error.kind() == ErrorKind::AddrInUse
        && tokio::time::timeout(PATIENCE, is_ours(address))
            .await
            .is_ok_and(|ours| ours.unwrap_or(false))
    {
        return Ok(format!("{address} で動いています"));
    }
    Err(format!(
        "{address} で待ち受けられません（{}）。KOSMO_LISTEN を確かめてください",
        io_words::words(&error)
    ))
}

async fn is_ours(address: SocketAddr) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(b"GET /healthz HTTP/1.0\r\n\r\n").await?;
    let mut answer = Vec::new();
    stream.take(LONGEST_ANSWER).read_to_end(&mut answer).await?;
    Ok(answer.ends_with(b"\r\n\r\nok\n"))
}

/// Checks the keys with which unions sign for e-Tax. A new certificate takes weeks to get, so this
/// warns early.
fn signing_keys(settings: &Settings) -> Result<String, String> {
    let keys = SigningKeys::load(&settings.signing).map_err(|error| error.to_string())?;
    let now = Clock::System.now();
    let states: Vec<(&str, KeyState)> =
        keys.unions().filter_map(|slug| Some((slug, keys.state(slug, now)?))).collect();
    if states.is_empty() {
        return Ok(
            "ありません（e-Tax用のXMLデータを提供する組合には signing.keys が必要です）".to_owned()
        );
    }
    let all_good = states.iter().all(|(_, state)| matches!(state, KeyState::Good { .. }));
    let told: Vec<String> = states
        .iter()
        .map(|(slug, state)| {
            let sample = keys.of(slug, now).is_some_and(|key| key.self_signed);
            let sample =
                if sample { "（自己署名のため見本になります）" } else { "" };
            format!("{}{sample}", signing_key(slug, *state))
        })
        .collect();
    let told = told.join("、");
    if all_good {
        Ok(told)
    } else {
        Err(format!(
            "{told}。新しい鍵のファイルを signing.keys に加え、サーバーを再起動してください"
        ))
    }
}

fn signing_key(slug: &str, state: KeyState) -> String {
    let date = |at| day(jst(at).date_naive());
    match state {
        KeyState::Good { until } => format!("{slug}: {}まで有効", date(until)),
        KeyState::Expiring { until } => {
            format!("{slug}: {}に期限が切れ、次の鍵がありません", date(until))
        }
        KeyState::Expired { until } => format!("{slug}: {}に期限が切れました", date(until)),
        KeyState::Early { from } => format!("{slug}: {}まで有効な鍵がありません", date(from)),
    }
}

async fn database(settings: &Settings, address: &DatabaseAddress, findings: &mut Diagnoses) {
    let db = Db::new(address.clone(), DbRole::Operator, 2);
    let server = match health::look(&address.options).await {
        Ok(server) => server,
        Err(error) => {
            findings.add("データベース", Err(told::database(&error)));
            return;
        }
    };
    findings.add(
        "データベース",
        match server.major {
            major if major >= 15 => Ok(format!("PostgreSQL {major}")),
            major => Err(format!("PostgreSQL {major} です。15以上が必要です")),
        },
    );
    if server.read_only {
        let problem =
            "書き込めません（待機系か、読み取り専用の設定です）。プライマリーに接続してください";
        findings.add("データベースへの書き込み", Err(problem.to_owned()));
        return;
    }
    let pending = async {
        let mut tx = db.platform().await?;
        migrate::pending(&mut tx).await
    };
    match pending.await {
        Ok(0) => findings.add("データベースのスキーマ", Ok("最新です".to_owned())),
        Ok(count) => {
            let problem =
                format!("{count} 件の移行が済んでいません。kosmo migrate を実行してください");
            findings.add("データベースのスキーマ", Err(problem));
            return;
        }
        Err(error) => {
            let problem = format!("確かめられません: {}", told::error(&error.into()));
            findings.add("データベースのスキーマ", Err(problem));
            return;
        }
    }
    findings.add("年ごとの表", partitions_ahead(&db).await);
    findings.add(
        "行レベルセキュリティ",
        match health::unprotected_tables(&db).await {
            Ok(tables) if tables.is_empty() => Ok("すべての表で有効です".to_owned()),
            Ok(tables) => Err(format!("保護されていない表があります: {}", tables.join(", "))),
            Err(error) => Err(told::database(&error)),
        },
    );
    if server.acts_as_all {
        findings.add("サーバーの役割", roles(settings, address).await);
    }
    findings.add(
        "接続ユーザー",
        match server.all_powerful {
            false => Ok(server.user),
            true => {
                Ok(format!("{}（管理者です。本番では専用のユーザーにしてください）", server.user))
            }
        },
    );
    findings.add("組合", unions(&db).await);
    if !settings.signing.keys.is_empty() {
        findings.add("署名の鍵の組合", signing_unions(settings, &db).await);
    }
    findings.add("メール", mails(&db).await);
}

/// Checks the yearly partitions. Rows of a year without one would pile up in the last.
async fn partitions_ahead(db: &Db) -> Result<String, String> {
    let look = async {
        let mut tx = db.platform().await?;
        partitions::missing(&mut tx, Clock::System.today()).await
    };
    let missing = look.await.map_err(|error| told::database(&error))?;
    if missing.is_empty() {
        return Ok("来年の分まであります".to_owned());
    }
    let years: Vec<String> =
        missing.iter().map(|missing| format!("{}の{}年", missing.table, missing.year)).collect();
    Err(format!("{}の分がありません。kosmo migrate を実行してください", years.join("、")))
}

/// Does what `kosmo serve` and `kosmo worker` do first.
async fn roles(settings: &Settings, address: &DatabaseAddress) -> Result<String, String> {
    for role in [DbRole::Server, DbRole::Worker] {
        let db = Db::new(address.clone(), role, 2);
        let loaded = Directory::load(&db, settings.base_url()).await;
        db.close().await;
        loaded.map_err(|error| format!("{}: {}", role.name(), told::database(&error)))?;
    }
    Ok("kosmo serve と kosmo worker が組合を読めます".to_owned())
}

async fn unions(db: &Db) -> Result<String, String> {
    let load = async {
        let mut tx = db.platform().await?;
        registry::load_all(&mut tx).await
    };
    let unions = load.await.map_err(|error| told::database(&error))?;
    let unreadable: Vec<String> = unions
        .iter()
        .filter_map(|union| union.config.as_ref().err().map(|_| union.slug.clone()))
        .collect();
    if unions.is_empty() {
        Err("1つも登録されていません。kosmo tenant apply で登録してください".to_owned())
    } else if unreadable.is_empty() {
        Ok(format!("{}組合", unions.len()))
    } else {
        Err(format!(
            "設定を読めない組合があります: {}。新しい版のプログラムで書かれたものは、その版でなければ読めません",
            unreadable.join("、")
        ))
    }
}

/// Checks the slugs of signing keys. With a misspelt one, its union would have no key without any
/// message.
async fn signing_unions(settings: &Settings, db: &Db) -> Result<String, String> {
    let load = async {
        let mut tx = db.platform().await?;
        registry::load_all(&mut tx).await
    };
    let unions = load.await.map_err(|error| told::database(&error))?;
    let keys = settings.signing.keys.iter().map(|key| key.tenant.as_str());
    let mut unknown: Vec<&str> =
        keys.filter(|slug| unions.iter().all(|union| union.slug != *slug)).collect();
    unknown.sort_unstable();
    unknown.dedup();
    if unknown.is_empty() {
        Ok("すべて登録されています".to_owned())
    } else {
        Err(format!(
            "登録されていない組合の鍵があります: {}。signing.keys の tenant を確かめてください",
            unknown.join("、")
        ))
    }
}

async fn mails(db: &Db) -> Result<String, String> {
    let backlog = undelivered::backlog(db, &Actor::system("doctor"), &Clock::System).await;
    let backlog = backlog.map_err(|error| told::database(&error))?;
    if backlog.is_empty() {
        return Ok("滞りはありません".to_owned());
    }
    let unions: Vec<String> = backlog
        .iter()
        .map(|union| {
            format!(
                "{}: 送れなかったもの {}件、遅れているもの {}件",
                union.slug, union.dead, union.late
            )
        })
        .collect();
    Err(format!(
        "{}。kosmo mail list で理由を確かめてください。遅れているものは kosmo worker が動いていれば送られ、送れなかったものは kosmo mail retry で送り直せます",
        unions.join("、")
    ))
}
