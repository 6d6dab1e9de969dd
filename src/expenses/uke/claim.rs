//! Puts records together to claims. Pure: records go in one by one, and a claim comes out when the next one begins.
//!
//! A claim is an RE record with the records up to the next RE; its institution is that of the last IR or YK record. Records
//! that say nothing about people or money are skipped, and so are unknown records.

use chrono::NaiveDate;

use super::amounts::{Amounts, ClaimKind, Insurance, Payer};
use super::end::End;
use super::layout::{
    self, ClaimLayout, DAYS, HO_INSURER, HO_NUMBER, HO_SYMBOL, MOST_POINTS, MOST_SHARE, POINTS,
    RE_BIRTHDATE, RE_KIND, RE_MONTH, RE_NAME, RE_NUMBER, SN_BRANCH, UK_NAME,
};
use super::records::Record;
use crate::base::money::Yen;
use crate::base::month::Month;
use crate::expenses::care::Care;
use crate::import::RowErrors;
use crate::import::rows::{code, line};

/// One claim.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Claim {
    /// The line of its RE record.
    pub line: u64,
    pub number: String,
    pub treatment_month: Month,
    pub institution: String,
    pub care: Care,
    /// The name, or the kana if there is no name.
    pub patient: String,
    pub birthdate: NaiveDate,
    pub branch: Option<String>,
    pub days: i64,
    pub amounts: Amounts,
    /// `None` if public payers alone pay.
    pub insured: Option<Insured>,
}

/// The numbers of an insured household.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Insured {
    pub insurer_number: String,
    pub symbol: String,
    pub number: String,
}

/// Puts claims together.
pub(super) struct Parser {
    notice: Month,
    institution: Institution,
    /// The name of an institution in the last UK record.
    dentist: String,
    /// True if that record came after the last IR and RE records, so that it belongs to the next ones.
    dentist_is_next: bool,
    open: Option<OpenClaim>,
    claims: u64,
    end: End,
}

/// The institution of the claims that follow.
enum Institution {
    Unknown,
    /// The record has mistakes, which were noted.
    Unreadable,
    /// The line and text of the record, whose layout depends on the form of each claim.
    Known(u64, String),
}

/// A claim to which more records may belong.
pub(super) struct OpenClaim {
    line: u64,
    head: Option<Head>,
    insured: Option<Insured>,
    /// The days and points of the HO record, or of the first KO record if there is no HO.
    days: i64,
    points: i64,
    /// HO 負担金額.
    share: Option<Yen>,
    payers: Vec<Payer>,
    /// The line and the name of the field in which the last 負担金額 stands.
    share_at: (u64, &'static str),
    branch: Option<String>,
    broken: bool,
}

/// The contents of an RE record.
struct Head {
    number: String,
    kind: ClaimKind,
    treatment_month: Month,
    institution: String,
    patient: String,
    birthdate: NaiveDate,
}

struct InstitutionRecord {
    code: String,
    month: Month,
    name: String,
}

impl Parser {
    pub fn new(notice: Month) -> Self {
        Self {
            notice,
            institution: Institution::Unknown,
            dentist: String::new(),
            dentist_is_next: false,
            open: None,
            claims: 0,
            end: End::default(),
        }
    }

    /// Returns true if there was no claim at all, not even one with mistakes.
    pub fn is_empty(&self) -> bool {
        self.claims == 0
    }

    /// Takes a record in. Returns the claim that it ends, unless that has mistakes.
    pub fn take(&mut self, record: Record<'_>, errors: &mut RowErrors) -> Option<Claim> {
        match record.name() {
            "UK" => {
                let ended = self.close(errors);
                let name = record.optional(UK_NAME, errors, |text| line(text, 120));
                self.dentist = name.flatten().unwrap_or_default();
                self.dentist_is_next = true;
                ended
            }
            "IR" | "YK" => {
                let ended = self.close(errors);
                if !std::mem::take(&mut self.dentist_is_next) {
                    self.dentist.clear();
                }
                self.institution = Institution::Known(record.line, record.text().to_owned());
                ended
            }
            "GO" => {
                let ended = self.close(errors);
                self.end.close(record, errors);
                ended
            }
            "RE" => {
                let ended = self.close(errors);
                self.claims += 1;
                self.dentist_is_next = false;
                let head = self.head(record, errors);
                self.open = Some(OpenClaim::new(record.line, head));
                ended
            }
            "HO" | "KO" | "SN" => {
                match &mut self.open {
                    Some(open) => open.take(record, errors),
                    None => errors.add(record.line, record.name(), "REレコードより前にあります"),
                }
                None
            }
            _ => None,
        }
    }

    /// Ends the open claim, as the end of the file does.
    pub fn close(&mut self, errors: &mut RowErrors) -> Option<Claim> {
        let open = self.open.take()?;
        self.end.count(open.counted());
        open.close(errors)
    }

    /// Returns true if the file's last record is the one that ends a file.
    pub fn has_ended(&self) -> bool {
        self.end.is_closed()
    }

    fn head(&mut self, record: Record<'_>, errors: &mut RowErrors) -> Option<Head> {
        let notice = self.notice;
        let number = record.required(RE_NUMBER, errors, |text| code(text, 20));
        let kind = record.required(RE_KIND, errors, ClaimKind::parse);
        let treatment_month =
            record.required(RE_MONTH, errors, |text| match layout::month(text)? {
                treated if treated > notice => Err("通知年月より後です".to_owned()),
                treated => Ok(treated),
            });
        let name = record.optional(RE_NAME, errors, |text| line(text, 100));
        let birthdate = record.required(RE_BIRTHDATE, errors, layout::day);
        let kind = kind?;
        let layout = ClaimLayout::of(kind.form);
        let kana = record.optional(layout.kana, errors, |text| code(text, 100));
        let place = self.place(record, layout, errors);
        let (number, treatment_month, birthdate) = (number?, treatment_month?, birthdate?);
        let (name, kana, place) = (name?, kana?, place?);
        Some(Head {
            // The month comes first so that a month's claims lie side by side in the index of all claims. An
            // institution's code is unique only within its prefecture and form.
            number: format!(
                "UKE-{}-{}-{}-{number}",
                place.month.first_day().format("%Y%m"),
                kind.form.digit(),
                place.code
            ),
            kind,
            treatment_month,
            institution: place.name,
            patient: name.or(kana).unwrap_or_default(),
            birthdate,
        })
    }

    /// Reads the institution's record by the layout of a claim's form. Its mistakes are noted once.
    fn place(
        &mut self,
        claim: Record<'_>,
        layout: &ClaimLayout,
        errors: &mut RowErrors,
    ) -> Option<InstitutionRecord> {
        let record = match &self.institution {
            Institution::Known(line, text) => Record::new(*line, text),
            Institution::Unreadable => return None,
            Institution::Unknown => {
                let message = "医療機関のレコード（IR・YK）より前にあります";
                errors.add(claim.line, claim.name(), message);
                return None;
            }
        };
        if record.name() != layout.place {
            let message = format!("{}レコードの医療機関の種別ではありません", record.name());
            claim.wrong(RE_KIND, message, errors);
            return None;
        }
        let prefecture = record.optional(layout::PREFECTURE, errors, |text| code(text, 2));
        let own_code = record.required(layout::CODE, errors, |text| code(text, 20));
        let month = record.required(layout.month, errors, layout::month);
        let name = match layout.name {
            Some(field) => record.optional(field, errors, |text| line(text, 120)),
            None => Some(Some(self.dentist.clone())),
        };
        let place = || {
            Some(InstitutionRecord {
                code: prefecture?.unwrap_or_default() + &own_code?,
                month: month?,
                name: name?.unwrap_or_default(),
            })
        };
        let place = place();
        if place.is_none() {
            self.institution = Institution::Unreadable;
        }
        place
    }
}

impl OpenClaim {
    fn new(line: u64, head: Option<Head>) -> Self {
        Self {
            line,
            head,
            insured: None,
            days: 0,
            points: 0,
            share: None,
            payers: Vec::new(),
            share_at: (line, "RE"),
            branch: None,
            broken: false,
        }
    }

    /// Returns the number of HO and KO records of the claim, and its points, as the file's end counts them; `None` if
    /// they can't be read.
    pub(super) fn counted(&self) -> Option<(i64, i64)> {
        let readable = self.head.is_some() && !self.broken;
        let records = usize::from(self.insured.is_some()) + self.payers.len();
        readable.then(|| (i64::try_from(records).unwrap_or(i64::MAX), self.points))
    }

    /// Takes in a record of the claim. If the form is unknown, the record can't be read and is skipped.
    fn take(&mut self, record: Record<'_>, errors: &mut RowErrors) {
        let Some(head) = &self.head else { return };
        let layout = ClaimLayout::of(head.kind.form);
        let taken = match record.name() {
            "HO" => self.take_insurance(record, layout, errors),
            "KO" => self.take_payer(record, layout, errors),
            _ => self.take_branch(record, layout, errors),
        };
        self.broken |= taken.is_none();
    }

    /// Takes in the HO record. Numbers that are not the union's are no mistake of the file: no person is found then.
    fn take_insurance(
        &mut self,
        record: Record<'_>,
        layout: &ClaimLayout,
        errors: &mut RowErrors,
    ) -> Option<()> {
        if self.insured.is_some() {
            errors.add(record.line, record.name(), "1件のレセプトに2つあります");
            return None;
        }
        let insurer_number = record.optional(HO_INSURER, errors, |text| code(text, 20));
        let symbol = record.optional(HO_SYMBOL, errors, |text| code(text, 40));
        let number = record.optional(HO_NUMBER, errors, |text| code(text, 40));
        let days = record.required(DAYS, errors, |text| layout::whole(text, 999));
        let points = record.required(POINTS, errors, |text| layout::whole(text, MOST_POINTS));
        let share = record.optional(layout.share, errors, |text| layout::whole(text, MOST_SHARE));
        self.insured = Some(Insured {
            insurer_number: format!("{:0>8}", insurer_number?.unwrap_or_default()),
            symbol: symbol?.unwrap_or_default(),
            number: number?.unwrap_or_default(),
        });
        (self.days, self.points, self.share) = (days?, points?, share?.map(Yen));
        self.share_at = (record.line, "HO 負担金額");
        Some(())
    }

    /// Takes in a KO record, of which there may be several. If there is no insurance, the first has the days and points.
    fn take_payer(
        &mut self,
        record: Record<'_>,
        layout: &ClaimLayout,
        errors: &mut RowErrors,
    ) -> Option<()> {
        let alone = self.insured.is_none() && self.payers.is_empty();
        let days = record.optional(DAYS, errors, |text| layout::whole(text, 999));
        let points = match alone {
            true => {
                record.required(POINTS, errors, |text| layout::whole(text, MOST_POINTS)).map(Some)
            }
            false => record.optional(POINTS, errors, |text| layout::whole(text, MOST_POINTS)),
        };
        let share =
            record.optional(layout.public_share, errors, |text| layout::whole(text, MOST_SHARE));
        let (days, points, share) = (days?, points?, share?.map(Yen));
        if alone {
            (self.days, self.points) = (days.unwrap_or_default(), points.unwrap_or_default());
        }
        // A blank stands for all points of the claim.
        self.payers.push(Payer { points: points.unwrap_or(self.points), share });
        self.share_at = (record.line, "KO 負担金額");
        Some(())
    }

    /// Takes in an SN record. There may be one for the insurer and for each public payer; the first with a branch counts.
    fn take_branch(
        &mut self,
        record: Record<'_>,
        layout: &ClaimLayout,
        errors: &mut RowErrors,
    ) -> Option<()> {
        if layout.has_branch {
            let told = record.optional(SN_BRANCH, errors, layout::branch)?;
            self.branch = self.branch.take().or(told);
        }
        Some(())
    }

    fn close(self, errors: &mut RowErrors) -> Option<Claim> {
        let head = self.head?;
        if self.broken {
            return None;
        }
        if self.insured.is_none() && self.payers.is_empty() {
            errors.add(self.line, "RE", "保険者（HO）も公費（KO）もありません");
            return None;
        }
        let insurance =
            self.insured.is_some().then_some(Insurance { kind: head.kind, share: self.share });
        let amounts = Amounts::of(self.points, insurance, &self.payers)
            .map_err(|message| errors.add(self.share_at.0, self.share_at.1, message))
            .ok()?;
        Some(Claim {
            line: self.line,
            number: head.number,
            treatment_month: head.treatment_month,
            institution: head.institution,
            care: head.kind.care,
            patient: head.patient,
            birthdate: head.birthdate,
            branch: self.branch,
            days: self.days,
            amounts,
            insured: self.insured,
        })
    }
}

#[cfg(test)]
mod tests;
