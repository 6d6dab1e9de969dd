//! Taking away more lines of the trail than one person may by themselves: a request for a second pair of eyes.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::reading::{MOST_WITH_APPROVAL, count};
use crate::audit::exports;
use crate::auth::context::Context;
use crate::auth::staff;
use crate::auth::staff::act::AllowExport;
use crate::auth::staff::approval::kind::{ExecuteError, FourEyes, Preview};
use crate::auth::staff::desk::{Desk, Matter};
use crate::console::trail::query::TrailQuery;
use crate::db::TenantTx;

/// Lines of the trail. Both days are given, and the last one is over, so that no line is added.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::console) struct ExportLines {
    pub(super) query: TrailQuery,
}

impl FourEyes for ExportLines {
    const KIND: &'static str = "audit.export";
    const TITLE: &'static str = "操作履歴の書き出し";
    type Act = AllowExport;

    fn matter(&self) -> Matter {
        let member = Some(self.query.member.clone()).filter(|member| !member.is_empty());
        Matter { member, ..Matter::default() }
    }

    async fn preview(
        &self,
        tx: &mut TenantTx,
        cx: Context<'_>,
    ) -> Result<Option<Preview>, sqlx::Error> {
        let query = &self.query;
        let Ok(Ok(wanted)) = query.read(cx.clock.today()) else { return Ok(None) };
        let lines = count(tx, &wanted, MOST_WITH_APPROVAL).await?;
        let mut preview = Preview::default()
            .fact("期間", format!("{} から {} まで", query.from, query.to))
            .fact("件数", format!("{lines}件"));
        if let Some(login) = wanted.staff {
            let name = staff::find(tx, login).await?.map(|staff| staff.name);
            preview = preview.fact("操作した職員", name.unwrap_or_else(|| login.to_string()));
        }
        for (label, value) in [
            ("対象の方の加入者コード", &query.member),
            ("操作の種類", &query.action),
            ("結果", &query.outcome),
        ] {
            if !value.is_empty() {
                preview = preview.fact(label, value.as_str());
            }
        }
        Ok(Some(preview))
    }

    async fn execute(
        &self,
        desk: &mut Desk<AllowExport>,
        cx: Context<'_>,
    ) -> Result<Value, ExecuteError> {
        let (Some(approval), author) = (desk.approval(), desk.author()) else {
            return Err(ExecuteError::Declined("no_approval"));
        };
        let filters = json!(self.query);
        exports::allow(desk.tx(), cx.clock, approval, author, &filters).await?;
        Ok(Value::Null)
    }
}
