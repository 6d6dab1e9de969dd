//! `kosmo members unlock` and `kosmo letters issue`: what an operator does for people who can't
//! come in (L2, T9).

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use chrono::TimeDelta;
use clap::Subcommand;

use super::{Operator, Outcome};
use crate::auth::account;
use crate::auth::hashing::Hasher;
use crate::auth::letters::{self, Letter, Whom};
use crate::auth::user_id::UserId;
use crate::base::clock::jst;
use crate::config::Settings;
use crate::tenant::registry;

#[derive(Debug, Subcommand)]
pub(super) enum LettersCommand {
    /// 仮ユーザIDと仮パスワードを発行し、印刷用のCSVファイルを作ります。以前のものは使えなくなります
    Issue {
        /// 組合（例: klinekenpo）
        #[arg(long)]
        tenant: String,
        /// 作るCSVファイル（すでにあるファイルには書きません）
        #[arg(long)]
        out: PathBuf,
        /// 個人コード。くり返し指定できます（省略時: アカウントのない本人すべて）
        #[arg(long = "member", value_name = "CODE")]
        members: Vec<String>,
    },
}

impl LettersCommand {
    pub(super) async fn run(
        self,
        settings: &Settings,
        operator: &Operator,
    ) -> anyhow::Result<Outcome> {
        let Self::Issue { tenant, out, members } = self;
        let mut tx = operator.db.platform().await?;
        let union = registry::get(&mut tx, &tenant).await?;
        tx.commit().await?;
        let Some(rule) = &union.config.first_sign_in.letter else {
            bail!("{tenant} の設定に first_sign_in.letter がありません");
        };
        let mut file = create_private(&out)?;
        let hasher = Hasher::new(&settings.hashing);
        let whom = if members.is_empty() { Whom::Newcomers } else { Whom::Members(&members) };
        let issued = async {
            let mut tx = operator.db.tenant(union.id).await?;
            let letters =
                letters::issue(&mut tx, &operator.clock, &hasher, whom, &operator.name).await?;
            let until = rule.expires_after_days.map(|days| {
                let until = operator.clock.now() + TimeDelta::days(days.into());
                jst(until).format("%Y-%m-%d").to_string()
            });
            file.write_all(&csv_of(&letters, until.as_deref().unwrap_or_default())?)?;
            file.sync_all()?;
            tx.commit().await?;
            anyhow::Ok(letters.len())
        };
        match issued.await {
            Ok(count) => {
                println!("{count}人分を {} に書きました", out.display());
                Ok(Outcome::Done)
            }
            Err(error) => {
                let _ = std::fs::remove_file(&out);
                Err(error)
            }
        }
    }
}

/// Passwords stand in it: for its owner's eyes.
fn create_private(path: &Path) -> anyhow::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true).mode(0o600);
    options.open(path).with_context(|| path.display().to_string())
}

fn csv_of(letters: &[Letter], until: &str) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["個人コード", "氏名", "仮ユーザID", "仮パスワード", "有効期限"])?;
    for letter in letters {
        writer.write_record(letter.fields().into_iter().chain([until]))?;
    }
    Ok(writer.into_inner()?)
}

/// `kosmo members unlock`
pub(super) async fn unlock(
    operator: &Operator,
    tenant: &str,
    user_id: &str,
) -> anyhow::Result<Outcome> {
    let user_id = UserId::parse(user_id).map_err(anyhow::Error::msg)?;
    let mut tx = operator.db.platform().await?;
    let union = registry::get(&mut tx, tenant).await?;
    tx.commit().await?;
    let mut tx = operator.db.tenant(union.id).await?;
    let unlocked = account::unlock(&mut tx, &operator.clock, &user_id, &operator.name).await?;
    tx.commit().await?;
    match unlocked {
        Some(true) => println!("ロックを解除しました"),
        Some(false) => println!("ロックされていません。何も変えていません"),
        None => bail!("{tenant} にユーザID「{}」の人はいません", user_id.as_str()),
    }
    Ok(Outcome::Done)
}
