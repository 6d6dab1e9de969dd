//! The operator's door: one file a command. Commands print, in Japanese; what they ask the rooms
//! for, other doors can ask for, too.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command's output is its page")]

mod doctor;
mod expenses;
mod import;
mod letters;
mod mail;
mod maintenance;
mod members;
mod server;
mod tenant;
mod terms;

use std::fs::File;
use std::io::IsTerminal as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::base::clock::Clock;
use crate::config::{LogFormat, Settings};
use crate::db::{Db, Role};
use crate::mail::message::MailRoom;
use crate::tenant::directory::{Directory, Tenant};
use crate::tenant::registry::RegistryError;
use crate::web::page::Pages;

/// What a command came to; its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// What the operator gave has mistakes, or `doctor` found some; they were printed.
    Rejected,
}

const EXIT_CODES: &str = "終了コード: 0 成功 / 1 実行できなかった / 2 コマンドの書き方の誤り / 3 ファイルや環境に誤りがある\n設定は kosmo.toml と環境変数 KOSMO_… から読みます（例: KOSMO_DATABASE__URL）";

/// KOSMO Communication Web を動かし、組合を管理します
#[derive(Debug, Parser)]
#[command(name = "kosmo", version, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// デモ用のデータベースと5つの組合を用意し、すべてを1つのプロセスで動かします
    Demo {
        /// デモのデータをすべて消します
        #[arg(long)]
        clean: bool,
    },
    /// ポータルを動かします
    Serve,
    /// メールの送信など、バックグラウンド処理を動かします
    Worker,
    /// データベースのスキーマを最新にします
    Migrate,
    /// 組合の設定を管理します
    #[command(subcommand)]
    Tenant(tenant::Command),
    /// 加入者を管理します
    #[command(subcommand)]
    Members(members::Command),
    /// 仮ユーザID・仮パスワードの通知を管理します
    #[command(subcommand)]
    Letters(letters::LettersCommand),
    /// 届かなかったメールを調べ、送り直します。メールの見本も書き出します
    #[command(subcommand)]
    Mail(mail::Command),
    /// 利用規約を管理します
    #[command(subcommand)]
    Terms(terms::Command),
    /// システム全体のメンテナンスを予定します
    #[command(subcommand)]
    Maintenance(maintenance::Command),
    /// 医療費を管理します
    #[command(subcommand)]
    Expenses(expenses::Command),
    /// この環境とデータベースの問題と、その直し方を表示します
    Doctor {
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
    /// シェルの補完スクリプトを出力します
    Completions { shell: clap_complete::Shell },
}

/// Runs the command that the arguments name.
pub async fn run() -> ExitCode {
    let cli = Cli::parse();
    if !matches!(cli.command, Command::Demo { .. } | Command::Serve | Command::Worker) {
        end_with_the_pipe();
    }
    match execute(cli.command).await {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Rejected) => ExitCode::from(3),
        Err(error) => {
            eprintln!("kosmo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// `kosmo tenant list | head -1` ends quietly. Servers keep Rust's way: a browser that hangs up must
/// not end them.
#[expect(unsafe_code, reason = "the standard library has no stable way to say so")]
fn end_with_the_pipe() {
    // SAFETY: SIG_DFL is a valid disposition, and no handler of ours is replaced.
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
    }
}

async fn execute(command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "kosmo", &mut std::io::stdout());
            return Ok(Outcome::Done);
        }
        Command::Tenant(command) if !command.needs_database() => return command.run_alone(),
        _ => {}
    }
    let settings = Settings::load()?;
    match command {
        Command::Demo { clean: true } => crate::demo::clean(&settings).map(|()| Outcome::Done),
        Command::Demo { clean: false } => {
            start_logging(&settings)?;
            Box::pin(crate::demo::run(&settings, server::until_told())).await?;
            Ok(Outcome::Done)
        }
        Command::Serve => {
            start_logging(&settings)?;
            server::serve(&settings).await
        }
        Command::Worker => {
            start_logging(&settings)?;
            Box::pin(server::worker(&settings)).await
        }
        Command::Migrate => server::migrate(&settings).await,
        Command::Tenant(command) => command.run(&operator(&settings)?).await,
        Command::Members(command) => command.run(&settings, &operator(&settings)?).await,
        Command::Letters(command) => command.run(&settings, &operator(&settings)?).await,
        Command::Mail(command) => command.run(&settings, &operator(&settings)?).await,
        Command::Terms(command) => command.run(&operator(&settings)?).await,
        Command::Maintenance(command) => command.run(&operator(&settings)?).await,
        Command::Expenses(command) => command.run(&settings, &operator(&settings)?).await,
        Command::Doctor { json } => doctor::run(&settings, json).await,
        Command::Completions { .. } => Ok(Outcome::Done),
    }
}

/// What the operator's commands work with.
struct Operator {
    db: Db,
    clock: Clock,
    /// The person at the terminal, as the trail names them.
    name: String,
}

impl Operator {
    /// A union as servers know it, and who writes its mails.
    async fn union(
        &self,
        settings: &Settings,
        slug: &str,
    ) -> anyhow::Result<(Arc<Tenant>, MailRoom)> {
        let directory = Directory::load(&self.db, settings.base_url()).await?;
        let mut unions = directory.all().into_iter();
        let tenant = unions
            .find(|tenant| tenant.config.slug.as_str() == slug)
            .ok_or_else(|| RegistryError::UnknownTenant(slug.to_owned()))?;
        let room = MailRoom::new(Pages::load()?.templates(), settings.mail.domain.clone());
        Ok((tenant, room))
    }
}

fn operator(settings: &Settings) -> anyhow::Result<Operator> {
    let db = Db::new(settings.database()?, Role::Operator, 2);
    let user = ["SUDO_USER", "USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok());
    Ok(Operator { db, clock: Clock::System, name: user.unwrap_or_else(|| "operator".to_owned()) })
}

/// A new file for its owner's eyes; never over another.
fn create_private(path: &Path) -> std::io::Result<File> {
    File::options().write(true).create_new(true).mode(0o600).open(path)
}

fn start_logging(settings: &Settings) -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_new(&settings.log.filter)
        .map_err(|error| anyhow::anyhow!("settings: log.filter: {error}"))?;
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match settings.log.format {
        LogFormat::Text => logs.compact().init(),
        LogFormat::Json => logs.json().init(),
    }
    Ok(())
}
