//! `kosmo tenant …`: unions from TOML files (O1).

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Subcommand;

use super::{Operator, Outcome};
use crate::base::clock::jst;
use crate::tenant::contact;
use crate::tenant::file::{self, EXAMPLE, to_toml};
use crate::tenant::plan::changes;
use crate::tenant::policy::TenantConfig;
use crate::tenant::registry::{self, Applied, People, Registered};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// 設定ファイルの誤りをすべて、行番号とともに表示します（データベース不要）
    Validate {
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// すべての項目を説明付きで並べた設定ファイルの例を出力します
    Example,
    /// 適用すると何が変わり、何人に影響するかを表示します
    Plan {
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// 設定を適用します。同じ内容なら何も変えません
    Apply {
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// 変更の理由
        #[arg(long, default_value = "")]
        note: String,
    },
    /// 組合の一覧を表示します
    List {
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
    /// 組合の設定と版の履歴を表示します
    Show {
        slug: String,
        /// 設定をJSONで出力します
        #[arg(long, conflicts_with = "toml")]
        json: bool,
        /// 適用すると同じ設定になるファイルを出力します
        #[arg(long)]
        toml: bool,
        /// この版の設定（省略時: 現在の版）
        #[arg(long = "at", value_name = "VERSION")]
        version: Option<i32>,
    },
    /// 以前の版に戻します（戻したことも新しい版として残ります）
    Rollback {
        slug: String,
        /// 戻す先の版（省略時: 1つ前）
        #[arg(long, value_name = "VERSION")]
        to: Option<i32>,
    },
}

impl Command {
    pub(super) fn needs_database(&self) -> bool {
        !matches!(self, Self::Validate { .. } | Self::Example)
    }

    /// The commands that need neither settings nor database.
    pub(super) fn run_alone(self) -> anyhow::Result<Outcome> {
        match self {
            Self::Validate { files } => {
                let Some(configs) = read(&files)? else { return Ok(Outcome::Rejected) };
                for (file, config) in files.iter().zip(configs) {
                    println!("{}: 問題ありません（{}）", file.display(), config.name);
                    for caution in contact::cautions(&config) {
                        eprintln!("{}: 注意: {caution}", file.display());
                    }
                }
            }
            _ => print!("{EXAMPLE}"),
        }
        Ok(Outcome::Done)
    }

    pub(super) async fn run(self, operator: &Operator) -> anyhow::Result<Outcome> {
        match self {
            Self::Plan { files } => plan(operator, &files).await,
            Self::Apply { files, note } => apply(operator, &files, &note).await,
            Self::List { json } => list(operator, json).await,
            Self::Show { slug, json, toml, version } => {
                show(operator, &slug, json, toml, version).await
            }
            Self::Rollback { slug, to } => rollback(operator, &slug, to).await,
            alone => alone.run_alone(),
        }
    }
}

/// Reads files; prints all their mistakes, and gives `None` where there is any.
fn read(files: &[PathBuf]) -> anyhow::Result<Option<Vec<TenantConfig>>> {
    let mut configs = Vec::new();
    let mut mistakes = 0;
    for path in files {
        match text_of(path).map(|text| file::parse(&text)) {
            Ok(Ok(config)) => configs.push(config),
            Ok(Err(problems)) => {
                mistakes += problems.len();
                for problem in problems {
                    let line = problem.line.map(|line| format!("{line}:")).unwrap_or_default();
                    eprintln!("{}:{line} {problem}", path.display());
                }
            }
            Err(error) => {
                mistakes += 1;
                eprintln!("{error:#}");
            }
        }
    }
    if mistakes > 0 {
        eprintln!("誤りが {mistakes} 件あります");
    }
    Ok((mistakes == 0).then_some(configs))
}

fn text_of(path: &Path) -> anyhow::Result<String> {
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    String::from_utf8(bytes).with_context(|| format!("{}: UTF-8ではありません", path.display()))
}

async fn plan(operator: &Operator, files: &[PathBuf]) -> anyhow::Result<Outcome> {
    let Some(configs) = read(files)? else { return Ok(Outcome::Rejected) };
    for config in configs {
        let mut tx = operator.db.platform().await?;
        let current = registry::find(&mut tx, config.slug.as_str()).await?;
        let id = current.as_ref().map(|current| current.id);
        registry::check_hosts(&mut tx, id, &config).await?;
        tx.commit().await?;
        let changes = changes(current.as_ref().map(|current| &current.config), &config);
        match &current {
            None => println!("{}: 新しい組合「{}」を登録します", config.slug, config.name),
            Some(_) if changes.is_empty() => println!("{}: 変更なし", config.slug),
            Some(current) => {
                println!("{}: 版 {} → {}", config.slug, current.version, current.version + 1);
                changes.iter().for_each(|change| println!("  {change}"));
                let People { members, accounts, registered } = people(operator, current).await?;
                println!(
                    "  影響する人: 加入者 {members}人、うちユーザIDのある人 {accounts}人、登録済みの人 {registered}人"
                );
            }
        }
    }
    Ok(Outcome::Done)
}

async fn people(operator: &Operator, union: &Registered) -> anyhow::Result<People> {
    let mut tx = operator.db.tenant(union.id).await?;
    let people = registry::people(&mut tx).await?;
    tx.commit().await?;
    Ok(people)
}

async fn apply(operator: &Operator, files: &[PathBuf], note: &str) -> anyhow::Result<Outcome> {
    let Some(configs) = read(files)? else { return Ok(Outcome::Rejected) };
    let mut tx = operator.db.platform().await?;
    let mut lines = Vec::new();
    for config in &configs {
        let slug = &config.slug;
        match registry::apply(&mut tx, &operator.clock, config, &operator.name, note).await? {
            Applied::Unchanged { version } => {
                lines.push(format!("{slug}: 変更なし（版 {version}）"))
            }
            Applied::Changed { version, changes, .. } if version > 1 => {
                lines.push(format!("{slug}: 版 {version} を適用しました"));
                lines.extend(changes.iter().map(|change| format!("  {change}")));
            }
            Applied::Changed { .. } => {
                lines.push(format!("{slug}: 組合「{}」を登録しました（版 1）", config.name));
            }
        }
    }
    tx.commit().await?;
    lines.iter().for_each(|line| println!("{line}"));
    Ok(Outcome::Done)
}

async fn list(operator: &Operator, json: bool) -> anyhow::Result<Outcome> {
    let mut tx = operator.db.platform().await?;
    let unions = registry::load_all(&mut tx).await?;
    tx.commit().await?;
    let mut entries = Vec::new();
    for union in unions {
        let config = union.config.with_context(|| format!("{}: 設定を読めません", union.slug))?;
        let registered = Registered { id: union.id, version: union.version, config };
        entries.push((people(operator, &registered).await?, registered));
    }
    if json {
        let unions: Vec<_> = entries
            .iter()
            .map(|(people, union)| {
                serde_json::json!({
                    "slug": union.config.slug, "name": union.config.name, "version": union.version,
                    "host": union.config.hosts.canonical, "members": people.members,
                    "accounts": people.accounts, "registered": people.registered,
                })
            })
            .collect();
        println!("{}", serde_json::to_string_pretty(&unions)?);
        return Ok(Outcome::Done);
    }
    println!("{:<14} {:<18} {:>4} {:>8} {:>8}  名称", "組合", "ホスト", "版", "加入者", "登録済み");
    for (people, Registered { version, config, .. }) in entries {
        let (members, registered) = (people.members, people.registered);
        println!(
            "{:<16} {:<21} {version:>5} {members:>10} {registered:>11}  {}",
            config.slug, config.hosts.canonical, config.name
        );
    }
    Ok(Outcome::Done)
}

async fn show(
    operator: &Operator,
    slug: &str,
    json: bool,
    toml: bool,
    version: Option<i32>,
) -> anyhow::Result<Outcome> {
    let mut tx = operator.db.platform().await?;
    let mut union = registry::get(&mut tx, slug).await?;
    if let Some(version) = version {
        union.config = registry::version(&mut tx, slug, union.id, version).await?;
        union.version = version;
    }
    let history = registry::history(&mut tx, union.id).await?;
    tx.commit().await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&union.config)?);
    } else if toml {
        print!("{}", to_toml(&union.config));
    } else {
        println!("{}（{slug}）版 {}\n", union.config.name, union.version);
        println!("{}", to_toml(&union.config));
        println!("履歴");
        for version in history {
            let at = jst(version.created_at).format("%Y-%m-%d %H:%M");
            println!("  版 {:>3}  {at}  {}  {}", version.version, version.created_by, version.note);
        }
    }
    Ok(Outcome::Done)
}

async fn rollback(operator: &Operator, slug: &str, to: Option<i32>) -> anyhow::Result<Outcome> {
    let mut tx = operator.db.platform().await?;
    let (id, newest) = registry::newest(&mut tx, slug).await?;
    let target = to.unwrap_or(newest - 1);
    let config = registry::version(&mut tx, slug, id, target).await?;
    let note = format!("版 {target} に戻す");
    let applied = registry::apply(&mut tx, &operator.clock, &config, &operator.name, &note).await?;
    tx.commit().await?;
    match applied {
        Applied::Unchanged { .. } => println!("{slug}: 変更なし（版 {target} と同じ内容です）"),
        Applied::Changed { version, changes, .. } => {
            println!("{slug}: 版 {target} に戻しました（版 {version}）");
            changes.iter().for_each(|change| println!("  {change}"));
        }
    }
    Ok(Outcome::Done)
}
