//! `kosmo members …` imports people, looks them up, and helps them to sign in.

use anyhow::bail;
use clap::{Args, Subcommand, ValueEnum};

use super::confirm::{Answer, confirmed};
use super::import::MembersFile;
use super::output::{self, Column};
use super::{CommandStatus, Operator, UnionArg};
use crate::auth::context::Context;
use crate::auth::credentials::login;
use crate::auth::credentials::user_id::UserId;
use crate::auth::factor::reset::{TakenAway, reset};
use crate::base::japanese::{day, minute};
use crate::config::Settings;
use crate::members::roster::{self, Listed, RosterFilter, Shown, Standing};

#[derive(Debug, Subcommand)]
pub(super) enum MembersCommand {
    /// 加入者のCSVファイルを取り込みます（UTF-8またはCP932）
    #[command(
        after_help = "例:\n  kosmo members import --tenant klinekenpo members.csv --dry-run\n  kosmo members import --tenant klinekenpo members.csv --as-of 2026-10-01"
    )]
    Import(MembersFile),
    /// 加入者を、ユーザIDと登録の状況とともに表示します（氏名は表示しません）
    #[command(
        after_help = "例:\n  kosmo members list --tenant klinekenpo --locked\n  kosmo members list --tenant klinekenpo --standing letter --limit 1000 --json"
    )]
    List {
        #[command(flatten)]
        union: UnionArg,
        #[command(flatten)]
        which: MemberFilter,
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
    /// 1人の登録の状況を、氏名とともに表示します（表示したことは監査記録に残ります）
    #[command(
        after_help = "例:\n  kosmo members show --tenant klinekenpo K000101\n  kosmo members show --tenant klinekenpo taro_demo --json"
    )]
    Show {
        #[command(flatten)]
        union: UnionArg,
        /// 個人コードまたはユーザID
        person: String,
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
    /// ロックされた人がもう一度ログインできるようにします
    #[command(after_help = "例:\n  kosmo members unlock --tenant klinekenpo taro_demo")]
    Unlock {
        #[command(flatten)]
        union: UnionArg,
        /// ユーザID
        user_id: String,
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
    /// 端末をすべて失った人の認証アプリ・パスキー・リカバリーコードを消します。次回ログイン時に登録し直します
    #[command(after_help = "例:\n  kosmo members reset-factors --tenant klinekenpo taro_demo")]
    ResetFactors {
        #[command(flatten)]
        union: UnionArg,
        /// ユーザID
        user_id: String,
        /// 確認せずに実行します
        #[arg(long)]
        yes: bool,
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(super) struct MemberFilter {
    /// ロックされた人だけ
    #[arg(long)]
    locked: bool,
    /// この状況の人だけ: registered 登録済み、letter 仮パスワードの通知、migrated 計算式のパスワード、none ユーザIDなし
    #[arg(long, value_enum)]
    standing: Option<StandingName>,
    /// 表示する人数
    #[arg(long, default_value_t = 50, value_name = "COUNT", value_parser = count)]
    limit: u16,
    /// この個人コードより後ろの人だけ
    #[arg(long, value_name = "CODE")]
    after: Option<String>,
}

fn count(text: &str) -> Result<u16, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| "1〜65535の整数ではありません".to_owned())
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum StandingName {
    Registered,
    Letter,
    Migrated,
    None,
}

impl From<StandingName> for Standing {
    fn from(name: StandingName) -> Self {
        match name {
            StandingName::Registered => Self::Registered,
            StandingName::Letter => Self::Letter,
            StandingName::Migrated => Self::Migrated,
            StandingName::None => Self::None,
        }
    }
}

const fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::None => "ユーザIDなし",
        Standing::Letter => "登録前（仮パスワードの通知）",
        Standing::Migrated => "登録前（計算式のパスワード）",
        Standing::Registered => "登録済み",
    }
}

fn relation(name: &str) -> &str {
    match name {
        "insured" => "本人",
        "spouse" => "配偶者",
        "child" => "子",
        "parent" => "父母",
        "other" => "その他",
        other => other,
    }
}

impl MembersCommand {
    pub(super) async fn run(
        self,
        settings: &Settings,
        operator: &Operator,
    ) -> anyhow::Result<CommandStatus> {
        match self {
            Self::Import(file) => file.import(settings, operator).await,
            Self::List { union, which, json } => list(operator, &union, &which, json).await,
            Self::Show { union, person, json } => show(operator, &union, &person, json).await,
            Self::Unlock { union, user_id, json } => unlock(operator, &union, &user_id, json).await,
            Self::ResetFactors { union, user_id, yes, json } => {
                reset_factors(settings, operator, &union, &user_id, yes, json).await
            }
        }
    }
}

async fn list(
    operator: &Operator,
    union: &UnionArg,
    which: &MemberFilter,
    json: bool,
) -> anyhow::Result<CommandStatus> {
    let found = operator.find(union).await?;
    let filter = RosterFilter {
        locked: which.locked,
        standing: which.standing.map(Into::into),
        after: which.after.as_deref(),
    };
    let most = usize::from(which.limit);
    let mut tx = operator.begin(found.id).await?;
    // One member more than the limit shows if there is a next page.
    let mut members = roster::list(&mut tx, filter, i64::from(which.limit) + 1).await?;
    tx.commit().await?;
    let more = members.len() > most;
    members.truncate(most);
    if json {
        let next = members.last().filter(|_| more).map(|member| member.code.as_str());
        output::json(&serde_json::json!({ "members": members, "next_after": next }))?;
        return Ok(CommandStatus::Done);
    }
    let rows: Vec<_> = members
        .iter()
        .map(|Listed { code, user_id, standing, locked_at, lost_on }| {
            [
                code.clone(),
                user_id.clone().unwrap_or_default(),
                word(*standing).to_owned(),
                locked_at.map(minute).unwrap_or_default(),
                lost_on.map(day).unwrap_or_default(),
            ]
        })
        .collect();
    let columns = [
        Column::Left("個人コード"),
        Column::Left("ユーザID"),
        Column::Left("登録"),
        Column::Left("ロックされた日時"),
        Column::Left("資格喪失日"),
    ];
    output::table(columns, &rows, "当てはまる人はいません");
    if let Some(last) = members.last().filter(|_| more) {
        println!("続きがあります。--after {} を付けると表示します", last.code);
    }
    Ok(CommandStatus::Done)
}

async fn show(
    operator: &Operator,
    union: &UnionArg,
    person: &str,
    json: bool,
) -> anyhow::Result<CommandStatus> {
    let found = operator.find(union).await?;
    let mut tx = operator.begin(found.id).await?;
    let shown = roster::show(&mut tx, &operator.clock, person).await?;
    tx.commit().await?;
    let Some(shown) = shown else {
        bail!("{} に個人コードまたはユーザIDが「{person}」の人はいません", union.tenant);
    };
    if json {
        output::json(&shown)?;
        return Ok(CommandStatus::Done);
    }
    let at = |at: Option<_>| at.map_or_else(|| "なし".to_owned(), minute);
    let Shown { apps, passkeys, recovery_codes, .. } = shown;
    let address = match (shown.has_address, shown.address_failed) {
        (_, true) => "届かなかったことがあります",
        (true, false) => "確認済み",
        (false, false) => "なし",
    };
    let rows = [
        ["個人コード".to_owned(), shown.code],
        ["世帯コード".to_owned(), shown.household_code],
        ["氏名".to_owned(), format!("{}（{}）", shown.name, shown.kana)],
        ["続柄".to_owned(), relation(&shown.relation).to_owned()],
        ["資格取得日".to_owned(), day(shown.acquired_on)],
        ["資格喪失日".to_owned(), shown.lost_on.map_or_else(|| "なし".to_owned(), day)],
        ["ユーザID".to_owned(), shown.user_id.unwrap_or_else(|| "なし".to_owned())],
        ["登録".to_owned(), word(shown.standing).to_owned()],
        ["登録日時".to_owned(), at(shown.registered_at)],
        ["ロック".to_owned(), at(shown.locked_at)],
        ["利用の終了".to_owned(), at(shown.closed_at)],
        ["最後の利用".to_owned(), at(shown.last_seen_at)],
        ["認証方法".to_owned(), shown.second_factor.map_or("なし", |one| one.label()).to_owned()],
        [
            "登録した端末".to_owned(),
            format!("アプリ {apps}件、パスキー {passkeys}件、リカバリーコード {recovery_codes}件"),
        ],
        ["メールアドレス".to_owned(), address.to_owned()],
    ];
    output::table([Column::Left("項目"), Column::Left("内容")], &rows, "");
    Ok(CommandStatus::Done)
}

async fn unlock(
    operator: &Operator,
    union: &UnionArg,
    user_id: &str,
    json: bool,
) -> anyhow::Result<CommandStatus> {
    let user_id = UserId::parse(user_id).map_err(anyhow::Error::msg)?;
    let found = operator.find(union).await?;
    let mut tx = operator.begin(found.id).await?;
    let unlocked = login::unlock(&mut tx, &operator.clock, &user_id).await?;
    tx.commit().await?;
    match unlocked {
        Some(unlocked) if json => output::json(&serde_json::json!({ "unlocked": unlocked }))?,
        Some(true) => println!("ロックを解除しました"),
        Some(false) => println!("ロックされていません。何も変えていません"),
        None => bail!("{} にユーザID「{}」の人はいません", union.tenant, user_id.as_str()),
    }
    Ok(CommandStatus::Done)
}

/// Runs `kosmo members reset-factors` (R4).
async fn reset_factors(
    settings: &Settings,
    operator: &Operator,
    union: &UnionArg,
    user_id: &str,
    yes: bool,
    json: bool,
) -> anyhow::Result<CommandStatus> {
    let user_id = UserId::parse(user_id).map_err(anyhow::Error::msg)?;
    let (tenant, mail) = operator.union(settings, &union.tenant).await?;
    let cx = Context { clock: &operator.clock, mail: &mail, tenant: &tenant };
    let touches = |taken: &TakenAway| {
        let TakenAway { apps, passkeys, recovery_codes, sessions } = taken;
        vec![
            format!("{}（{}）", user_id.as_str(), union.tenant),
            format!(
                "  認証アプリ {apps}件、パスキー {passkeys}件、リカバリーコード {recovery_codes}件を消し、{sessions}台の端末からログアウトします"
            ),
        ]
    };
    let work = async || {
        let mut tx = operator.begin(tenant.id).await?;
        let Some(account) = login::id_of(&mut tx, &user_id).await? else {
            bail!("{} にユーザID「{}」の人はいません", union.tenant, user_id.as_str());
        };
        Ok((reset(&mut tx, cx, account, &operator.name).await?, tx))
    };
    let (taken, tx) = match confirmed(yes, touches, work).await? {
        Answer::Yes(done) => done,
        Answer::No(outcome) => return Ok(outcome),
    };
    tx.commit().await?;
    match json {
        true => output::json(&taken)?,
        false => println!(
            "認証アプリ・パスキー・リカバリーコードを削除し、すべての端末からログアウトしました"
        ),
    }
    Ok(CommandStatus::Done)
}
