//! Runs `kosmo expenses import`.

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::{Args, ValueEnum};

use crate::base::files::create_new;
use crate::base::io_words;
use crate::base::month::Month;
use crate::cli::confirm::{self, Answer};
use crate::cli::files::Provisional;
use crate::cli::import::{Hindrance, ImportFile, OpenedFile, Report, cut_short, month};
use crate::cli::{CommandStatus, Operator};
use crate::db::actor::Actor;
use crate::expenses::import::job::MergeExpenses;
use crate::expenses::import::layout::ExpenseColumn;
use crate::expenses::import::{self, ExpensesImport, Format, Imported, Strangers};
use crate::expenses::uke::{self, KeptClaims, Unmatched};
use crate::import::layout::Layout as _;
use crate::import::{Counts, ImportError};
use crate::jobs::consent::{Consent, ConsentOutcome};

#[derive(Debug, Args)]
pub(in crate::cli) struct Import {
    #[command(flatten)]
    file: ImportFile,
    /// ファイルの形式: csv か uke（省略時: csv）
    #[arg(long, value_enum, default_value_t = FileFormat::Csv)]
    format: FileFormat,
    /// UKEの明細を載せる通知月（例: 2026-10）
    #[arg(long, value_parser = month, value_name = "MONTH", required_if_eq("format", "uke"))]
    notice: Option<Month>,
    /// UKEで、加入者が見つからない明細をこのCSVファイルに書き出し、残りを取り込みます
    #[arg(long, value_name = "FILE")]
    unmatched_to: Option<PathBuf>,
    /// 公開済みの通知月が変わるときも、確認せずに実行します
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FileFormat {
    Csv,
    Uke,
}

impl Import {
    pub(super) async fn run(self, operator: &Operator) -> anyhow::Result<CommandStatus> {
        if self.format == FileFormat::Csv && (self.notice.is_some() || self.unmatched_to.is_some())
        {
            bail!("--notice と --unmatched-to は --format uke のときだけ使えます");
        }
        if self.format == FileFormat::Uke && self.file.columns.is_some() {
            bail!("--columns は --format csv のときだけ使えます");
        }
        let Some(opened) = self.file.open(operator, ExpenseColumn::COLUMNS).await? else {
            return Ok(CommandStatus::Rejected);
        };
        let result = match self.take_in(operator, &opened).await {
            Ok(Answer::Yes(report)) => Ok(report),
            Ok(Answer::No(outcome)) => {
                opened.give_up(operator).await?;
                return Ok(outcome);
            }
            Err(error) => Err(error),
        };
        opened.finish(operator, result).await
    }

    async fn take_in(
        &self,
        operator: &Operator,
        opened: &OpenedFile,
    ) -> Result<Answer<Report>, Hindrance> {
        self.stage(operator, opened).await?;
        let kept = match &self.unmatched_to {
            Some(path) => Some(self.keep_unmatched(operator, opened, path).await?),
            None => None,
        };
        let claims = kept.as_ref().map(|(claims, _)| *claims);
        let merged = self.merge(operator, opened, claims).await;
        // The file of unmatched claims is removed again, unless the rest was imported or may still be imported.
        let stays = match &merged {
            Ok(Answer::Yes(_)) => true,
            Ok(Answer::No(_)) => false,
            Err(error) => !error.is_over(),
        };
        if let Some((_, Some(file))) = kept
            && stays
        {
            file.keep();
        }
        let imported = match merged? {
            Answer::Yes(imported) => imported,
            Answer::No(outcome) => return Ok(Answer::No(outcome)),
        };
        let left_out = claims.map_or(0, |claims| claims.count);
        let mut report = self.report(&imported, left_out, opened.run.dry_run);
        if self.format == FileFormat::Csv {
            report.notes.extend(cut_short(&opened.source));
        }
        Ok(Answer::Yes(report))
    }

    async fn stage(&self, operator: &Operator, opened: &OpenedFile) -> Result<(), ImportError> {
        let format = match self.notice {
            Some(notice) => Format::Uke { notice },
            None => Format::Csv(&opened.mapping),
        };
        let import = ExpensesImport { run: &opened.run, clock: &operator.clock, format };
        let mut progress = |bytes| opened.bar.set_position(bytes);
        let actor = Actor::operator(&operator.name);
        import.stage(&operator.db, opened.union.id, &actor, &opened.source, &mut progress).await
    }

    /// Writes the claims that match no member to a file, and syncs it to the disk before the rest is imported. A dry
    /// run only counts them.
    async fn keep_unmatched(
        &self,
        operator: &Operator,
        opened: &OpenedFile,
        path: &Path,
    ) -> Result<(KeptClaims, Option<Provisional>), Hindrance> {
        let mut tx = operator.begin(opened.union.id).await?;
        let claims = import::unmatched(&mut tx, &opened.run).await?;
        drop(tx);
        let written = !opened.run.dry_run && !claims.is_empty();
        if written {
            write(path, &claims).map_err(ImportError::File)?;
        }
        Ok((KeptClaims::of(&claims), written.then(|| Provisional::at(path))))
    }

    async fn merge(
        &self,
        operator: &Operator,
        opened: &OpenedFile,
        kept: Option<KeptClaims>,
    ) -> Result<Answer<Imported>, Hindrance> {
        let strangers = kept.map_or(Strangers::Refused, Strangers::LeftOut);
        let touches = |imported: &Imported| {
            opened.bar.finish_and_clear();
            seen(imported)
        };
        let run = async |consent: Consent<Imported>| {
            let job = MergeExpenses { run: opened.run.clone(), strangers, consent };
            let attempt: ConsentOutcome<Imported> = opened.merge(operator, &job).await??;
            Ok(attempt)
        };
        confirm::agreed(self.yes, touches, run).await
    }

    fn report(&self, imported: &Imported, left_out: usize, dry_run: bool) -> Report {
        let mut notes = Vec::new();
        match &self.unmatched_to {
            Some(path) if left_out > 0 && !dry_run => {
                notes.push(format!("加入者が見つからない {left_out}件 → {}", path.display()));
            }
            Some(_) if left_out > 0 => notes.push(format!("加入者が見つからない {left_out}件")),
            _ => {}
        }
        if imported.left > 0 {
            let left = imported.left;
            notes.push(format!(
                "取り込み済みのファイルです。訂正・取消のあった {left}件は台帳のままです（改めて訂正・取消するときは、別の内容のファイルにしてください）"
            ));
        }
        let months = |months: &[Month], told: &str| {
            let told = |month: &Month| format!("{}の通知{told}", month.japanese());
            months.iter().map(told).collect::<Vec<_>>()
        };
        notes.extend(months(&imported.published, "は公開済みです。変更はすぐに加入者に見えます"));
        notes.extend(months(
            &imported.unpublished,
            "は未公開です（kosmo expenses publish で公開します）",
        ));
        let sums = vec![
            ("医療費総額", "total_yen", imported.sums.total),
            ("自己負担額", "out_of_pocket_yen", imported.sums.out_of_pocket),
        ];
        Report { counts: imported.counts, sums, notes }
    }
}

/// Returns the changes that people would see at once. The operator has to agree to them.
fn seen(imported: &Imported) -> Vec<String> {
    let months: Vec<String> = imported.published.iter().map(|month| month.japanese()).collect();
    let Counts { added, changed, .. } = imported.counts;
    vec![
        format!("公開済みの通知が変わります: {}", months.join("、")),
        format!("  ファイル全体で 新規 {added}件、変更 {changed}件。変更はすぐに加入者に見えます"),
    ]
}

/// Writes claims to a new file, and syncs it to the disk.
fn write(path: &Path, claims: &[Unmatched]) -> std::io::Result<()> {
    let named = |error: std::io::Error| {
        std::io::Error::new(
            error.kind(),
            format!("{}: {}", path.display(), io_words::words(&error)),
        )
    };
    let mut file = create_new(path).map_err(named)?;
    let written = uke::write_unmatched(&mut file, claims).and_then(|()| file.sync_all());
    if written.is_err() {
        let _ = std::fs::remove_file(path);
    }
    written.map_err(named)
}
