//! A version that staff still write. Whoever may draft may change it; nobody else of the union's people sees it.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;

use super::target;
use crate::auth::staff::act::DraftTerms;
use crate::auth::staff::desk::Desk;
use crate::base::clock::Clock;
use crate::base::ids::{TenantId, TermsDraftId};
use crate::base::japanese::{shows_nothing, unshowable};
use crate::base::realm::{Realm as _, Staff};
use crate::db::TenantTx;

/// The most characters of a text: five times those of the platform's terms.
pub const LONGEST: usize = 50_000;

/// A text as it would be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftText(String);

/// The reason why a text can't be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoDraftText {
    Missing,
    TooLong,
    Unshowable,
}

impl DraftText {
    /// Reads what was typed. Line ends become those of the database, whichever system sent them.
    ///
    /// # Errors
    /// It says nothing, is too long, or has characters that can't be shown.
    pub fn parse(text: &str) -> Result<Self, NoDraftText> {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let text = text.trim();
        let control = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
        if shows_nothing(text) {
            Err(NoDraftText::Missing)
        } else if text.chars().count() > LONGEST {
            Err(NoDraftText::TooLong)
        } else if text.chars().any(control) || unshowable(&text.replace(['\n', '\t'], "")).is_some()
        {
            Err(NoDraftText::Unshowable)
        } else {
            Ok(Self(text.to_owned()))
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[derive(Debug, Clone)]
pub struct TermsDraft {
    pub id: TermsDraftId,
    pub effective_on: NaiveDate,
    pub body: String,
    /// The name of the staff member who wrote it last.
    pub written_by: String,
    /// When. It tells one state of the text from another.
    pub written_at: DateTime<Utc>,
}

/// Lists the union's drafts, the one that begins first at the top.
pub async fn list(tx: &mut TenantTx) -> Result<Vec<TermsDraft>, sqlx::Error> {
    sqlx::query_as!(
        TermsDraft,
        r#"select d.id as "id: TermsDraftId", d.effective_on, d.body, s.name as written_by, d.written_at
           from terms_drafts d
           join staff s on s.tenant_id = $1 and s.realm = $2 and s.login_id = d.written_by
           where d.tenant_id = $1 order by d.effective_on, d.id"#,
        tx.tenant() as TenantId,
        Staff::NAME
    )
    .fetch_all(tx.conn())
    .await
}

/// Finds a draft of the union's.
pub async fn find(tx: &mut TenantTx, id: TermsDraftId) -> Result<Option<TermsDraft>, sqlx::Error> {
    sqlx::query_as!(
        TermsDraft,
        r#"select d.id as "id: TermsDraftId", d.effective_on, d.body, s.name as written_by, d.written_at
           from terms_drafts d
           join staff s on s.tenant_id = $1 and s.realm = $2 and s.login_id = d.written_by
           where d.tenant_id = $1 and d.id = $3"#,
        tx.tenant() as TenantId,
        Staff::NAME,
        id.0
    )
    .fetch_optional(tx.conn())
    .await
}

/// Begins a draft.
pub async fn begin(
    desk: &mut Desk<DraftTerms>,
    clock: &Clock,
    effective_on: NaiveDate,
    text: &DraftText,
) -> Result<TermsDraftId, sqlx::Error> {
    let (id, author) = (TermsDraftId::new(clock), desk.author());
    let tx = desk.tx();
    sqlx::query!(
        "insert into terms_drafts (tenant_id, id, effective_on, body, written_by, written_at)
         values ($1, $2, $3, $4, $5, $6)",
        tx.tenant() as TenantId,
        id.0,
        effective_on,
        text.as_str(),
        author.0,
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    note(desk, id, "begun");
    Ok(id)
}

/// Changes a draft that was last written at `seen`. Returns false if it is gone, or a colleague has changed it since, so
/// that nobody's words are lost unseen.
pub async fn change(
    desk: &mut Desk<DraftTerms>,
    clock: &Clock,
    id: TermsDraftId,
    seen: DateTime<Utc>,
    effective_on: NaiveDate,
    text: &DraftText,
) -> Result<bool, sqlx::Error> {
    let author = desk.author();
    let tx = desk.tx();
    let changed = sqlx::query!(
        "update terms_drafts set effective_on = $4, body = $5, written_by = $6, written_at = $7
         where tenant_id = $1 and id = $2 and written_at = $3",
        tx.tenant() as TenantId,
        id.0,
        seen,
        effective_on,
        text.as_str(),
        author.0,
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    note(desk, id, "changed");
    Ok(changed.rows_affected() > 0)
}

/// Deletes a draft. Returns false if it is gone.
pub async fn delete(desk: &mut Desk<DraftTerms>, id: TermsDraftId) -> Result<bool, sqlx::Error> {
    let deleted = remove(desk.tx(), id).await?;
    note(desk, id, "deleted");
    Ok(deleted)
}

pub(super) async fn remove(tx: &mut TenantTx, id: TermsDraftId) -> Result<bool, sqlx::Error> {
    let deleted = sqlx::query!(
        "delete from terms_drafts where tenant_id = $1 and id = $2",
        tx.tenant() as TenantId,
        id.0
    )
    .execute(tx.conn())
    .await?;
    Ok(deleted.rows_affected() > 0)
}

fn note(desk: &mut Desk<DraftTerms>, id: TermsDraftId, what: &str) {
    let line = desk.line();
    line.target = target(id);
    line.detail = json!({ "draft": what });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a5_a_text_says_something_and_can_be_shown() {
        let read = |text: &str| DraftText::parse(text).map(|text| text.as_str().to_owned());
        assert_eq!(read(" # 規約\r\n\r\n本文\r"), Ok("# 規約\n\n本文".to_owned()));
        assert_eq!(read("\u{3000}\n"), Err(NoDraftText::Missing));
        assert_eq!(read("a\u{0}b"), Err(NoDraftText::Unshowable));
        assert_eq!(read("a\u{202e}b"), Err(NoDraftText::Unshowable));
        assert!(read(&"規".repeat(LONGEST)).is_ok());
        assert_eq!(read(&"規".repeat(LONGEST + 1)), Err(NoDraftText::TooLong));
    }
}
