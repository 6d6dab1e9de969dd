//! `kosmo terms …` manages versions of the terms of use (F3).

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use chrono::NaiveDate;
use clap::{Args, Subcommand};
use serde_json::json;

use super::import::day;
use super::output::{self, Column};
use super::{CommandStatus, Operator, files};
use crate::base::clock::{jst, midnight};
use crate::base::files::write_new_public;
use crate::base::ids::TenantId;
use crate::base::japanese::shows_nothing;
use crate::portal::places;
use crate::tenant::{registry, terms};
use crate::web::assets::TemplateFiles;
use crate::web::page::Pages;
use crate::web::prose::{self, Block};

/// The part of Markdown that is promised, followed by a command's examples.
macro_rules! format_and {
    ($examples:literal) => {
        concat!(
            "本文の書き方（Markdownの一部）:\n",
            "  # 見出し、## 見出し   大きい見出しから順に使います\n",
            "  空行                  段落の区切り。段落の中の改行は、そのまま改行になります\n",
            "  1. 項目、- 項目       番号のある箇条書き（番号は書いたとおり）と、ない箇条書き\n",
            "  **太字**              太字\n",
            "  [文字](https://…)     リンク（https: と mailto:）。<https://…> とも書けます\n",
            "  > 引用、---           引用、区切り線\n",
            "ほかの記号とHTMLは、書いたとおりの文字で表示します。\n",
            "文字コードはUTF-8（BOMがあってもよい）かCP932、改行はどのシステムのものでも読めます。\n\n",
            $examples
        )
    };
}

const PREVIEW: &str = format_and!(
    "例:\n  kosmo terms preview terms.txt\n  kosmo terms preview terms.txt --html preview.html"
);
const PUBLISH: &str = format_and!(
    "例:\n  kosmo terms publish --tenant klinekenpo --from 2027-04-01 terms.txt\n  kosmo terms publish --platform --from 2027-04-01 terms.txt"
);

#[derive(Debug, Subcommand)]
pub(super) enum TermsCommand {
    /// 公開したときの見え方を確かめます（何も公開しません。データベース不要）
    #[command(after_help = PREVIEW)]
    Preview {
        /// 本文
        file: PathBuf,
        /// 画面での見え方を書き出すHTMLファイル（すでにあるファイルには書きません）
        #[arg(long, value_name = "FILE")]
        html: Option<PathBuf>,
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
    /// 利用規約の新しい版を公開します。施行日から、次のログインの際に同意を求めます
    #[command(after_help = PUBLISH)]
    Publish {
        #[command(flatten)]
        scope: TermsScope,
        /// 施行日（今日以降。例: 2027-04-01）
        #[arg(long, value_parser = day, value_name = "DATE")]
        from: NaiveDate,
        /// 本文
        file: PathBuf,
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
    /// 利用規約の版を新しい順に表示します
    #[command(after_help = "例:\n  kosmo terms list --json")]
    List {
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct TermsScope {
    /// この組合だけの規約（例: klinekenpo。KOSMO_TENANT は使いません）
    #[arg(long, value_name = "SLUG")]
    tenant: Option<String>,
    /// 独自の規約がない、すべての組合の規約
    #[arg(long)]
    platform: bool,
}

impl TermsCommand {
    pub(super) fn needs_database(&self) -> bool {
        !matches!(self, Self::Preview { .. })
    }

    /// Runs the command that needs neither settings nor database.
    pub(super) fn run_alone(&self) -> anyhow::Result<CommandStatus> {
        match self {
            Self::Preview { file, html, json } => preview(file, html.as_deref(), *json),
            _ => Ok(CommandStatus::Done),
        }
    }

    pub(super) async fn run(self, operator: &Operator) -> anyhow::Result<CommandStatus> {
        match self {
            Self::Publish { scope, from, file, json } => {
                publish(operator, &scope, from, &file, json).await
            }
            Self::List { json } => list(operator, json).await,
            alone @ Self::Preview { .. } => alone.run_alone(),
        }
    }
}

/// Reads the text. If something is wrong, prints it and returns `None`.
fn read(file: &Path) -> anyhow::Result<Option<String>> {
    let told = match files::text(file)? {
        Ok(text) if !shows_nothing(&text) => return Ok(Some(text)),
        Ok(_) => "本文がありません".to_owned(),
        Err(told) => told,
    };
    eprintln!("{}: {told}", file.display());
    Ok(None)
}

/// Runs `kosmo terms preview`.
fn preview(file: &Path, target: Option<&Path>, json: bool) -> anyhow::Result<CommandStatus> {
    let Some(text) = read(file)? else { return Ok(CommandStatus::Rejected) };
    let blocks = prose::read(&text);
    if !json {
        print!("{}", prose::plain(&blocks));
        println!("\n{}", summary(&blocks));
    }
    if let Some(target) = target {
        let mut style = String::new();
        for sheet in ["assets/app.css", "assets/pages.css"] {
            let file = TemplateFiles::get(sheet).context(sheet)?;
            style += &String::from_utf8_lossy(&file.data);
        }
        let mut context = tera::Context::new();
        context.insert("file", &file.display().to_string());
        context.insert("style", &style);
        context.insert("html", &prose::html(&blocks));
        let page =
            Pages::load(places::of_service)?.templates().render("preview/terms.html", &context)?;
        write_new_public(target, page.as_bytes()).with_context(|| target.display().to_string())?;
        if !json {
            println!("画面での見え方を {} に書きました", target.display());
        }
    }
    if json {
        let BlockCounts { headings, paragraphs, lists } = BlockCounts::of(&blocks);
        output::json(&json!({
            "file": file.display().to_string(),
            "html": target.map(|target| target.display().to_string()),
            "text": prose::plain(&blocks),
            "headings": headings, "paragraphs": paragraphs, "lists": lists,
        }))?;
    }
    Ok(CommandStatus::Done)
}

/// The number of blocks of each kind in a text.
struct BlockCounts {
    headings: usize,
    paragraphs: usize,
    lists: usize,
}

impl BlockCounts {
    fn of(blocks: &[Block]) -> Self {
        let count = |is: fn(&Block) -> bool| blocks.iter().filter(|block| is(block)).count();
        Self {
            headings: count(|block| matches!(block, Block::Heading { .. })),
            paragraphs: count(|block| matches!(block, Block::Paragraph(_))),
            lists: count(|block| matches!(block, Block::List { .. })),
        }
    }
}

/// Shows the counts, so that the operator notices if a heading was not recognised.
fn summary(blocks: &[Block]) -> String {
    let BlockCounts { headings, paragraphs, lists } = BlockCounts::of(blocks);
    format!(
        "見出し {headings}、段落 {paragraphs}、箇条書き {lists}（■ 見出し、・ 箇条書き、【 】 太字、＜ ＞ リンク先）"
    )
}

/// Runs `kosmo terms publish`.
async fn publish(
    operator: &Operator,
    scope: &TermsScope,
    from: NaiveDate,
    file: &Path,
    json: bool,
) -> anyhow::Result<CommandStatus> {
    let today = operator.clock.today();
    if from < today {
        bail!("--from: {from} は過ぎています。同意した日より前の施行日は付けられません");
    }
    let Some(body) = read(file)? else { return Ok(CommandStatus::Rejected) };
    let effective_at = midnight(from);
    let mut tx = operator.db.platform().await?;
    let tenant: Option<TenantId> = match &scope.tenant {
        Some(slug) => Some(registry::get(&mut tx, slug).await?.id),
        None => None,
    };
    let published =
        terms::publish(&mut tx, &operator.clock, tenant, effective_at, body.trim(), &operator.name)
            .await?;
    if !published {
        bail!("{from} 施行の版はすでにあります。別の施行日にしてください");
    }
    tx.commit().await?;
    if json {
        output::json(&json!({ "tenant": scope.tenant, "from": from }))?;
        return Ok(CommandStatus::Done);
    }
    println!("{from} 施行の利用規約を公開しました");
    println!("{}", summary(&prose::read(&body)));
    Ok(CommandStatus::Done)
}

/// Runs `kosmo terms list`.
async fn list(operator: &Operator, json: bool) -> anyhow::Result<CommandStatus> {
    let mut tx = operator.db.platform().await?;
    let unions = registry::load_all(&mut tx).await?;
    let versions = terms::load_all(&mut tx).await?;
    tx.commit().await?;
    let slug_of = |id| unions.iter().find(|union| union.id == id).map(|union| union.slug.as_str());
    let beginning = |body: &str| {
        let text = prose::plain(&prose::read(body));
        let line =
            text.lines().next().unwrap_or_default().trim_start_matches(['■', ' ']).to_owned();
        line.chars().take(30).collect::<String>()
    };
    if json {
        let versions: Vec<_> = versions
            .iter()
            .map(|version| {
                json!({
                    "from": jst(version.effective_at).date_naive(),
                    "tenant": version.tenant.and_then(slug_of),
                    "begins": beginning(&version.body),
                })
            })
            .collect();
        output::json(&versions)?;
        return Ok(CommandStatus::Done);
    }
    let rows: Vec<_> = versions
        .iter()
        .map(|version| {
            let scope = version.tenant.map_or("（共通）", |id| slug_of(id).unwrap_or("?"));
            let from = jst(version.effective_at).format("%Y-%m-%d").to_string();
            [from, scope.to_owned(), beginning(&version.body)]
        })
        .collect();
    let columns = [Column::Left("施行日"), Column::Left("組合"), Column::Left("本文の始まり")];
    output::table(columns, &rows, "利用規約はありません");
    Ok(CommandStatus::Done)
}
