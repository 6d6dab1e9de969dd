//! The commands' names and help, and the file that runs each.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use super::terminal::logging::start_logging;
use super::terminal::operator::operator;
use super::terminal::{CommandStatus, told, usage};
use super::{
    audit, doctor, expenses, jobs, letters, mail, maintenance, members, server, staff, tenant,
    terms,
};
use crate::config::Settings;

const AFTER_HELP: &str = "例:\n  kosmo demo\n  kosmo doctor\n  kosmo tenant list\n\n終了コード: 0 成功 / 1 実行できなかった、確認で「いいえ」と答えた / 2 コマンドの書き方の誤り、確認が必要なのに --yes がない / 3 ファイルや環境に誤りがある\n設定は kosmo.toml と環境変数 KOSMO_… から読みます（例: KOSMO_DATABASE__URL）";

/// KOSMO Communication Web を動かし、組合を管理します
#[derive(Debug, Parser)]
#[command(name = "kosmo", version, after_help = AFTER_HELP)]
pub(super) struct Cli {
    #[command(subcommand)]
    command: KosmoCommand,
}

#[derive(Debug, Subcommand)]
enum KosmoCommand {
    /// デモ用のデータベースと5つの組合を用意し、すべてを1つのプロセスで動かします
    #[command(after_help = "例:\n  kosmo demo\n  KOSMO_LISTEN=127.0.0.1:8180 kosmo demo")]
    Demo {
        /// デモのデータをすべて消します
        #[arg(long)]
        clean: bool,
    },
    /// ポータルを動かします
    #[command(
        after_help = "例:\n  KOSMO_DATABASE__URL=postgresql://kosmo@db/kosmo KOSMO_SEALING__KEYS_FILE=/etc/kosmo/sealing.keys kosmo serve"
    )]
    Serve,
    /// メールの送信など、バックグラウンド処理を動かします
    #[command(after_help = "例:\n  KOSMO_DATABASE__URL=postgresql://kosmo@db/kosmo kosmo worker")]
    Worker,
    /// データベースのスキーマを最新にします
    #[command(after_help = "例:\n  KOSMO_DATABASE__URL=postgresql://kosmo@db/kosmo kosmo migrate")]
    Migrate {
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
    /// 組合の設定を管理します
    #[command(
        subcommand,
        after_help = "例:\n  kosmo tenant validate klinekenpo.toml\n  kosmo tenant plan klinekenpo.toml\n  kosmo tenant apply klinekenpo.toml"
    )]
    Tenant(tenant::TenantCommand),
    /// 加入者を管理します
    #[command(
        subcommand,
        after_help = "例:\n  kosmo members import --tenant klinekenpo members.csv\n  kosmo members list --tenant klinekenpo --locked"
    )]
    Members(members::MembersCommand),
    /// 組合の職員を管理画面に招待し、停止します
    #[command(
        subcommand,
        after_help = "例:\n  kosmo staff invite --tenant klinekenpo --name '管理 花子' hanako@klinekenpo.example.jp\n  kosmo staff list --tenant klinekenpo"
    )]
    Staff(staff::StaffCommand),
    /// 仮ユーザID・仮パスワードの通知を管理します
    #[command(
        subcommand,
        after_help = "例:\n  kosmo letters issue --tenant nideckenpo --out letters.csv"
    )]
    Letters(letters::LettersCommand),
    /// 届かなかったメールを調べ、送り直します。メールの見本も書き出します
    #[command(
        subcommand,
        after_help = "例:\n  kosmo mail list\n  kosmo mail retry --tenant klinekenpo --all"
    )]
    Mail(mail::MailCommand),
    /// バックグラウンドの処理の進み具合を表示します
    #[command(subcommand, after_help = "例:\n  kosmo jobs list --tenant klinekenpo")]
    Jobs(jobs::JobsCommand),
    /// 操作履歴が改ざんされていないかを調べ、外に書き出します
    #[command(
        subcommand,
        after_help = "例:\n  kosmo audit verify\n  kosmo audit ship --to /mnt/worm/kosmo"
    )]
    Audit(audit::AuditCommand),
    /// 利用規約を管理します
    #[command(
        subcommand,
        after_help = "例:\n  kosmo terms preview terms.txt\n  kosmo terms publish --tenant klinekenpo --from 2027-04-01 terms.txt"
    )]
    Terms(terms::TermsCommand),
    /// システム全体のメンテナンスを予定します
    #[command(
        subcommand,
        after_help = "例:\n  kosmo maintenance plan --from 2026-12-01T19:00 --until 2026-12-01T22:00\n  kosmo maintenance list"
    )]
    Maintenance(maintenance::MaintenanceCommand),
    /// 医療費を管理します
    #[command(
        subcommand,
        after_help = "例:\n  kosmo expenses import --tenant klinekenpo expenses.csv\n  kosmo expenses publish --tenant klinekenpo --notice 2026-10"
    )]
    Expenses(expenses::ExpensesCommand),
    /// この環境とデータベースの問題と、その直し方を表示します
    #[command(after_help = "例:\n  kosmo doctor")]
    Doctor {
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
    /// シェルの補完スクリプトを出力します
    #[command(after_help = "例:\n  kosmo completions bash > /etc/bash_completion.d/kosmo")]
    Completions {
        /// シェル: bash、elvish、fish、powershell、zsh
        shell: clap_complete::Shell,
    },
}

/// Runs the command that the arguments name.
pub async fn run() -> ExitCode {
    let cli = match usage::parse::<Cli>() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    if !matches!(
        cli.command,
        KosmoCommand::Demo { .. } | KosmoCommand::Serve | KosmoCommand::Worker
    ) {
        end_with_the_pipe();
    }
    match execute(cli.command).await {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            eprintln!("kosmo: {}", told::error(&error));
            ExitCode::FAILURE
        }
    }
}

/// Makes `kosmo tenant list | head -1` end quietly. Servers must not do this: a browser that hangs
/// up would end them.
#[expect(unsafe_code, reason = "the standard library has no stable way to say so")]
fn end_with_the_pipe() {
    // SAFETY: SIG_DFL is a valid disposition, and it replaces no handler of ours.
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
    }
}

async fn execute(command: KosmoCommand) -> anyhow::Result<CommandStatus> {
    match command {
        KosmoCommand::Completions { shell } => {
            clap_complete::generate(
                shell,
                &mut usage::command::<Cli>(),
                "kosmo",
                &mut std::io::stdout(),
            );
            return Ok(CommandStatus::Done);
        }
        KosmoCommand::Tenant(command) if !command.needs_database() => return command.run_alone(),
        KosmoCommand::Terms(command) if !command.needs_database() => return command.run_alone(),
        _ => {}
    }
    let settings = Settings::load()?;
    match command {
        KosmoCommand::Demo { clean: true } => {
            crate::demo::clean(&settings).map(|()| CommandStatus::Done)
        }
        KosmoCommand::Demo { clean: false } => {
            start_logging(&settings)?;
            Box::pin(crate::demo::run(&settings, server::until_told())).await?;
            Ok(CommandStatus::Done)
        }
        KosmoCommand::Serve => {
            start_logging(&settings)?;
            server::serve(&settings).await
        }
        KosmoCommand::Worker => {
            start_logging(&settings)?;
            Box::pin(server::work(&settings)).await
        }
        KosmoCommand::Migrate { json } => server::migrate(&settings, json).await,
        KosmoCommand::Tenant(command) => command.run(&operator(&settings)?).await,
        KosmoCommand::Members(command) => command.run(&settings, &operator(&settings)?).await,
        KosmoCommand::Staff(command) => command.run(&settings, &operator(&settings)?).await,
        KosmoCommand::Letters(command) => command.run(&settings, &operator(&settings)?).await,
        KosmoCommand::Mail(command) => command.run(&settings, &operator(&settings)?).await,
        KosmoCommand::Jobs(command) => command.run(&operator(&settings)?).await,
        KosmoCommand::Audit(command) => command.run(&operator(&settings)?).await,
        KosmoCommand::Terms(command) => command.run(&operator(&settings)?).await,
        KosmoCommand::Maintenance(command) => command.run(&operator(&settings)?).await,
        KosmoCommand::Expenses(command) => command.run(&operator(&settings)?).await,
        KosmoCommand::Doctor { json } => doctor::run(&settings, json).await,
        KosmoCommand::Completions { .. } => Ok(CommandStatus::Done),
    }
}
