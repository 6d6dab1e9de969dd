//! Takes in a file of members: all of it or nothing.
//!
//! The file's rows go into a staging table as they are read, so that memory stays flat; [`merge`]
//! then brings the registry in line with it, in the same transaction. A person is known by the
//! union's own lasting code, so that a change of symbol and number keeps their account
//! (seed 000 A11).

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use secrecy::SecretString;

use super::merge;
use super::relation::Relation;
use crate::auth::credentials::hashing::Hasher;
use crate::auth::credentials::login;
use crate::auth::credentials::user_id::UserId;
use crate::base::clock::Clock;
use crate::base::email::EmailAddress;
use crate::base::ids::{LoginId, TenantId};
use crate::base::japanese::parse_date;
use crate::db::actor::Actor;
use crate::db::{Db, TenantTx};
use crate::import::batches::{self, Kind};
use crate::import::cell;
use crate::import::columns::{Column, Mapping};
use crate::import::rows::{Copy, Progress, Row, Rows, code, line};
use crate::import::source::Source;
use crate::import::{Counts, ImportError, ImportRun, RowErrors};
use crate::tenant::names::InsurerNumber;
use crate::tenant::policy::TenantConfig;

/// The layout of a members file. Headings in any order; others are passed over.
pub const COLUMNS: [Column; 15] = [
    Column::required("person_code", "個人コード"),
    Column::required("household_code", "世帯コード"),
    Column::required("insurer_number", "保険者番号"),
    Column::required("symbol", "記号"),
    Column::required("number", "番号"),
    Column::required("branch", "枝番"),
    Column::required("name", "氏名"),
    Column::required("kana", "氏名カナ"),
    Column::required("birthdate", "生年月日"),
    Column::required("relation", "続柄"),
    Column::required("acquired_on", "資格取得日"),
    Column::optional("lost_on", "資格喪失日"),
    Column::optional("user_id", "ユーザID"),
    Column::optional("email", "メールアドレス"),
    Column::optional("initial_password", "仮パスワード"),
];

const PERSON_CODE: usize = 0;
const LOST_ON: usize = 11;
const EMAIL: usize = 13;
const INITIAL_PASSWORD: usize = 14;

/// Enough to keep every thread of the pool at work.
const HASHES_AT_ONCE: usize = 16;

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
    email: Option<EmailAddress>,
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
    /// People come in without an address where theirs can't be read; else it is a mistake of the file.
    pub skips_bad_addresses: bool,
}

/// What a file came to.
#[derive(Debug)]
pub struct Imported {
    pub counts: Counts,
    /// Addresses that were left out.
    pub bad_addresses: RowErrors,
}

/// The hashes of the letters' passwords, by person.
#[derive(Default)]
pub struct Letters(HashMap<String, String>);

impl MembersImport<'_> {
    /// Hashes the passwords of letters to people who have no account yet. It takes its time, so it
    /// comes before the transaction; a dry run needs none.
    ///
    /// # Errors
    /// The file's, and the database's.
    pub async fn hash_letters(
        &self,
        db: &Db,
        tenant: TenantId,
        source: &mut Source,
    ) -> Result<Letters, ImportError> {
        if self.run.dry_run {
            return Ok(Letters::default());
        }
        let mut rows = Rows::open(source, &COLUMNS, self.mapping)?;
        let mut letters = HashMap::new();
        while let Some(row) = rows.next_row()? {
            let password = row.exact(INITIAL_PASSWORD).trim();
            if let (false, Ok(code)) = (password.is_empty(), code(row.text(PERSON_CODE), 40)) {
                letters.insert(code, SecretString::from(password));
            }
        }
        let codes: Vec<String> = letters.keys().cloned().collect();
        let mut tx = db.tenant(tenant, &Actor::operator(&self.run.by)).await?;
        for code in login::existing(&mut tx, &codes).await? {
            letters.remove(&code);
        }
        tx.commit().await?;
        let hashes = stream::iter(letters)
            .map(async |(code, password)| {
                let hash = self.hasher.hash_patiently(&password).await;
                hash.map(|hash| (code, hash)).map_err(|_| ImportError::Stopped)
            })
            .buffer_unordered(HASHES_AT_ONCE)
            .try_collect()
            .await?;
        Ok(Letters(hashes))
    }

    /// Takes the file in. The caller commits, or drops the transaction after a dry run.
    ///
    /// # Errors
    /// All mistakes of the file by row and column; nothing was taken in then.
    pub async fn import(
        &self,
        tx: &mut TenantTx,
        source: &mut Source,
        letters: &Letters,
        progress: &mut Progress<'_>,
    ) -> Result<Imported, ImportError> {
        merge::prepare(tx).await?;
        let mut rows = Rows::open(source, &COLUMNS, self.mapping)?;
        let mut errors = RowErrors::default();
        let mut bad_addresses = RowErrors::default();
        let unread =
            self.stage(tx, &mut rows, letters, &mut errors, &mut bad_addresses, progress).await?;
        merge::check(tx, &rows.layout, &unread, &mut errors).await?;
        errors.into_result()?;
        let counts = merge::merge(tx, self.clock, self.as_of).await?;
        batches::record(tx, self.clock, self.run, Kind::Members, source, "", counts).await?;
        Ok(Imported { counts, bad_addresses })
    }

    /// Sends the rows into the staging table; the codes of those that have mistakes.
    async fn stage(
        &self,
        tx: &mut TenantTx,
        rows: &mut Rows,
        letters: &Letters,
        errors: &mut RowErrors,
        bad_addresses: &mut RowErrors,
        progress: &mut Progress<'_>,
    ) -> Result<HashSet<String>, ImportError> {
        let mut unread = HashSet::new();
        let copy = Copy::into(tx.conn(), "staged_members").await?;
        copy.rows(rows, progress, |row, copy| match self.parse(row, errors, bad_addresses) {
            Ok(member) => {
                let hash = letters.0.get(&member.code).map(String::as_str);
                member.write(row.number, LoginId::new(self.clock), hash, copy);
                true
            }
            Err(code) => {
                if errors.untold == 0 {
                    unread.extend(code);
                }
                false
            }
        })
        .await?;
        Ok(unread)
    }

    /// A row with a mistake gives the person's code, where that much could be read.
    fn parse(
        &self,
        row: &Row<'_>,
        errors: &mut RowErrors,
        bad_addresses: &mut RowErrors,
    ) -> Result<MemberRow, Option<String>> {
        if !row.is_whole(errors) {
            return Err(None);
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
        let email = match self.skips_bad_addresses {
            true => Some(row.optional(EMAIL, bad_addresses, email).flatten()),
            false => row.optional(EMAIL, errors, email),
        };
        let password = row.exact(INITIAL_PASSWORD).trim();
        let initial_password = match cell::showable(password) {
            Ok(()) => Some((!password.is_empty()).then(|| SecretString::from(password))),
            Err(message) => {
                errors.add(row.number, row.heading(INITIAL_PASSWORD), message);
                None
            }
        };
        if let (Some(acquired), Some(Some(lost))) = (acquired_on, lost_on)
            && lost < acquired
        {
            errors.add(row.number, row.heading(LOST_ON), "資格取得日より前です");
        }
        if let (Some(user_id), Some(password)) = (&user_id, &initial_password) {
            self.check_credential(row, user_id.is_some(), password.is_some(), errors);
        }
        let unread = person_code.clone();
        let member = || {
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
        };
        member().ok_or(unread)
    }

    /// A user ID without a password is for the formula, which the union must have.
    fn check_credential(&self, row: &Row<'_>, id: bool, password: bool, errors: &mut RowErrors) {
        let first = &self.policy.first_sign_in;
        if password && !id {
            errors.add(row.number, row.heading(INITIAL_PASSWORD), "ユーザIDがありません");
        }
        if password && first.letter.is_none() {
            errors.add(
                row.number,
                row.heading(INITIAL_PASSWORD),
                "この組合は仮パスワードを使いません",
            );
        }
        if id && !password && first.formula.is_none() {
            let message = "空です（この組合には初期パスワードの計算式がありません）";
            errors.add(row.number, row.heading(INITIAL_PASSWORD), message);
        }
    }
}

impl MemberRow {
    fn write(&self, row: u64, account: LoginId, password_hash: Option<&str>, copy: &mut Copy<'_>) {
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
        copy.display(account);
        copy.optional(self.email.as_ref().map(EmailAddress::as_str));
        copy.display(self.initial_password.is_some());
        copy.optional(password_hash);
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

fn email(text: &str) -> Result<EmailAddress, String> {
    EmailAddress::parse(text)
        .ok_or_else(|| format!("「{}」はメールアドレスではありません", text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_forgivingly() {
        assert_eq!(branch("１").as_deref(), Ok("01"));
        assert_eq!(kana("ﾃｽﾄ　ﾊﾅｺ").as_deref(), Ok("テスト ハナコ"));
        assert!(branch("1a").is_err() && kana("てすと").is_err());
    }
}
