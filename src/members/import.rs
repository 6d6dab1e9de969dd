//! Takes in a file of members: all of it or nothing.
//!
//! The file's rows go into a staging table as they are read, so that memory stays flat; [`merge`]
//! then brings the registry in line with it, in the same transaction. A person is known by the
//! union's own lasting code, so that a change of symbol and number keeps their account
//! (seed 000 A11).

use std::collections::HashSet;

use chrono::NaiveDate;
use secrecy::SecretString;

use super::merge;
use super::relation::Relation;
use crate::audit::{self, Action};
use crate::auth::hashing::{Hasher, HashingError};
use crate::auth::user_id::UserId;
use crate::base::clock::Clock;
use crate::base::japanese::parse_date;
use crate::db::TenantTx;
use crate::import::columns::{Column, Mapping};
use crate::import::rows::{Copy, Progress, Row, Rows, code, line};
use crate::import::source::Source;
use crate::import::{Counts, ImportError, ImportRun, RowErrors, batches};
use crate::tenant::names::InsurerNumber;
use crate::tenant::policy::TenantConfig;

const fn column(key: &'static str, heading: &'static str, optional: bool) -> Column {
    Column { key, heading, optional }
}

/// The layout of a members file. Headings in any order; others are passed over.
pub const COLUMNS: [Column; 15] = [
    column("person_code", "個人コード", false),
    column("household_code", "世帯コード", false),
    column("insurer_number", "保険者番号", false),
    column("symbol", "記号", false),
    column("number", "番号", false),
    column("branch", "枝番", false),
    column("name", "氏名", false),
    column("kana", "氏名カナ", false),
    column("birthdate", "生年月日", false),
    column("relation", "続柄", false),
    column("acquired_on", "資格取得日", false),
    column("lost_on", "資格喪失日", true),
    column("user_id", "ユーザID", true),
    column("email", "メールアドレス", true),
    column("initial_password", "仮パスワード", true),
];

/// One person of the file.
struct MemberRow {
    code: String,
    household_code: String,
    insurer_number: String,
    symbol: String,
    number: String,
    branch: String,
    name: String,
    kana: String,
    birthdate: NaiveDate,
    relation: Relation,
    acquired_on: NaiveDate,
    lost_on: Option<NaiveDate>,
    user_id: Option<UserId>,
    email: Option<String>,
    initial_password: Option<SecretString>,
}

/// What the import needs to know besides the file.
pub struct MembersImport<'i> {
    pub run: &'i ImportRun,
    pub clock: &'i Clock,
    pub policy: &'i TenantConfig,
    pub hasher: &'i Hasher,
    pub mapping: &'i Mapping,
    /// The day the file describes: changed symbols and numbers hold from then.
    pub as_of: NaiveDate,
}

impl MembersImport<'_> {
    /// Takes the file in. The caller commits, or drops the transaction after a dry run.
    ///
    /// # Errors
    /// All mistakes of the file by row and column; nothing was taken in then.
    pub async fn import(
        &self,
        tx: &mut TenantTx,
        source: &mut Source,
        progress: &mut Progress<'_>,
    ) -> Result<Counts, ImportError> {
        merge::prepare(tx).await?;
        let with_account = merge::people_with_account(tx).await?;
        let mut rows = Rows::open(source, &COLUMNS, self.mapping)?;
        let mut errors = RowErrors::default();
        self.stage(tx, &mut rows, &with_account, &mut errors, progress).await?;
        let headings = |column: usize| rows.layout.heading(column).to_owned();
        merge::check(tx, &headings, &mut errors).await?;
        errors.into_result()?;
        let counts = merge::merge(tx, self.clock, self.as_of).await?;
        batches::open(tx, self.clock, self.run, "members", source).await?;
        batches::close(tx, self.run, counts).await?;
        let detail = serde_json::json!({
            "batch": self.run.batch, "by": self.run.by,
            "added": counts.added, "changed": counts.changed, "unchanged": counts.unchanged,
        });
        audit::record(tx, self.clock, Action::MembersImported, None, detail).await?;
        Ok(counts)
    }

    async fn stage(
        &self,
        tx: &mut TenantTx,
        rows: &mut Rows,
        with_account: &HashSet<String>,
        errors: &mut RowErrors,
        progress: &mut Progress<'_>,
    ) -> Result<(), ImportError> {
        let mut copy = Copy::into(tx.conn(), "staged_members").await?;
        let outcome = loop {
            let row = match rows.next_row() {
                Ok(Some(row)) => row,
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            };
            let Some(member) = self.parse(&row, errors) else { continue };
            let number = row.number;
            let hash = match &member.initial_password {
                // An account that exists keeps its credentials; a dry run needs none.
                Some(password) if !self.run.dry_run && !with_account.contains(&member.code) => {
                    match hash(self.hasher, password).await {
                        Ok(hash) => Some(hash),
                        Err(_) => break Err(ImportError::Stopped),
                    }
                }
                _ => None,
            };
            member.write(number, hash.as_deref(), &mut copy);
            if copy.end_row().await? {
                progress(rows.bytes_read());
            }
        };
        match outcome {
            Ok(()) => copy.finish().await.map(drop).map_err(ImportError::from),
            Err(error) => {
                let _ = copy.abort().await;
                Err(error)
            }
        }
    }

    fn parse(&self, row: &Row<'_>, errors: &mut RowErrors) -> Option<MemberRow> {
        if !row.is_whole(errors) {
            return None;
        }
        let today = self.clock.today();
        let day =
            |text: &str| parse_date(text).ok_or_else(|| format!("「{text}」は日付ではありません"));
        let past = |text: &str| {
            let date = day(text)?;
            if date > today { Err("未来の日付です".to_owned()) } else { Ok(date) }
        };
        let known = &self.policy.insurer_numbers;
        let insurer = |text: &str| {
            let number: InsurerNumber = code(text, 8)?.parse().map_err(str::to_owned)?;
            if known.is_empty() || known.contains(&number) {
                Ok(number.to_string())
            } else {
                Err(format!("この組合の保険者番号ではありません: {number}"))
            }
        };
        // Every field is looked at before the row is given up, so that all its errors are told.
        let person_code = row.required(0, errors, |text| code(text, 40));
        let household_code = row.required(1, errors, |text| code(text, 40));
        let insurer_number = row.required(2, errors, insurer);
        let symbol = row.optional(3, errors, |text| code(text, 20));
        let number = row.required(4, errors, |text| code(text, 20));
        let branch = row.required(5, errors, branch);
        let name = row.required(6, errors, |text| line(text, 100));
        let kana = row.required(7, errors, kana);
        let birthdate = row.required(8, errors, past);
        let relation = row.required(9, errors, Relation::parse);
        let acquired_on = row.required(10, errors, day);
        let lost_on = row.optional(11, errors, day);
        let user_id = row.optional(12, errors, UserId::parse);
        let email = row.optional(13, errors, email);
        let initial_password = row.optional(14, errors, |text| Ok(SecretString::from(text.trim())));
        if let (Some(acquired), Some(Some(lost))) = (acquired_on, lost_on)
            && lost < acquired
        {
            errors.add(row.number, row.heading(11), "資格取得日より前です");
        }
        if let (Some(user_id), Some(password)) = (&user_id, &initial_password) {
            self.check_credential(row, user_id.is_some(), password.is_some(), errors);
        }
        Some(MemberRow {
            code: person_code?,
            household_code: household_code?,
            insurer_number: insurer_number?,
            symbol: symbol?.unwrap_or_default(),
            number: number?,
            branch: branch?,
            name: name?,
            kana: kana?,
            birthdate: birthdate?,
            relation: relation?,
            acquired_on: acquired_on?,
            lost_on: lost_on?,
            user_id: user_id?,
            email: email?,
            initial_password: initial_password?,
        })
    }

    /// A user ID without a password is for the formula, which the union must have.
    fn check_credential(&self, row: &Row<'_>, id: bool, password: bool, errors: &mut RowErrors) {
        let first = &self.policy.first_sign_in;
        if password && !id {
            errors.add(row.number, row.heading(14), "ユーザIDがありません");
        }
        if password && first.letter.is_none() {
            errors.add(row.number, row.heading(14), "この組合は仮パスワードを使いません");
        }
        if id && !password && first.formula.is_none() {
            let message = "空です（この組合には初期パスワードの計算式がありません）";
            errors.add(row.number, row.heading(14), message);
        }
    }
}

impl MemberRow {
    fn write(&self, row: u64, password_hash: Option<&str>, copy: &mut Copy<'_>) {
        copy.display(row);
        copy.field(&self.code);
        copy.field(&self.household_code);
        copy.field(&self.insurer_number);
        copy.field(&self.symbol);
        copy.field(&self.number);
        copy.field(&self.branch);
        copy.field(&self.name);
        copy.field(&self.kana);
        copy.display(self.birthdate);
        copy.field(self.relation.name());
        copy.display(self.acquired_on);
        match self.lost_on {
            Some(date) => copy.display(date),
            None => copy.null(),
        }
        copy.optional(self.user_id.as_ref().map(UserId::as_str));
        copy.optional(self.email.as_deref());
        copy.display(self.initial_password.is_some());
        copy.optional(password_hash);
    }
}

/// Waits its turn where the pool is busy: nobody waits for an import.
async fn hash(hasher: &Hasher, password: &SecretString) -> Result<String, HashingError> {
    loop {
        match hasher.hash(password).await {
            Err(HashingError::Busy) => tokio::task::yield_now().await,
            other => return other,
        }
    }
}

fn branch(text: &str) -> Result<String, String> {
    let branch = code(text, 2)?;
    match branch.as_bytes() {
        [a, b] if a.is_ascii_digit() && b.is_ascii_digit() => Ok(branch),
        [a] if a.is_ascii_digit() => Ok(format!("0{branch}")),
        _ => Err(format!("「{branch}」は2桁の数字ではありません")),
    }
}

fn kana(text: &str) -> Result<String, String> {
    let kana = code(text, 100)?;
    let is_kana = |c: char| matches!(c, 'ァ'..='ヶ' | 'ー' | '・' | ' ');
    match kana.chars().find(|c| !is_kana(*c)) {
        None => Ok(kana),
        Some(other) => Err(format!("カタカナではない文字「{other}」があります")),
    }
}

fn email(text: &str) -> Result<String, String> {
    let email = code(text, 255)?.to_lowercase();
    match email.split_once('@') {
        Some((local, domain))
            if !local.is_empty()
                && domain.contains('.')
                && !domain.contains('@')
                && !email.chars().any(char::is_whitespace) =>
        {
            Ok(email)
        }
        _ => Err(format!("「{email}」はメールアドレスではありません")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_forgivingly() {
        assert_eq!(branch("１").as_deref(), Ok("01"));
        assert_eq!(kana("ﾃｽﾄ　ﾊﾅｺ").as_deref(), Ok("テスト ハナコ"));
        assert_eq!(email(" Taro@Example.JP ").as_deref(), Ok("taro@example.jp"));
        assert!(branch("1a").is_err() && kana("てすと").is_err());
        for bad in ["taro", "@example.jp", "taro@localhost", "a@b@c.jp", "a b@c.jp"] {
            assert!(email(bad).is_err(), "{bad}");
        }
    }
}
