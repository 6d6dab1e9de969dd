//! `kosmo expenses …` imports medical expenses, and publishes the notices of them (O2).

mod import;
mod notices;

use clap::Subcommand;

use self::import::Import;
use self::notices::NoticeMonth;
use super::{CommandStatus, Operator, UnionArg};

#[derive(Debug, Subcommand)]
pub(super) enum ExpensesCommand {
    /// 医療費のファイルを取り込みます（CSVはUTF-8またはCP932。UKEはレセプト電算処理の形式）
    #[command(
        after_help = "公開済みの通知月を変えるファイルでは、変わる内容を示して確認を求めます。\n\n例:\n  kosmo expenses import --tenant klinekenpo expenses.csv --dry-run\n  kosmo expenses import --tenant klinekenpo --format uke --notice 2026-10 claims.uke"
    )]
    Import(Box<Import>),
    /// 通知月を公開し、希望する人にメールで知らせます
    #[command(
        after_help = "例:\n  kosmo expenses publish --tenant klinekenpo --notice 2026-10\n  kosmo expenses publish --tenant klinekenpo --notice 2026-10 --no-mail"
    )]
    Publish {
        #[command(flatten)]
        notice: NoticeMonth,
        /// メールで知らせません
        #[arg(long)]
        no_mail: bool,
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
    /// 通知月の医療費をすべて取り下げます（履歴には残ります）
    #[command(
        after_help = "例:\n  kosmo expenses withdraw --tenant klinekenpo --notice 2026-10 --dry-run\n  kosmo expenses withdraw --tenant klinekenpo --notice 2026-10 --yes"
    )]
    Withdraw {
        #[command(flatten)]
        notice: NoticeMonth,
        /// 件数を調べるだけで、何も変えません
        #[arg(long)]
        dry_run: bool,
        /// 確認せずに実行します
        #[arg(long)]
        yes: bool,
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
    /// 通知月を、件数・金額・公開日時とともに新しい順に表示します
    #[command(after_help = "例:\n  kosmo expenses list --tenant klinekenpo")]
    List {
        #[command(flatten)]
        union: UnionArg,
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
}

impl ExpensesCommand {
    pub(super) async fn run(self, operator: &Operator) -> anyhow::Result<CommandStatus> {
        match self {
            Self::Import(import) => import.run(operator).await,
            Self::Publish { notice, no_mail, json } => {
                notices::publish(operator, &notice, !no_mail, json).await
            }
            Self::Withdraw { notice, dry_run, yes, json } => {
                notices::withdraw(operator, &notice, dry_run, yes, json).await
            }
            Self::List { union, json } => notices::list(operator, &union, json).await,
        }
    }
}
