//! A change of the union's settings. It is stored as a version, as a file of the operator is.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::audit::Target;
use crate::auth::context::Context;
use crate::auth::staff::act;
use crate::auth::staff::approval::kind::{ExecuteError, Fact, FourEyes, Preview};
use crate::auth::staff::desk::{Desk, Matter};
use crate::auth::staff::union::by;
use crate::auth::touched::{self, Touch};
use crate::base::clock::Clock;
use crate::db::TenantTx;
use crate::tenant::file::plan::SettingChange;
use crate::tenant::file::proposal;
use crate::tenant::policy::TenantConfig;
use crate::tenant::policy::opened::setting;
use crate::tenant::registry;

/// Settings with the values that they have in a version, and that they shall have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyChange {
    /// The version that its author saw.
    pub version: i32,
    pub changes: Vec<SettingChange>,
}

impl PolicyChange {
    /// Returns the policy in force and the one that would be, or `None` if the former is another one now, or the latter
    /// is not the union's to choose any more.
    pub async fn policies(
        &self,
        tx: &mut TenantTx,
    ) -> Result<Option<(TenantConfig, TenantConfig)>, sqlx::Error> {
        let newest = registry::own_newest(tx).await?;
        let Some(before) = newest.filter(|newest| newest.version == self.version) else {
            return Ok(None);
        };
        let after = proposal::with(&before.config, &self.changes).ok();
        Ok(after.filter(|after| *after != before.config).map(|after| (before.config, after)))
    }

    fn target(version: i32) -> Option<Target> {
        let label = Some(format!("版 {version}"));
        Some(Target { kind: "policy", id: version.to_string(), label })
    }
}

/// Counts whom a change of the policy touches, in words.
pub async fn effects(
    tx: &mut TenantTx,
    clock: &Clock,
    before: &TenantConfig,
    after: &TenantConfig,
) -> Result<Vec<String>, sqlx::Error> {
    let touches = touched::count(tx, clock, before, after).await?;
    let told = |Touch { whom, people, sessions, .. }: &Touch| {
        let sessions = sessions.map(|count| format!("（{count}端末）"));
        format!("{whom}：{people}人{}", sessions.unwrap_or_default())
    };
    Ok(touches.iter().map(told).collect())
}

impl FourEyes for PolicyChange {
    const KIND: &'static str = "policy.change";
    const TITLE: &'static str = "組合の設定の変更";
    type Act = act::ChangePolicy;

    fn matter(&self) -> Matter {
        Matter { target: Self::target(self.version), ..Matter::default() }
    }

    async fn preview(
        &self,
        tx: &mut TenantTx,
        _: Context<'_>,
    ) -> Result<Option<Preview>, sqlx::Error> {
        if self.policies(tx).await?.is_none() {
            return Ok(None);
        }
        let versions = format!("{} → {}", self.version, self.version + 1);
        let mut preview = Preview::default().fact("版", versions);
        for change in &self.changes {
            let Some(setting) = setting(&change.path) else { return Ok(None) };
            let (before, after) = (change.before.as_ref(), change.after.as_ref());
            let told = format!("{} → {}", setting.told(before), setting.told(after));
            preview = preview.fact(setting.label, told);
        }
        Ok(Some(preview))
    }

    async fn effects(&self, tx: &mut TenantTx, cx: Context<'_>) -> Result<Vec<Fact>, sqlx::Error> {
        let Some((before, after)) = self.policies(tx).await? else { return Ok(Vec::new()) };
        let told = effects(tx, cx.clock, &before, &after).await?;
        let fact = |value| Fact { label: "影響", value };
        Ok(told.into_iter().map(fact).collect())
    }

    async fn execute(
        &self,
        desk: &mut Desk<act::ChangePolicy>,
        cx: Context<'_>,
    ) -> Result<Value, ExecuteError> {
        let Some((_, after)) = self.policies(desk.tx()).await? else {
            return Err(ExecuteError::Declined("not_allowed"));
        };
        let (by, note) = (by(desk.author()), desk.line().reason.clone().unwrap_or_default());
        let changed =
            registry::change_by_staff(desk.tx(), cx.clock, self.version, &after, &by, &note)
                .await?;
        let Some(version) = changed else { return Err(ExecuteError::Declined("changed")) };
        let line = desk.line();
        line.target = Self::target(version);
        let fields = self.changes.iter();
        let fields = fields.map(|one| (one.path.clone(), json!([one.before, one.after])));
        line.changed = Some(Value::Object(fields.collect()));
        Ok(json!({ "version": version }))
    }
}
