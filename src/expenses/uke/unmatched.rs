//! Claims for which no person was found, and the file in which an operator gets them.

use std::fmt;
use std::io::{self, Write};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::base::money::Yen;
use crate::base::month::Month;
use crate::base::spreadsheet::{BOM, harmless};
use crate::expenses::care::Care;
use crate::expenses::import::layout::{COMPUTED, ExpenseColumn};
use crate::import::layout::Layout as _;

/// Columns beside those of the layout. The import skips them when the file comes back.
const HINTS: [&str; 6] = ["記号", "番号", "枝番", "生年月日", "氏名", "理由"];

/// A claim for which no person was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmatched {
    /// The line of its RE record.
    pub row: u64,
    /// The number that it gets in the ledger once its person is known.
    pub claim: String,
    pub reason: Reason,
    pub notice_month: Month,
    pub treatment_month: Month,
    pub institution: String,
    pub care: Care,
    pub days: i16,
    pub total: Yen,
    pub insurer: Yen,
    pub public: Yen,
    pub out_of_pocket: Yen,
    pub computed: bool,
    pub symbol: Option<String>,
    pub number: Option<String>,
    pub branch: Option<String>,
    pub birthdate: NaiveDate,
    /// The name as the claim writes it.
    pub patient: String,
}

/// The reason why no person was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    PublicPayer,
    Numbers,
    Insurer,
    Birthdate,
    Branch,
    Ambiguous,
}

/// The hash of the claims that an operator has in a file, to compare a later search with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptClaims {
    pub count: usize,
    sha256: [u8; 32],
}

impl KeptClaims {
    #[must_use]
    pub fn of(claims: &[Unmatched]) -> Self {
        let mut hash = Sha256::new();
        for claim in claims {
            hash.update(claim.row.to_be_bytes());
            hash.update(claim.reason.name());
        }
        Self { count: claims.len(), sha256: hash.finalize().into() }
    }
}

impl Reason {
    const ALL: [Self; 6] = [
        Self::PublicPayer,
        Self::Numbers,
        Self::Insurer,
        Self::Birthdate,
        Self::Branch,
        Self::Ambiguous,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::PublicPayer => "public_payer",
            Self::Numbers => "numbers",
            Self::Insurer => "insurer",
            Self::Birthdate => "birthdate",
            Self::Branch => "branch",
            Self::Ambiguous => "ambiguous",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PublicPayer => "公費だけの請求で、記号・番号がありません",
            Self::Numbers => "記号・番号が診療月に有効な世帯がありません",
            Self::Insurer => "記号・番号の世帯の保険者番号が違います",
            Self::Birthdate => "世帯に生年月日の合う人がいません",
            Self::Branch => "生年月日の合う人の枝番が違います",
            Self::Ambiguous => "生年月日の合う人が2人以上います",
        })
    }
}

impl Unmatched {
    /// Returns the cells of the layout's columns, by the columns' names; the other columns stay empty. The operator fills in
    /// the person's code.
    fn cells(&self) -> [(&'static str, String); 12] {
        [
            ("claim_number", self.claim.clone()),
            ("person_code", String::new()),
            ("notice_month", self.notice_month.to_string()),
            ("treatment_month", self.treatment_month.to_string()),
            ("institution", self.institution.clone()),
            ("care", self.care.japanese().to_owned()),
            ("days", self.days.to_string()),
            ("total", self.total.0.to_string()),
            ("insurer_paid", self.insurer.0.to_string()),
            ("public_paid", self.public.0.to_string()),
            ("out_of_pocket", self.out_of_pocket.0.to_string()),
            ("computed", if self.computed { COMPUTED.to_owned() } else { String::new() }),
        ]
    }

    /// Returns what helps the operator to find the person, in the order of [`HINTS`].
    fn hints(&self) -> [String; 6] {
        [
            self.symbol.clone().unwrap_or_default(),
            self.number.clone().unwrap_or_default(),
            self.branch.clone().unwrap_or_default(),
            self.birthdate.to_string(),
            self.patient.clone(),
            self.reason.to_string(),
        ]
    }
}

/// Writes claims as a CSV file of the documented layout. Once the people's codes are filled in, it is imported like any
/// other.
///
/// # Errors
/// The file can't be written.
pub fn write_unmatched(mut out: impl Write, claims: &[Unmatched]) -> io::Result<()> {
    out.write_all(BOM.as_bytes())?;
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    let headings = ExpenseColumn::COLUMNS.iter().map(|column| column.heading);
    writer.write_record(headings.chain(HINTS))?;
    for claim in claims {
        let cells = claim.cells();
        let layout = ExpenseColumn::COLUMNS.iter().map(|column| {
            let cell = cells.iter().find(|(name, _)| *name == column.name);
            cell.map_or_else(String::new, |(_, text)| harmless(text))
        });
        writer.write_record(layout.chain(claim.hints().map(harmless)))?;
    }
    writer.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim() -> Unmatched {
        Unmatched {
            row: 7,
            claim: "UKE-202609-1-131234567-1".to_owned(),
            reason: Reason::Birthdate,
            notice_month: Month::new(2026, 10).unwrap(),
            treatment_month: Month::new(2026, 8).unwrap(),
            institution: "サンプル, クリニック".to_owned(),
            care: Care::Outpatient,
            days: 2,
            total: Yen(12_960),
            insurer: Yen(9_072),
            public: Yen(3_588),
            out_of_pocket: Yen(300),
            computed: true,
            symbol: Some("101".to_owned()),
            number: Some("11".to_owned()),
            branch: None,
            birthdate: NaiveDate::from_ymd_opt(1979, 8, 22).unwrap(),
            patient: "=太郎".to_owned(),
        }
    }

    fn written(claims: &[Unmatched]) -> String {
        let mut bytes = Vec::new();
        write_unmatched(&mut bytes, claims).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn o2_unmatched_claims_are_a_file_of_the_layout_and_harmless() {
        let alone = Unmatched {
            insurer: Yen(0),
            public: Yen(12_460),
            out_of_pocket: Yen(500),
            computed: false,
            symbol: None,
            number: None,
            reason: Reason::PublicPayer,
            ..claim()
        };
        assert_eq!(
            written(&[claim(), alone]),
            "\u{feff}明細番号,個人コード,通知年月,診療年月,医療機関,診療区分,日数,医療費総額,保険者負担額,公費負担額,自己負担額,備考,訂正区分,自己負担額の区分,記号,番号,枝番,生年月日,氏名,理由\r\n\
             UKE-202609-1-131234567-1,,2026-10,2026-08,\"サンプル, クリニック\",通院,2,12960,9072,3588,300,,,計算,101,11,,1979-08-22,'=太郎,世帯に生年月日の合う人がいません\r\n\
             UKE-202609-1-131234567-1,,2026-10,2026-08,\"サンプル, クリニック\",通院,2,12960,0,12460,500,,,,,,,1979-08-22,'=太郎,公費だけの請求で、記号・番号がありません\r\n"
        );
    }

    #[test]
    fn o2_every_cell_has_its_column() {
        for (name, _) in claim().cells() {
            assert!(ExpenseColumn::COLUMNS.iter().any(|column| column.name == name), "{name}");
        }
        for hint in HINTS {
            assert!(ExpenseColumn::COLUMNS.iter().all(|column| column.heading != hint), "{hint}");
        }
        for reason in Reason::ALL {
            assert_eq!(Reason::from_name(reason.name()), Some(reason));
        }
    }
}
