//! Records into claims. Pure: a record after another goes in, and a claim comes out where the next one
//! begins.
//!
//! A claim is an RE record and what follows it up to the next, under the institution of the last IR or
//! YK record. Records that say nothing of people and money are passed over, unknown ones too.

use chrono::NaiveDate;

use super::amounts::{Amounts, Insurance, Kind, Payer};
use super::end::End;
use super::layout::{
    self, DAYS, HO_INSURER, HO_NUMBER, HO_SYMBOL, Layout, MOST_POINTS, MOST_SHARE, POINTS,
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
    /// The name, or the kana where there is none.
    pub patient: String,
    pub birthdate: NaiveDate,
    pub branch: Option<String>,
    pub days: i64,
    pub amounts: Amounts,
    /// `None` where only public payers pay.
    pub insured: Option<Insured>,
}

/// Whom the insurance insures.
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
    /// What the last UK record calls an institution.
    dentist: String,
    /// Whether that record came after the last IR and RE records, and so belongs to what comes now.
    dentist_is_next: bool,
    open: Option<Open>,
    claims: u64,
    end: End,
}

/// Where the claims that follow come from.
enum Institution {
    Unknown,
    /// Its mistakes were told.
    Unreadable,
    /// Its record, which is read as the form of each claim has it.
    Known(u64, String),
}

/// A claim of which more may follow.
pub(super) struct Open {
    line: u64,
    head: Option<Head>,
    insured: Option<Insured>,
    /// What its HO says, or else its first KO.
    days: i64,
    points: i64,
    /// HO 負担金額.
    share: Option<Yen>,
    payers: Vec<Payer>,
    /// Where its last 負担金額 stands: the line, and the record's name.
    share_at: (u64, &'static str),
    branch: Option<String>,
    broken: bool,
}

/// What an RE record tells.
struct Head {
    number: String,
    kind: Kind,
    treatment_month: Month,
    institution: String,
    patient: String,
    birthdate: NaiveDate,
}

struct Place {
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

    /// Whether there was no claim at all, not even one with mistakes.
    pub fn is_empty(&self) -> bool {
        self.claims == 0
    }

    /// Takes a record in; the claim that it ends, if it was right.
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
                self.open = Some(Open::new(record.line, head));
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

    /// Ends the claim that is open, as the end of the file does.
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
        let kind = record.required(RE_KIND, errors, Kind::parse);
        let treatment_month =
            record.required(RE_MONTH, errors, |text| match layout::month(text)? {
                treated if treated > notice => Err("通知年月より後です".to_owned()),
                treated => Ok(treated),
            });
        let name = record.optional(RE_NAME, errors, |text| line(text, 100));
        let birthdate = record.required(RE_BIRTHDATE, errors, layout::day);
        let kind = kind?;
        let layout = Layout::of(kind.form);
        let kana = record.optional(layout.kana, errors, |text| code(text, 100));
        let place = self.place(record, layout, errors);
        let (number, treatment_month, birthdate) = (number?, treatment_month?, birthdate?);
        let (name, kana, place) = (name?, kana?, place?);
        Some(Head {
            // A month's claims lie side by side in the index of all claims. An institution's code is
            // its own only within its prefecture and form.
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

    /// The institution, read as a form has it; its mistakes are told once.
    fn place(
        &mut self,
        claim: Record<'_>,
        layout: &Layout,
        errors: &mut RowErrors,
    ) -> Option<Place> {
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
            Some(Place {
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

impl Open {
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

    /// HO and KO records of the claim, and its points, as the file's end counts them; `None` where they
    /// can't be read.
    pub(super) fn counted(&self) -> Option<(i64, i64)> {
        let readable = self.head.is_some() && !self.broken;
        let records = usize::from(self.insured.is_some()) + self.payers.len();
        readable.then(|| (i64::try_from(records).unwrap_or(i64::MAX), self.points))
    }

    /// Takes in what belongs to the claim; nothing can be said of it where the form is not known.
    fn take(&mut self, record: Record<'_>, errors: &mut RowErrors) {
        let Some(head) = &self.head else { return };
        let layout = Layout::of(head.kind.form);
        let taken = match record.name() {
            "HO" => self.take_insurance(record, layout, errors),
            "KO" => self.take_payer(record, layout, errors),
            _ => self.take_branch(record, layout, errors),
        };
        self.broken |= taken.is_none();
    }

    /// Numbers that are no numbers of ours are not the file's mistake: the claim finds nobody then.
    fn take_insurance(
        &mut self,
        record: Record<'_>,
        layout: &Layout,
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

    /// Several may pay. Where no insurance does, the first tells days and points.
    fn take_payer(
        &mut self,
        record: Record<'_>,
        layout: &Layout,
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
        // Points that it leaves open are the claim's.
        self.payers.push(Payer { points: points.unwrap_or(self.points), share });
        self.share_at = (record.line, "KO 負担金額");
        Some(())
    }

    /// There may be such a record for the insurer and for each public payer: the first that tells counts.
    fn take_branch(
        &mut self,
        record: Record<'_>,
        layout: &Layout,
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
