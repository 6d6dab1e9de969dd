//! The parts that all importing commands share, and `kosmo members import` (O2).

use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::Context as _;
use chrono::NaiveDate;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::files;
use super::watch::{self, WatchError};
use super::{CommandStatus, Operator, UnionArg};
use crate::auth::credentials::hashing::PasswordHasher;
use crate::base::ids::BatchId;
use crate::base::japanese::parse_date;
use crate::base::money::Yen;
use crate::base::month::Month;
use crate::config::Settings;
use crate::db::actor::Actor;
use crate::import::layout::{FileColumn, Layout as _};
use crate::import::mapping::Mapping;
use crate::import::source::{Encoding, Source};
use crate::import::{Counts, FileRejection, ImportError, ImportRun, RowErrors, staged};
use crate::jobs::kind::Job;
use crate::members::import::MembersImport;
use crate::members::import::job::MergeMembers;
use crate::members::layout::MemberColumn;
use crate::tenant::registry::RegisteredUnion;

#[derive(Debug, Args)]
pub(super) struct MembersFile {
    #[command(flatten)]
    file: ImportFile,
    /// ファイルの内容がいつの時点のものか（記号・番号の変更日になります。省略時: 今日）
    #[arg(long, value_parser = day, value_name = "DATE")]
    as_of: Option<NaiveDate>,
    /// 読み取れないメールアドレスを除いて取り込みます（どの行かを表示します）
    #[arg(long)]
    skip_bad_addresses: bool,
}

#[derive(Debug, Args)]
pub(super) struct ImportFile {
    #[command(flatten)]
    union: UnionArg,
    /// 取り込むファイル
    file: PathBuf,
    /// 検査だけを行い、何も変えません
    #[arg(long)]
    dry_run: bool,
    /// 見出しが違うファイルのための、列の対応表（TOML）
    #[arg(long, value_name = "FILE")]
    pub(super) columns: Option<PathBuf>,
    /// 結果をJSONで出力します
    #[arg(long)]
    json: bool,
}

pub(super) fn day(text: &str) -> Result<NaiveDate, String> {
    parse_date(text).ok_or_else(|| "日付ではありません（例: 2026-03-31）".to_owned())
}

pub(super) fn month(text: &str) -> Result<Month, String> {
    Month::parse(text).ok_or_else(|| "年月ではありません（例: 2026-10）".to_owned())
}

impl MembersFile {
    pub(super) async fn import(
        self,
        settings: &Settings,
        operator: &Operator,
    ) -> anyhow::Result<CommandStatus> {
        let Self { file, as_of, skip_bad_addresses } = self;
        let Some(opened) = file.open(operator, MemberColumn::COLUMNS).await? else {
            return Ok(CommandStatus::Rejected);
        };
        let hasher = PasswordHasher::new(&settings.hashing);
        let import = MembersImport {
            run: &opened.run,
            clock: &operator.clock,
            policy: &opened.union.config,
            hasher: &hasher,
            mapping: &opened.mapping,
            as_of: as_of.unwrap_or_else(|| operator.clock.today()),
            skips_bad_addresses: skip_bad_addresses,
        };
        let result = async {
            let (union, actor) = (opened.union.id, Actor::operator(&operator.name));
            let mut progress = |bytes| opened.bar.set_position(bytes);
            let bad_addresses =
                import.stage(&operator.db, union, &actor, &opened.source, &mut progress).await?;
            let job = MergeMembers { run: opened.run.clone() };
            let counts = opened.merge(operator, &job).await??;
            let mut notes = left_out(&bad_addresses);
            notes.extend(cut_short(&opened.source));
            Ok(Report { counts, sums: Vec::new(), notes })
        };
        let result = result.await;
        opened.finish(operator, result).await
    }
}

/// Returns notes about the rows whose people were imported without their address.
fn left_out(bad_addresses: &RowErrors) -> Vec<String> {
    let told = bad_addresses.told.iter().map(|error| format!("除きました: {error}"));
    let more = (bad_addresses.untold > 0)
        .then(|| format!("除きました: ほかに {} 件", bad_addresses.untold));
    told.chain(more).collect()
}

/// Returns a warning if the last line of a CSV file has no end, because the file may have been cut off there.
pub(super) fn cut_short(source: &Source) -> Option<String> {
    let told = "最後の行に改行がありません。途中で切れていないか、件数と金額を確かめてください";
    (!source.ends_in_line()).then(|| told.to_owned())
}

/// A file that is about to be imported.
pub(super) struct OpenedFile {
    pub(super) union: RegisteredUnion,
    pub(super) run: ImportRun,
    pub(super) mapping: Mapping,
    pub(super) source: Source,
    pub(super) bar: ProgressBar,
    json: bool,
}

impl ImportFile {
    /// Opens the file. Returns `None` if the file or its mapping can't be used; then the reason was printed.
    pub(super) async fn open(
        &self,
        operator: &Operator,
        columns: &[FileColumn],
    ) -> anyhow::Result<Option<OpenedFile>> {
        let union = operator.find(&self.union).await?;
        let mapping = match &self.columns {
            None => Mapping::default(),
            Some(path) => {
                let text = files::text(path)?.map_err(ImportError::Heading);
                match text.and_then(|text| Mapping::parse(&text, columns)) {
                    Ok(mapping) => mapping,
                    Err(error) => {
                        reject_whole(&path.display().to_string(), self.json, &error);
                        return Ok(None);
                    }
                }
            }
        };
        let source = match Source::open(&self.file) {
            Ok(source) => source,
            Err(error) if error.kind() == ErrorKind::InvalidData => {
                reject_whole(&self.file.display().to_string(), self.json, &error.into());
                return Ok(None);
            }
            Err(error) => return Err(error).context(self.file.display().to_string()),
        };
        let bar = ProgressBar::new(source.bytes);
        bar.set_style(ProgressStyle::with_template(
            "{bar:40} {percent:>3}% {bytes}/{total_bytes} 残り {eta}",
        )?);
        let run = ImportRun {
            batch: BatchId::new(&operator.clock),
            by: operator.name.clone(),
            dry_run: self.dry_run,
        };
        Ok(Some(OpenedFile { union, run, mapping, source, bar, json: self.json }))
    }
}

/// The result of an import, as it is printed.
pub(super) struct Report {
    pub(super) counts: Counts,
    /// Each sum has a label, a name in JSON, and an amount.
    pub(super) sums: Vec<(&'static str, &'static str, Yen)>,
    pub(super) notes: Vec<String>,
}

/// The reason why a file was not imported.
#[derive(Debug, thiserror::Error)]
pub(super) enum Hindrance {
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error(transparent)]
    Watch(#[from] WatchError),
    #[error(transparent)]
    Terminal(#[from] std::io::Error),
}

impl From<FileRejection> for Hindrance {
    fn from(rejection: FileRejection) -> Self {
        Self::Import(rejection.into())
    }
}

impl From<sqlx::Error> for Hindrance {
    fn from(error: sqlx::Error) -> Self {
        Self::Import(error.into())
    }
}

impl Hindrance {
    /// Returns true if nothing was imported, and nothing will be.
    pub(super) const fn is_over(&self) -> bool {
        match self {
            Self::Watch(error) => error.is_over(),
            Self::Import(_) | Self::Terminal(_) => true,
        }
    }
}

impl OpenedFile {
    /// Lets the worker merge the rows that were read.
    pub(super) async fn merge<J: Job>(
        &self,
        operator: &Operator,
        job: &J,
    ) -> Result<J::Output, WatchError> {
        watch::spin(&self.bar, "台帳に反映しています…");
        watch::run(operator, self.union.id, job, &self.bar).await
    }

    /// Prints the result, and deletes the rows that were read if nothing can merge them any more.
    pub(super) async fn finish(
        self,
        operator: &Operator,
        result: Result<Report, Hindrance>,
    ) -> anyhow::Result<CommandStatus> {
        self.bar.finish_and_clear();
        match result {
            Ok(report) => {
                if self.run.dry_run {
                    self.give_up(operator).await?;
                }
                self.tell(&report);
                Ok(CommandStatus::Done)
            }
            Err(hindrance) => {
                if hindrance.is_over() {
                    // If the database is gone, this fails, too. The first error is the one to report, and the worker
                    // sweeps the rows later.
                    let _ = self.give_up(operator).await;
                }
                self.tell_hindrance(hindrance)
            }
        }
    }

    /// Deletes the rows that were read.
    pub(super) async fn give_up(&self, operator: &Operator) -> Result<(), sqlx::Error> {
        let mut tx = operator.begin(self.union.id).await?;
        staged::forget(&mut tx, self.run.batch).await?;
        tx.commit().await
    }

    fn tell_hindrance(&self, hindrance: Hindrance) -> anyhow::Result<CommandStatus> {
        match hindrance {
            Hindrance::Import(ImportError::Rows(errors)) => {
                reject(&self.source.name, self.json, &errors);
                Ok(CommandStatus::Rejected)
            }
            Hindrance::Import(error @ (ImportError::Heading(_) | ImportError::File(_))) => {
                reject_whole(&self.source.name, self.json, &error);
                Ok(CommandStatus::Rejected)
            }
            Hindrance::Import(error) => Err(error.into()),
            Hindrance::Watch(error) => Err(error.into()),
            Hindrance::Terminal(error) => Err(error.into()),
        }
    }

    fn tell(&self, Report { counts, sums, notes, .. }: &Report) {
        let Counts { added, changed, unchanged } = counts;
        let (source, dry_run) = (&self.source, self.run.dry_run);
        if self.json {
            let mut result = serde_json::json!({
                "file": source.name, "dry_run": dry_run, "notes": notes, "rows": counts.rows(),
                "added": added, "changed": changed, "unchanged": unchanged,
            });
            for (_, key, yen) in sums {
                result[*key] = yen.0.into();
            }
            println!("{result}");
            return;
        }
        let encoding = match source.encoding {
            Encoding::Utf8 => "UTF-8",
            Encoding::Cp932 => "CP932",
        };
        let verb = if dry_run {
            "検査しました（何も変えていません）"
        } else {
            "取り込みました"
        };
        println!("{}（{encoding}）を{verb}", source.name);
        println!(
            "  {}件（新規 {added}件、変更 {changed}件、変更なし {unchanged}件）",
            counts.rows()
        );
        for (label, _, yen) in sums {
            println!("  {label} {yen}");
        }
        for note in notes {
            println!("  {note}");
        }
    }
}

/// Reports a file that can't be imported, for a reason that does not belong to a single row.
fn reject_whole(file: &str, json: bool, error: &ImportError) {
    if json {
        let told = serde_json::json!([{ "message": error.to_string() }]);
        println!("{}", serde_json::json!({ "file": file, "errors": told, "untold": 0 }));
        return;
    }
    eprintln!("{file}: {error}");
    eprintln!("何も取り込んでいません");
}

fn reject(file: &str, json: bool, errors: &RowErrors) {
    if json {
        let told: Vec<_> = errors
            .told
            .iter()
            .map(|error| {
                serde_json::json!({
                    "row": error.row, "column": error.column, "message": error.message,
                })
            })
            .collect();
        println!(
            "{}",
            serde_json::json!({ "file": file, "errors": told, "untold": errors.untold })
        );
        return;
    }
    for error in &errors.told {
        eprintln!("{file}: {error}");
    }
    if errors.untold > 0 {
        eprintln!("{file}: ほかに {} 件", errors.untold);
    }
    let count = errors.told.len() as u64 + errors.untold;
    eprintln!("誤りが {count} 件あります。何も取り込んでいません");
}
