//! Reads the rows of a members file into the staging table.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;

use crate::auth::credentials::user_id::UserId;
use crate::base::clock::Clock;
use crate::base::email::EmailAddress;
use crate::base::ids::{BatchId, LoginId, TenantId};
use crate::base::japanese::parse_date;
use crate::db::TenantTx;
use crate::import::mapping::Mapping;
use crate::import::rows::{Row, Rows, code, line};
use crate::import::source::Source;
use crate::import::staging::{Batch, RowReader, batch};
use crate::import::{ImportError, RowErrors, cell};
use crate::members::layout::MemberColumn;
use crate::members::relation::Relation;
use crate::tenant::policy::names::InsurerNumber;

batch! {
    /// One person of the file.
    pub(super) struct StagedMember in StagedMembers {
        row: i64,
        person_code: String,
        household_code: String,
        insurer_number: String,
        symbol: String,
        number: String,
        branch: String,
        name: String,
        kana: String,
        birthdate: NaiveDate,
        relation: &'static str,
        acquired_on: NaiveDate,
        lost_on: Option<NaiveDate>,
        user_id: Option<String>,
        email: Option<String>,
        login_id: LoginId,
        by_letter: bool,
        initial_password_hash: Option<String>,
    }
}

impl Batch for StagedMembers {
    fn count(&self) -> usize {
        self.row.len()
    }

    async fn insert(self, tx: &mut TenantTx, import: BatchId) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "insert into staged_members
                 (tenant_id, import_id, row, person_code, household_code, insurer_number, symbol,
                  number, branch, name, kana, birthdate, relation, acquired_on, lost_on, user_id,
                  email, login_id, by_letter, initial_password_hash)
             select f.tenant_id, f.id, r.*
             from staged_files f
             cross join unnest($3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                         $9::text[], $10::text[], $11::text[], $12::date[], $13::text[],
                         $14::date[], $15::date[], $16::text[], $17::text[], $18::uuid[],
                         $19::boolean[], $20::text[]) r
             where f.tenant_id = $1 and f.id = $2",
            tx.tenant() as TenantId,
            import as BatchId,
            &self.row,
            &self.person_code,
            &self.household_code,
            &self.insurer_number,
            &self.symbol,
            &self.number,
            &self.branch,
            &self.name,
            &self.kana,
            &self.birthdate,
            &self.relation as &[&str],
            &self.acquired_on,
            &self.lost_on as &[Option<NaiveDate>],
            &self.user_id as &[Option<String>],
            &self.email as &[Option<String>],
            &self.login_id as &[LoginId],
            &self.by_letter,
            &self.initial_password_hash as &[Option<String>]
        )
        .execute(tx.conn())
        .await
        .map(drop)
    }
}

/// Reads a members file, and collects its mistakes.
pub(super) struct MemberReader {
    rows: Rows<MemberColumn>,
    rules: Rules,
    /// The hashes of first passwords, by person code.
    hashes: HashMap<String, String>,
    pub(super) errors: RowErrors,
    /// The rows whose addresses are left out because they can't be read.
    pub(super) bad_addresses: RowErrors,
    /// The person codes of rows that have mistakes. No more are added once there are too many mistakes to keep, so
    /// that memory stays flat.
    pub(super) unread: HashSet<String>,
}

impl MemberReader {
    pub(super) fn open(
        source: &Source,
        mapping: &Mapping,
        rules: Rules,
        hashes: HashMap<String, String>,
    ) -> Result<Self, ImportError> {
        Ok(Self {
            rows: Rows::open(source, mapping)?,
            rules,
            hashes,
            errors: RowErrors::default(),
            bad_addresses: RowErrors::default(),
            unread: HashSet::new(),
        })
    }
}

impl RowReader for MemberReader {
    type Batch = StagedMembers;

    fn read(&mut self, batch: &mut StagedMembers) -> Result<bool, ImportError> {
        let Some(row) = self.rows.next_row()? else { return Ok(false) };
        match self.rules.parse(&row, &mut self.errors, &mut self.bad_addresses) {
            Ok(mut member) => {
                member.initial_password_hash = self.hashes.remove(&member.person_code);
                batch.push(member);
            }
            Err(code) => {
                if self.errors.untold == 0 {
                    self.unread.extend(code);
                }
            }
        }
        Ok(true)
    }

    fn bytes_read(&self) -> u64 {
        self.rows.bytes_read()
    }
}

/// The union's rules for the rows of its files.
pub(super) struct Rules {
    /// The insurer numbers that the file may contain. If the list is empty, any number is allowed.
    pub(super) insurer_numbers: Vec<InsurerNumber>,
    pub(super) has_letters: bool,
    pub(super) has_formula: bool,
    pub(super) skips_bad_addresses: bool,
    pub(super) clock: Clock,
}

impl Rules {
    /// Parses a row. If it has a mistake, the error is the person's code, or `None` if the code could not be read.
    fn parse(
        &self,
        row: &Row<'_, MemberColumn>,
        errors: &mut RowErrors,
        bad_addresses: &mut RowErrors,
    ) -> Result<StagedMember, Option<String>> {
        use MemberColumn as Column;
        if !row.is_whole(errors) {
            return Err(None);
        }
        // All fields are parsed before the row is refused, so that the operator sees all its mistakes at once.
        let person_code = row.required(Column::PersonCode, errors, |text| code(text, 40));
        let household_code = row.required(Column::HouseholdCode, errors, |text| code(text, 40));
        let insurer_number = row.required(Column::InsurerNumber, errors, |text| self.insurer(text));
        let symbol = row.optional(Column::Symbol, errors, |text| code(text, 20));
        let number = row.required(Column::Number, errors, |text| code(text, 20));
        let branch = row.required(Column::Branch, errors, branch);
        let name = row.required(Column::Name, errors, |text| line(text, 100));
        let kana = row.required(Column::Kana, errors, kana);
        let birthdate = row.required(Column::Birthdate, errors, |text| self.past(text));
        let relation = row.required(Column::Relation, errors, Relation::parse);
        let acquired_on = row.required(Column::AcquiredOn, errors, day);
        let lost_on = row.optional(Column::LostOn, errors, day);
        let user_id = row.optional(Column::UserId, errors, UserId::parse);
        let email = match self.skips_bad_addresses {
            true => Some(row.optional(Column::Email, bad_addresses, email).flatten()),
            false => row.optional(Column::Email, errors, email),
        };
        let password = row.exact(Column::InitialPassword).trim();
        let has_password = match cell::showable(password) {
            Ok(()) => Some(!password.is_empty()),
            Err(message) => {
                errors.add(row.number, row.heading(Column::InitialPassword), message);
                None
            }
        };
        if let (Some(acquired), Some(Some(lost))) = (acquired_on, lost_on)
            && lost < acquired
        {
            errors.add(row.number, row.heading(Column::LostOn), "資格取得日より前です");
        }
        if let (Some(user_id), Some(has_password)) = (&user_id, has_password) {
            self.check_credential(row, user_id.is_some(), has_password, errors);
        }
        let unread = person_code.clone();
        let member = || {
            Some(StagedMember {
                row: row.line(),
                person_code: person_code?,
                household_code: household_code?,
                insurer_number: insurer_number?,
                symbol: symbol?.unwrap_or_default(),
                number: number?,
                branch: branch?,
                name: name?,
                kana: kana?,
                birthdate: birthdate?,
                relation: relation?.name(),
                acquired_on: acquired_on?,
                lost_on: lost_on?,
                user_id: user_id?.map(|user_id| user_id.as_str().to_owned()),
                email: email?.map(|email| email.as_str().to_owned()),
                login_id: LoginId::new(&self.clock),
                by_letter: has_password?,
                initial_password_hash: None,
            })
        };
        member().ok_or(unread)
    }

    fn insurer(&self, text: &str) -> Result<String, String> {
        let number: InsurerNumber = code(text, 8)?.parse().map_err(str::to_owned)?;
        if self.insurer_numbers.is_empty() || self.insurer_numbers.contains(&number) {
            Ok(number.to_string())
        } else {
            Err(format!("この組合の保険者番号ではありません: {number}"))
        }
    }

    fn past(&self, text: &str) -> Result<NaiveDate, String> {
        let date = day(text)?;
        if date > self.clock.today() { Err("未来の日付です".to_owned()) } else { Ok(date) }
    }

    /// Checks that a user ID and a password go together. If a user ID has no password in the file, the first password
    /// follows from the union's formula, so the union must have one.
    fn check_credential(
        &self,
        row: &Row<'_, MemberColumn>,
        has_id: bool,
        has_password: bool,
        errors: &mut RowErrors,
    ) {
        let mut wrong = |message: &str| {
            errors.add(row.number, row.heading(MemberColumn::InitialPassword), message);
        };
        if has_password && !has_id {
            wrong("ユーザIDがありません");
        }
        if has_password && !self.has_letters {
            wrong("この組合は仮パスワードを使いません");
        }
        if has_id && !has_password && !self.has_formula {
            wrong("空です（この組合には初期パスワードの計算式がありません）");
        }
    }
}

fn day(text: &str) -> Result<NaiveDate, String> {
    parse_date(text).ok_or_else(|| format!("「{text}」は日付ではありません"))
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
