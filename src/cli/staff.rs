//! `kosmo staff …` invites a union's staff, lists them, and suspends them (A1, O5).

use anyhow::{anyhow, bail};
use chrono::NaiveDate;
use clap::{Subcommand, ValueEnum};

use super::confirm::{Answer, confirmed};
use super::output::{self, Column};
use super::{CommandStatus, Operator, UnionArg};
use crate::auth::context::Context;
use crate::auth::staff::invitation::{self, Invitee};
use crate::auth::staff::right::{ExtraRight, Rights, StaffRole, words};
use crate::auth::staff::roster::{self, ListedStaff, OfficeState};
use crate::auth::staff::suspension::{ADMINS_WANTED, Suspension, suspend};
use crate::base::email::EmailAddress;
use crate::base::japanese::{day, minute, shows_nothing};
use crate::config::Settings;

#[derive(Debug, Subcommand)]
pub(super) enum StaffCommand {
    /// 職員を管理画面に招待します。本人がメールのリンクから利用を始めます
    #[command(
        after_help = "例:\n  kosmo staff invite --tenant klinekenpo --name '管理 花子' hanako@klinekenpo.example.jp\n  kosmo staff invite --tenant klinekenpo --name '閲覧 次郎' --role viewer --right medical jiro@klinekenpo.example.jp"
    )]
    Invite {
        #[command(flatten)]
        union: UnionArg,
        /// 招待する人のメールアドレス
        email: String,
        /// 氏名
        #[arg(long)]
        name: String,
        /// 役割: viewer 閲覧、editor 編集、admin 管理者、auditor 監査。くり返し指定できます
        #[arg(long = "role", value_enum, default_value = "admin")]
        roles: Vec<RoleName>,
        /// 追加の権限: medical 医療情報閲覧、print 印刷、import 取込、approve 承認。くり返し指定できます
        #[arg(long = "right", value_enum)]
        rights: Vec<RightName>,
        /// 在任の最後の日（その翌日から使えません）
        #[arg(long, value_name = "DATE")]
        leaves_on: Option<NaiveDate>,
        /// この組合の加入者であるときの個人コード。ご自身やご家族の情報は操作できなくなります
        #[arg(long, value_name = "CODE")]
        member: Option<String>,
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
    /// 職員を、役割と状態とともに表示します
    #[command(after_help = "例:\n  kosmo staff list --tenant klinekenpo")]
    List {
        #[command(flatten)]
        union: UnionArg,
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
    /// 招待のメールを送り直します。前のリンクは使えなくなります
    #[command(
        after_help = "例:\n  kosmo staff resend --tenant klinekenpo hanako@klinekenpo.example.jp"
    )]
    Resend {
        #[command(flatten)]
        union: UnionArg,
        /// 招待した人のメールアドレス
        email: String,
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
    /// 職員を停止します。すべての端末からすぐにログアウトします
    #[command(
        after_help = "例:\n  kosmo staff suspend --tenant klinekenpo hanako@klinekenpo.example.jp"
    )]
    Suspend {
        #[command(flatten)]
        union: UnionArg,
        /// 停止する人のメールアドレス
        email: String,
        /// 確認せずに実行します
        #[arg(long)]
        yes: bool,
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum RoleName {
    Viewer,
    Editor,
    Admin,
    Auditor,
}

impl From<RoleName> for StaffRole {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Viewer => Self::Viewer,
            RoleName::Editor => Self::Editor,
            RoleName::Admin => Self::Admin,
            RoleName::Auditor => Self::Auditor,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum RightName {
    Medical,
    Print,
    Import,
    Approve,
}

impl From<RightName> for ExtraRight {
    fn from(name: RightName) -> Self {
        match name {
            RightName::Medical => Self::Medical,
            RightName::Print => Self::Print,
            RightName::Import => Self::Import,
            RightName::Approve => Self::Approve,
        }
    }
}

impl StaffCommand {
    pub(super) async fn run(
        self,
        settings: &Settings,
        operator: &Operator,
    ) -> anyhow::Result<CommandStatus> {
        match self {
            Self::Invite { union, email, name, roles, rights, leaves_on, member, json } => {
                let (email, name) = (address(&email)?, full_name(&name)?);
                let roles = roles.into_iter().map(Into::into).collect();
                let rights = Rights::new(roles, rights.into_iter().map(Into::into).collect())
                    .ok_or_else(|| {
                        anyhow!("監査（auditor）は、他の役割や権限と一緒に持てません")
                    })?;
                if leaves_on.is_some_and(|day| day < operator.clock.today()) {
                    bail!("--leaves-on は今日より前の日です");
                }
                let invitee = Invitee {
                    name: &name,
                    email: &email,
                    rights: &rights,
                    leaves_on,
                    member: member.as_deref(),
                    invited_by: None,
                };
                invite(settings, operator, &union, &invitee, json).await
            }
            Self::List { union, json } => list(operator, &union, json).await,
            Self::Resend { union, email, json } => {
                resend(settings, operator, &union, &address(&email)?, json).await
            }
            Self::Suspend { union, email, yes, json } => {
                suspended(operator, &union, &address(&email)?, yes, json).await
            }
        }
    }
}

fn address(text: &str) -> anyhow::Result<EmailAddress> {
    EmailAddress::parse(text).ok_or_else(|| anyhow!("「{text}」はメールアドレスではありません"))
}

fn full_name(text: &str) -> anyhow::Result<String> {
    let name = text.trim();
    if shows_nothing(name) || name.chars().any(char::is_control) || name.chars().count() > 100 {
        bail!("--name に氏名を書いてください（100文字まで）");
    }
    Ok(name.to_owned())
}

async fn invite(
    settings: &Settings,
    operator: &Operator,
    union: &UnionArg,
    invitee: &Invitee<'_>,
    json: bool,
) -> anyhow::Result<CommandStatus> {
    let (tenant, mail) = operator.union(settings, &union.tenant).await?;
    let cx = Context { clock: &operator.clock, mail: &mail, tenant: &tenant };
    let mut tx = operator.begin(tenant.id).await?;
    let login = invitation::invite(&mut tx, cx, invitee).await?;
    tx.commit().await?;
    told_of_mail(operator, invitee.email, Some(login.to_string()), json)
}

async fn resend(
    settings: &Settings,
    operator: &Operator,
    union: &UnionArg,
    email: &EmailAddress,
    json: bool,
) -> anyhow::Result<CommandStatus> {
    let (tenant, mail) = operator.union(settings, &union.tenant).await?;
    let cx = Context { clock: &operator.clock, mail: &mail, tenant: &tenant };
    let mut tx = operator.begin(tenant.id).await?;
    invitation::resend(&mut tx, cx, email).await?;
    tx.commit().await?;
    told_of_mail(operator, email, None, json)
}

/// Says that the mail with the link is on its way, and how long the link works.
fn told_of_mail(
    operator: &Operator,
    email: &EmailAddress,
    staff: Option<String>,
    json: bool,
) -> anyhow::Result<CommandStatus> {
    let until = operator.clock.now() + invitation::VALID_FOR;
    match json {
        true => output::json(&serde_json::json!({
            "staff": staff, "email": email.as_str(), "expires_at": until,
        }))?,
        false => println!(
            "{} に招待のメールを送ります（リンクの期限: {}）",
            email.as_str(),
            minute(until)
        ),
    }
    Ok(CommandStatus::Done)
}

async fn list(operator: &Operator, union: &UnionArg, json: bool) -> anyhow::Result<CommandStatus> {
    let found = operator.find(union).await?;
    let mut tx = operator.begin(found.id).await?;
    let staff = roster::list(&mut tx, &operator.clock).await?;
    tx.commit().await?;
    if json {
        output::json(&staff)?;
        return Ok(CommandStatus::Done);
    }
    let rows: Vec<_> = staff
        .iter()
        .map(|one| {
            [
                one.name.clone(),
                one.email.clone().unwrap_or_default(),
                words(&one.roles, &one.extra_rights),
                state(one),
                one.last_seen_at.map(minute).unwrap_or_default(),
            ]
        })
        .collect();
    let columns = [
        Column::Left("氏名"),
        Column::Left("メールアドレス"),
        Column::Left("役割"),
        Column::Left("状態"),
        Column::Left("最後の利用"),
    ];
    output::table(columns, &rows, "職員はいません。kosmo staff invite で招待します");
    Ok(CommandStatus::Done)
}

fn state(staff: &ListedStaff) -> String {
    let until = |words: &str, at: Option<String>| match at {
        Some(at) => format!("{words}（{at}まで）"),
        None => words.to_owned(),
    };
    match staff.office {
        OfficeState::Invited => until("招待中", staff.invitation_expires_at.map(minute)),
        OfficeState::InvitationExpired => "招待の期限切れ".to_owned(),
        OfficeState::Active => until("在任", staff.leaves_on.map(day)),
        OfficeState::Suspended => "停止".to_owned(),
        OfficeState::Left => "退任".to_owned(),
    }
}

async fn suspended(
    operator: &Operator,
    union: &UnionArg,
    email: &EmailAddress,
    yes: bool,
    json: bool,
) -> anyhow::Result<CommandStatus> {
    let found = operator.find(union).await?;
    let touches = |done: &Suspension| {
        let mut lines = vec![format!(
            "{}（{}）を停止し、{}台の端末からログアウトします",
            done.name,
            email.as_str(),
            done.sessions
        )];
        if done.admins_left < ADMINS_WANTED {
            lines.push(format!(
                "  在任の管理者は{}人になります（{ADMINS_WANTED}人以上が必要です）",
                done.admins_left
            ));
        }
        lines
    };
    let work = async || {
        let mut tx = operator.begin(found.id).await?;
        let done = suspend(&mut tx, &operator.clock, email).await?;
        let done = done.ok_or_else(|| {
            anyhow!(
                "{} に、メールアドレスが {} の、停止していない職員はいません",
                union.tenant,
                email.as_str()
            )
        })?;
        anyhow::Ok((done, tx))
    };
    let (done, tx) = match confirmed(yes, touches, work).await? {
        Answer::Yes(done) => done,
        Answer::No(status) => return Ok(status),
    };
    tx.commit().await?;
    match json {
        true => output::json(&serde_json::json!({
            "suspended": email.as_str(), "sessions": done.sessions, "admins_left": done.admins_left,
        }))?,
        false => println!("{} を停止しました", done.name),
    }
    Ok(CommandStatus::Done)
}
