//! A line of the trail with everything that the database keeps of it, and the hash that stands for it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::base::ids::TenantId;
use crate::db::TenantTx;

/// The length of a hash.
pub(super) const HASH: usize = 32;

/// The way in which lines become bytes. Seals name it, so that another may come and old seals still hold.
pub(super) const ENCODING: i16 = 1;

/// The place of a line in the order of sealing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// The number of the transaction that wrote it.
    pub written_in: i64,
    pub at: DateTime<Utc>,
    pub id: Uuid,
}

impl Place {
    /// It comes before every line.
    pub const BEGINNING: Self = Self { written_in: -1, at: DateTime::UNIX_EPOCH, id: Uuid::nil() };

    /// It comes after every line that transactions below this number wrote.
    pub const fn before_transaction(number: i64) -> Self {
        Self { written_in: number - 1, at: DateTime::<Utc>::MAX_UTC, id: Uuid::max() }
    }
}

/// A line as it is stored. JSON is the text that the database writes for it, which is the same for the same value.
#[derive(Debug, Clone, Serialize)]
pub struct StoredLine {
    pub written_in: i64,
    pub at: DateTime<Utc>,
    pub id: Uuid,
    pub actor_kind: String,
    pub actor_id: Option<Uuid>,
    pub actor_label: Option<String>,
    pub actor_roles: Vec<String>,
    pub session_id: Option<Uuid>,
    pub remote_address: Option<String>,
    pub user_agent: Option<String>,
    pub request_id: Option<Uuid>,
    pub action: String,
    pub target_kind: Option<String>,
    pub target_id: Option<String>,
    pub target_label: Option<String>,
    pub subject_login: Option<Uuid>,
    pub subject_member: Option<String>,
    pub purpose: Option<String>,
    pub case_no: Option<String>,
    pub reason: Option<String>,
    pub caller_check: Option<String>,
    pub changed: Option<String>,
    pub rows: Option<i64>,
    pub outcome: String,
    pub why: Option<String>,
    pub approval_id: Option<Uuid>,
    pub batch_id: Option<Uuid>,
    pub detail: String,
}

impl StoredLine {
    pub(super) const fn place(&self) -> Place {
        Place { written_in: self.written_in, at: self.at, id: self.id }
    }

    /// Returns the hash of every column of the line. No two lines that differ anywhere have the same bytes: each value
    /// says if it is there, and how long it is.
    pub(super) fn hash(&self, tenant: TenantId) -> [u8; HASH] {
        let mut bytes = Encoder(Sha256::new());
        bytes.id(Some(tenant.0));
        bytes.number(Some(self.written_in));
        bytes.number(Some(self.at.timestamp_micros()));
        bytes.id(Some(self.id));
        bytes.text(Some(&self.actor_kind));
        bytes.id(self.actor_id);
        bytes.text(self.actor_label.as_deref());
        bytes.number(i64::try_from(self.actor_roles.len()).ok());
        for role in &self.actor_roles {
            bytes.text(Some(role));
        }
        bytes.id(self.session_id);
        bytes.text(self.remote_address.as_deref());
        bytes.text(self.user_agent.as_deref());
        bytes.id(self.request_id);
        bytes.text(Some(&self.action));
        bytes.text(self.target_kind.as_deref());
        bytes.text(self.target_id.as_deref());
        bytes.text(self.target_label.as_deref());
        bytes.id(self.subject_login);
        bytes.text(self.subject_member.as_deref());
        bytes.text(self.purpose.as_deref());
        bytes.text(self.case_no.as_deref());
        bytes.text(self.reason.as_deref());
        bytes.text(self.caller_check.as_deref());
        bytes.text(self.changed.as_deref());
        bytes.number(self.rows);
        bytes.text(Some(&self.outcome));
        bytes.text(self.why.as_deref());
        bytes.id(self.approval_id);
        bytes.id(self.batch_id);
        bytes.text(Some(&self.detail));
        bytes.0.finalize().into()
    }
}

/// Writes values so that none can be taken for another, or for a part of one.
pub(super) struct Encoder(pub Sha256);

impl Encoder {
    pub fn bytes(&mut self, value: Option<&[u8]>) {
        let Some(value) = value else {
            self.0.update([0]);
            return;
        };
        self.0.update([1]);
        self.0.update(u64::try_from(value.len()).unwrap_or(u64::MAX).to_be_bytes());
        self.0.update(value);
    }

    pub fn text(&mut self, value: Option<&str>) {
        self.bytes(value.map(str::as_bytes));
    }

    pub fn number(&mut self, value: Option<i64>) {
        self.bytes(value.map(i64::to_be_bytes).as_ref().map(<[u8; 8]>::as_slice));
    }

    pub fn id(&mut self, value: Option<Uuid>) {
        self.bytes(value.as_ref().map(|id| id.as_bytes().as_slice()));
    }
}

/// Reads the lines after one place, up to another, in the order of sealing.
pub(super) async fn between(
    tx: &mut TenantTx,
    after: Place,
    through: Place,
    limit: i64,
) -> Result<Vec<StoredLine>, sqlx::Error> {
    sqlx::query_as!(
        StoredLine,
        r#"select written_in, at, id, actor_kind, actor_id, actor_label, actor_roles, session_id,
                  remote_address, user_agent, request_id, action, target_kind, target_id, target_label,
                  subject_login, subject_member, purpose, case_no, reason,
                  caller_check::text as caller_check, changed::text as changed, rows, outcome, why,
                  approval_id, batch_id, detail::text as "detail!"
           from audit_events
           where tenant_id = $1 and (written_in, at, id) > ($2, $3, $4)
             and (written_in, at, id) <= ($5, $6, $7)
           order by written_in, at, id limit $8"#,
        tx.tenant() as TenantId,
        after.written_in,
        after.at,
        after.id,
        through.written_in,
        through.at,
        through.id,
        limit
    )
    .fetch_all(tx.conn())
    .await
}
