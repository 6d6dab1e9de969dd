//! `kosmo tenant …` manages unions from TOML files (O1).

mod read;
mod versions;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Subcommand;
use serde_json::json;

use self::read::{FileMistake, look, print_cautions, read};
use super::output::{self, Column};
use super::{CommandStatus, Operator};
use crate::base::clock::jst;
use crate::tenant::file::{EXAMPLE, to_toml};
use crate::tenant::policy::contact;
use crate::tenant::registry;

#[derive(Debug, Subcommand)]
pub(super) enum TenantCommand {
    /// 設定ファイルの誤りをすべて、行番号とともに表示します（データベース不要）
    #[command(after_help = "例:\n  kosmo tenant validate tenants/*.toml")]
    Validate {
        /// 設定ファイル
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
    /// すべての項目を説明付きで並べた設定ファイルの例を出力します
    #[command(after_help = "例:\n  kosmo tenant example > sixth.toml")]
    Example,
    /// 適用すると何が変わり、だれにどう影響するかを、項目ごとに数えて表示します
    #[command(after_help = "例:\n  kosmo tenant plan klinekenpo.toml")]
    Plan {
        /// 設定ファイル
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
    /// 設定を適用します。同じ内容なら何も変えません
    #[command(
        after_help = "例:\n  kosmo tenant apply --note \"ロックまでの回数を変更\" klinekenpo.toml"
    )]
    Apply {
        /// 設定ファイル
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// 変更の理由
        #[arg(long, default_value = "", value_name = "TEXT")]
        note: String,
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
    /// 組合の一覧を表示します
    #[command(after_help = "例:\n  kosmo tenant list\n  kosmo tenant list --json")]
    List {
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
    /// 組合の設定と版の履歴を表示します
    #[command(
        after_help = "例:\n  kosmo tenant show klinekenpo\n  kosmo tenant show klinekenpo --at 2 --toml > before.toml"
    )]
    Show {
        /// 組合（例: klinekenpo）
        slug: String,
        /// 設定をJSONで出力します
        #[arg(long, conflicts_with = "toml")]
        json: bool,
        /// 適用すると同じ設定になるファイルを出力します
        #[arg(long)]
        toml: bool,
        /// この版の設定（省略時: 現在の版）
        #[arg(long = "at", value_name = "VERSION", value_parser = version)]
        version: Option<i32>,
    },
    /// 以前の版に戻します（戻したことも新しい版として残ります）
    #[command(
        after_help = "例:\n  kosmo tenant rollback klinekenpo\n  kosmo tenant rollback klinekenpo --to 3 --yes"
    )]
    Rollback {
        /// 組合（例: klinekenpo）
        slug: String,
        /// 戻す先の版（省略時: 内容の違う、1つ前の版）
        #[arg(long, value_name = "VERSION", value_parser = version)]
        to: Option<i32>,
        /// 確認せずに実行します
        #[arg(long)]
        yes: bool,
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
    /// 組合のポータルを停止します。画面はすべて「現在ご利用いただけません」（503）になります
    #[command(after_help = "例:\n  kosmo tenant disable klinekenpo --note \"契約終了\"")]
    Disable {
        /// 組合（例: klinekenpo）
        slug: String,
        /// 停止の理由
        #[arg(long, default_value = "停止", value_name = "TEXT")]
        note: String,
        /// 確認せずに実行します
        #[arg(long)]
        yes: bool,
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
    /// 停止した組合のポータルを再開します
    #[command(after_help = "例:\n  kosmo tenant enable klinekenpo")]
    Enable {
        /// 組合（例: klinekenpo）
        slug: String,
        /// 再開の理由
        #[arg(long, default_value = "再開", value_name = "TEXT")]
        note: String,
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
}

fn version(text: &str) -> Result<i32, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| "版の番号ではありません（例: 3）".to_owned())
}

impl TenantCommand {
    pub(super) fn needs_database(&self) -> bool {
        !matches!(self, Self::Validate { .. } | Self::Example)
    }

    /// Runs the commands that need neither settings nor database.
    pub(super) fn run_alone(self) -> anyhow::Result<CommandStatus> {
        match self {
            Self::Validate { files, json } => validate(&files, json),
            _ => {
                print!("{EXAMPLE}");
                Ok(CommandStatus::Done)
            }
        }
    }

    pub(super) async fn run(self, operator: &Operator) -> anyhow::Result<CommandStatus> {
        match self {
            Self::Plan { files, json } => versions::plan(operator, &files, json).await,
            Self::Apply { files, note, json } => {
                versions::apply(operator, &files, &note, json).await
            }
            Self::List { json } => list(operator, json).await,
            Self::Show { slug, json, toml, version } => {
                show(operator, &slug, json, toml, version).await
            }
            Self::Rollback { slug, to, yes, json } => {
                versions::rollback(operator, &slug, to, yes, json).await
            }
            Self::Disable { slug, note, yes, json } => {
                versions::disable(operator, &slug, &note, yes, json).await
            }
            Self::Enable { slug, note, json } => {
                versions::enable(operator, &slug, &note, json).await
            }
            alone => alone.run_alone(),
        }
    }
}

/// Runs `kosmo tenant validate`.
fn validate(files: &[PathBuf], json: bool) -> anyhow::Result<CommandStatus> {
    if json {
        let looked = look(files);
        let problems: Vec<_> = looked.as_ref().err().into_iter().flatten().collect();
        let problems: Vec<_> = problems
            .iter()
            .map(|FileMistake { file, problem }| {
                json!({
                    "file": file, "line": problem.line, "path": problem.path,
                    "message": problem.message, "suggestion": problem.suggestion,
                })
            })
            .collect();
        let cautions: Vec<_> = files
            .iter()
            .zip(looked.iter().flatten())
            .flat_map(|(path, config)| {
                let file = path.display().to_string();
                let told = contact::cautions(config).into_iter();
                told.map(move |caution| json!({ "file": file, "message": caution.to_string() }))
            })
            .collect();
        output::json(&json!({ "problems": problems, "cautions": cautions }))?;
        return Ok(if looked.is_ok() { CommandStatus::Done } else { CommandStatus::Rejected });
    }
    let Some(configs) = read(files) else { return Ok(CommandStatus::Rejected) };
    for (file, config) in files.iter().zip(configs) {
        println!("{}: 問題ありません（{}）", file.display(), config.name);
        print_cautions(file, &config);
    }
    Ok(CommandStatus::Done)
}

/// Runs `kosmo tenant list`.
async fn list(operator: &Operator, json: bool) -> anyhow::Result<CommandStatus> {
    let mut tx = operator.db.platform().await?;
    let unions = registry::load_all(&mut tx).await?;
    tx.commit().await?;
    let (mut entries, mut rows) = (Vec::new(), Vec::new());
    for union in unions {
        let config = union.config.with_context(|| format!("{}: 設定を読めません", union.slug))?;
        let mut tx = operator.begin(union.id).await?;
        let people = registry::people(&mut tx).await?;
        tx.commit().await?;
        entries.push(json!({
            "slug": config.slug, "name": config.name, "version": union.version,
            "enabled": union.enabled, "host": config.hosts.canonical, "members": people.members,
            "accounts": people.accounts, "registered": people.registered,
        }));
        rows.push([
            config.slug.to_string(),
            if union.enabled { "提供中" } else { "停止中" }.to_owned(),
            config.hosts.canonical.to_string(),
            union.version.to_string(),
            people.members.to_string(),
            people.registered.to_string(),
            config.name,
        ]);
    }
    if json {
        output::json(&entries)?;
        return Ok(CommandStatus::Done);
    }
    let columns = [
        Column::Left("組合"),
        Column::Left("状態"),
        Column::Left("ホスト"),
        Column::Right("版"),
        Column::Right("加入者"),
        Column::Right("登録済み"),
        Column::Left("名称"),
    ];
    output::table(columns, &rows, "組合は登録されていません。kosmo tenant apply で登録します");
    Ok(CommandStatus::Done)
}

/// Runs `kosmo tenant show`.
async fn show(
    operator: &Operator,
    slug: &str,
    json: bool,
    toml: bool,
    version: Option<i32>,
) -> anyhow::Result<CommandStatus> {
    let mut tx = operator.db.platform().await?;
    let (id, newest) = registry::newest(&mut tx, slug).await?;
    let shown = version.unwrap_or(newest);
    let config = registry::version(&mut tx, slug, id, shown).await?;
    let history = registry::history(&mut tx, id).await?;
    tx.commit().await?;
    if json {
        output::json(&config)?;
    } else if toml {
        print!("{}", to_toml(&config));
    } else {
        let out = history.iter().any(|one| one.version == newest && !one.enabled);
        let state = if out { "（停止中）" } else { "" };
        println!("{}（{slug}）版 {shown}{state}\n", config.name);
        println!("{}", to_toml(&config));
        let rows: Vec<_> = history
            .into_iter()
            .map(|version| {
                let at = jst(version.created_at).format("%Y-%m-%d %H:%M").to_string();
                let state = if version.enabled { "提供" } else { "停止" }.to_owned();
                [version.version.to_string(), state, at, version.created_by, version.note]
            })
            .collect();
        let columns = [
            Column::Right("版"),
            Column::Left("状態"),
            Column::Left("日時"),
            Column::Left("操作した人"),
            Column::Left("理由"),
        ];
        output::table(columns, &rows, "");
    }
    Ok(CommandStatus::Done)
}
