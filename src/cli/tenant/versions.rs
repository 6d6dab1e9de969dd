//! Commands that change a union in use: plan, apply, rollback, disable, enable.

use std::path::PathBuf;

use serde_json::json;

use super::read::{print_cautions, read};
use crate::auth::touched::{self, Touch};
use crate::cli::confirm::{Answer, confirmed};
use crate::cli::{CommandStatus, Operator, output};
use crate::db::PlatformTx;
use crate::tenant::file::plan::{SettingChange, changes};
use crate::tenant::policy::TenantConfig;
use crate::tenant::policy::contact;
use crate::tenant::registry::{self, Applied, PeopleCounts, RegisteredUnion};

/// The effects of a new policy on a union's people.
#[derive(Debug)]
struct Effects {
    people: PeopleCounts,
    touches: Vec<Touch>,
}

impl Effects {
    async fn of(
        operator: &Operator,
        union: &RegisteredUnion,
        after: &TenantConfig,
    ) -> anyhow::Result<Self> {
        let mut tx = operator.begin(union.id).await?;
        let people = registry::people(&mut tx).await?;
        let touches = touched::count(&mut tx, &operator.clock, &union.config, after).await?;
        tx.commit().await?;
        Ok(Self { people, touches })
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = vec!["  影響".to_owned()];
        lines.extend(self.touches.iter().map(|touch| {
            let sessions = touch.sessions.map(|count| format!("（{count}端末）"));
            let Touch { setting, whom, people, .. } = touch;
            format!("    {setting}: {whom} {people}人{}", sessions.unwrap_or_default())
        }));
        if self.touches.is_empty() {
            lines.push("    今いる人への影響はありません".to_owned());
        }
        let PeopleCounts { members, accounts, registered } = self.people;
        lines.push(format!(
            "  組合全体: 加入者 {members}人、うちユーザIDのある人 {accounts}人、登録済みの人 {registered}人"
        ));
        lines
    }
}

fn lines_of(changes: &[SettingChange]) -> impl Iterator<Item = String> {
    changes.iter().map(|change| format!("  {change}"))
}

/// Runs `kosmo tenant plan`.
pub(super) async fn plan(
    operator: &Operator,
    files: &[PathBuf],
    json: bool,
) -> anyhow::Result<CommandStatus> {
    let Some(configs) = read(files) else { return Ok(CommandStatus::Rejected) };
    let mut plans = Vec::new();
    for (file, config) in files.iter().zip(&configs) {
        let mut tx = operator.db.platform().await?;
        let current = registry::find(&mut tx, config.slug.as_str()).await?;
        let id = current.as_ref().map(|current| current.id);
        registry::check_hosts(&mut tx, id, config).await?;
        tx.commit().await?;
        let changes = changes(current.as_ref().map(|current| &current.config), config);
        let effects = match &current {
            Some(current) if !changes.is_empty() => {
                Some(Effects::of(operator, current, config).await?)
            }
            _ => None,
        };
        if json {
            plans.push(in_json(config, current.as_ref(), &changes, effects.as_ref()));
        } else {
            print(config, current.as_ref(), &changes, effects.as_ref());
            print_cautions(file, config);
        }
    }
    if json {
        output::json(&plans)?;
    }
    Ok(CommandStatus::Done)
}

fn print(
    config: &TenantConfig,
    current: Option<&RegisteredUnion>,
    changes: &[SettingChange],
    effects: Option<&Effects>,
) {
    match (current, effects) {
        (None, _) => println!("{}: 新しい組合「{}」を登録します", config.slug, config.name),
        (Some(_), None) => println!("{}: 変更なし", config.slug),
        (Some(current), Some(effects)) => {
            println!("{}: 版 {} → {}", config.slug, current.version, current.version + 1);
            lines_of(changes).chain(effects.lines()).for_each(|line| println!("{line}"));
        }
    }
}

fn in_json(
    config: &TenantConfig,
    current: Option<&RegisteredUnion>,
    changes: &[SettingChange],
    effects: Option<&Effects>,
) -> serde_json::Value {
    let people = effects.map(|Effects { people, .. }| {
        json!({ "members": people.members, "accounts": people.accounts,
                "registered": people.registered })
    });
    json!({
        "slug": config.slug, "version": current.map(|current| current.version),
        "changes": current.map(|_| changes).unwrap_or_default(),
        "touches": effects.map(|effects| effects.touches.as_slice()).unwrap_or_default(),
        "people": people,
        "cautions": contact::cautions(config).iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

/// Runs `kosmo tenant apply`.
pub(super) async fn apply(
    operator: &Operator,
    files: &[PathBuf],
    note: &str,
    json: bool,
) -> anyhow::Result<CommandStatus> {
    let Some(configs) = read(files) else { return Ok(CommandStatus::Rejected) };
    let mut tx = operator.db.platform().await?;
    let (mut lines, mut results) = (Vec::new(), Vec::new());
    for config in &configs {
        let slug = &config.slug;
        let applied =
            registry::apply(&mut tx, &operator.clock, config, &operator.name, note).await?;
        results.push(applied_in_json(slug.as_str(), &applied));
        match applied {
            Applied::Unchanged { version } => {
                lines.push(format!("{slug}: 変更なし（版 {version}）"));
            }
            Applied::Changed { version, changes } if version > 1 => {
                lines.push(format!("{slug}: 版 {version} を適用しました"));
                lines.extend(lines_of(&changes));
            }
            Applied::Changed { .. } => {
                lines.push(format!("{slug}: 組合「{}」を登録しました（版 1）", config.name));
            }
        }
    }
    tx.commit().await?;
    if json {
        output::json(&results)?;
        return Ok(CommandStatus::Done);
    }
    lines.iter().for_each(|line| println!("{line}"));
    files.iter().zip(&configs).for_each(|(file, config)| print_cautions(file, config));
    Ok(CommandStatus::Done)
}

fn applied_in_json(slug: &str, applied: &Applied) -> serde_json::Value {
    let (version, changes) = match applied {
        Applied::Unchanged { version } => (*version, None),
        Applied::Changed { version, changes } => (*version, Some(changes)),
    };
    json!({
        "slug": slug, "version": version, "changed": changes.is_some(),
        "changes": changes.filter(|_| version > 1).map(Vec::as_slice).unwrap_or_default(),
    })
}

/// The result of a rollback. The operator agrees to it.
#[derive(Debug)]
struct Rollback {
    target: i32,
    applied: Applied,
    effects: Option<Effects>,
}

/// Two rollbacks are equal if they store the same. The people they affect are counted again each
/// time, and one may sign in meanwhile.
impl PartialEq for Rollback {
    fn eq(&self, other: &Self) -> bool {
        (self.target, &self.applied) == (other.target, &other.applied)
    }
}

/// Runs `kosmo tenant rollback`.
pub(super) async fn rollback(
    operator: &Operator,
    slug: &str,
    to: Option<i32>,
    yes: bool,
    json: bool,
) -> anyhow::Result<CommandStatus> {
    let touches = |rollback: &Rollback| match &rollback.applied {
        Applied::Unchanged { .. } => Vec::new(),
        Applied::Changed { changes, .. } => {
            let head = format!("{slug}: 版 {} に戻します", rollback.target);
            let effects = rollback.effects.iter().flat_map(Effects::lines);
            std::iter::once(head).chain(lines_of(changes)).chain(effects).collect()
        }
    };
    let work = async || roll_back(operator, slug, to).await;
    let (Rollback { target, applied, .. }, tx) = match confirmed(yes, touches, work).await? {
        Answer::Yes(done) => done,
        Answer::No(outcome) => return Ok(outcome),
    };
    tx.commit().await?;
    if json {
        output::json(&applied_in_json(slug, &applied))?;
        return Ok(CommandStatus::Done);
    }
    match applied {
        Applied::Unchanged { .. } => println!("{slug}: 変更なし（版 {target} と同じ内容です）"),
        Applied::Changed { version, changes } => {
            println!("{slug}: 版 {target} に戻しました（版 {version}）");
            lines_of(&changes).for_each(|line| println!("{line}"));
        }
    }
    Ok(CommandStatus::Done)
}

async fn roll_back(
    operator: &Operator,
    slug: &str,
    to: Option<i32>,
) -> anyhow::Result<(Rollback, PlatformTx)> {
    let mut tx = operator.db.platform().await?;
    let (id, newest) = registry::newest(&mut tx, slug).await?;
    let target = match to {
        Some(version) => version,
        None => registry::earlier(&mut tx, slug, id, newest).await?,
    };
    let config = registry::version(&mut tx, slug, id, target).await?;
    // An unreadable present version has no countable effects, but may be left.
    let effects = match registry::find(&mut tx, slug).await {
        Ok(Some(union)) => Some(Effects::of(operator, &union, &config).await?),
        _ => None,
    };
    let note = format!("版 {target} に戻す");
    let applied = registry::apply(&mut tx, &operator.clock, &config, &operator.name, &note).await?;
    Ok((Rollback { target, applied, effects }, tx))
}

/// The result of taking a union out of service. The operator agrees to it.
#[derive(Debug)]
struct Disabled {
    /// The new version, or `None` if the union is out of service already.
    version: Option<i32>,
    people: PeopleCounts,
    /// The number of live sessions, and of the people they belong to.
    sessions: (i64, i64),
}

/// Two results are equal if they store the same, as with [`Rollback`].
impl PartialEq for Disabled {
    fn eq(&self, other: &Self) -> bool {
        self.version == other.version
    }
}

/// Runs `kosmo tenant disable`.
pub(super) async fn disable(
    operator: &Operator,
    slug: &str,
    note: &str,
    yes: bool,
    json: bool,
) -> anyhow::Result<CommandStatus> {
    let touches = |Disabled { version, people, sessions }: &Disabled| {
        if version.is_none() {
            return Vec::new();
        }
        let PeopleCounts { accounts, registered, .. } = people;
        let (sessions, signed_in) = sessions;
        vec![
            format!(
                "{slug}: ポータルを停止します。すべての画面が「現在ご利用いただけません」になります"
            ),
            format!(
                "  使えなくなる人 {accounts}人（うち登録済み {registered}人、ログイン中 {signed_in}人・{sessions}端末）"
            ),
            "  データは消えません。kosmo tenant enable で再開できます".to_owned(),
        ]
    };
    let work = async || {
        let mut tx = operator.db.platform().await?;
        let union = registry::get(&mut tx, slug).await?;
        let (clock, by) = (&operator.clock, &operator.name);
        let version = registry::set_enabled(&mut tx, clock, slug, false, by, note).await?;
        let mut people_tx = operator.begin(union.id).await?;
        let people = registry::people(&mut people_tx).await?;
        let sessions = touched::living_sessions(&mut people_tx, clock, &union.config).await?;
        anyhow::Ok((Disabled { version, people, sessions }, tx))
    };
    let (Disabled { version, .. }, tx) = match confirmed(yes, touches, work).await? {
        Answer::Yes(done) => done,
        Answer::No(outcome) => return Ok(outcome),
    };
    tx.commit().await?;
    match version {
        version if json => output::json(&state_in_json(slug, false, version))?,
        Some(version) => println!("{slug}: ポータルを停止しました（版 {version}）"),
        None => println!("{slug}: 停止しています。何も変えていません"),
    }
    Ok(CommandStatus::Done)
}

/// Runs `kosmo tenant enable`.
pub(super) async fn enable(
    operator: &Operator,
    slug: &str,
    note: &str,
    json: bool,
) -> anyhow::Result<CommandStatus> {
    let mut tx = operator.db.platform().await?;
    let (clock, by) = (&operator.clock, &operator.name);
    let version = registry::set_enabled(&mut tx, clock, slug, true, by, note).await?;
    tx.commit().await?;
    match version {
        version if json => output::json(&state_in_json(slug, true, version))?,
        Some(version) => println!("{slug}: ポータルを再開しました（版 {version}）"),
        None => println!("{slug}: 停止していません。何も変えていません"),
    }
    Ok(CommandStatus::Done)
}

fn state_in_json(slug: &str, enabled: bool, version: Option<i32>) -> serde_json::Value {
    json!({ "slug": slug, "enabled": enabled, "changed": version.is_some(), "version": version })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(accounts: i64) -> PeopleCounts {
        PeopleCounts { accounts, ..PeopleCounts::default() }
    }

    #[test]
    fn o1_a_sign_in_while_the_operator_thinks_does_not_matter() {
        let disabled = |version, accounts| Disabled {
            version,
            people: people(accounts),
            sessions: (accounts, accounts),
        };
        assert_eq!(disabled(Some(2), 1), disabled(Some(2), 5));
        assert_ne!(disabled(Some(2), 1), disabled(Some(3), 1));
        assert_ne!(disabled(Some(2), 1), disabled(None, 1));

        let rollback = |target, version, accounts| Rollback {
            target,
            applied: Applied::Unchanged { version },
            effects: Some(Effects { people: people(accounts), touches: Vec::new() }),
        };
        assert_eq!(rollback(1, 3, 1), rollback(1, 3, 5));
        assert_ne!(rollback(1, 3, 1), rollback(2, 3, 1), "another target");
        assert_ne!(rollback(1, 3, 1), rollback(1, 4, 1), "somebody applied a file meanwhile");
    }
}
