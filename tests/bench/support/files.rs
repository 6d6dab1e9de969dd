//! Files of a medium union, in the layouts that an operator hands over, and of small unions beside it.
//! They are the same in every run.

use std::fs::File;
use std::io::{BufWriter, Result, Write as _};
use std::path::Path;

pub(crate) const MEMBERS: usize = 50_000;
pub(crate) const EXPENSES: usize = 1_000_000;
/// The sizes of households, in turn.
const FAMILY_SIZES: [usize; 4] = [4, 1, 2, 3];
/// The number of people who can sign in: the insured person of each of the first households.
pub(crate) const SUBSCRIBERS: usize = 1_000;
/// The number of people who can sign in in the neighbouring union.
pub(crate) const NEIGHBOURS: usize = 64;
/// The number of rows of the first household in [`BUSY_MONTH`], and again in [`BUSY_YEAR`].
pub(crate) const BUSY_ROWS: usize = 300;
/// Other households have no rows in this month.
pub(crate) const BUSY_MONTH: &str = "2025-09";
pub(crate) const AFTER_BUSY_MONTH: &str = "2025-10";
/// There are no other rows in this year.
pub(crate) const BUSY_YEAR: usize = 2023;
/// Only these rows have this institution.
pub(crate) const BUSY_INSTITUTION: &str = "みほん総合クリニック";
/// The other rows' notices begin in January of this year, one each month.
const OTHERS_BEGIN: usize = 2024;
/// The years of all notices.
pub(crate) const YEARS: [usize; 3] = [2023, 2024, 2025];
pub(crate) const FIRST_NOTICE: &str = "2023-01-01";
/// Numbers of earlier years' claims are below.
const FIRST_CLAIM: usize = 100_000_000;

pub(crate) const INSTITUTIONS: [&str; 8] = [
    "サンプル内科クリニック",
    "みほん整骨院",
    "あおば薬局",
    "サンプルこどもクリニック",
    "見本市立総合病院",
    "れんげ歯科医院",
    "見本記念病院 第二診療所",
    "",
];
const CARE: [&str; 8] = ["通院", "柔整", "調剤", "通院", "入院", "歯科", "通院", "訪問看護"];
/// It has no common factor with [`MEMBERS`], so it visits all people once, in no useful order.
pub(crate) const STRIDE: usize = 31_337;

/// The number of people in a union.
#[derive(Clone, Copy)]
pub(crate) struct People {
    /// The first letter of their codes. It differs between unions, because the bench looks people
    /// up by code only.
    initial: char,
    members: usize,
    /// The insured person of each of the first households can sign in.
    pub(crate) subscribers: usize,
}

pub(crate) const PEOPLE: People =
    People { initial: INITIAL, members: MEMBERS, subscribers: SUBSCRIBERS };
pub(crate) const PEOPLE_NEXT_DOOR: People =
    People { initial: 'N', members: 4 * NEIGHBOURS, subscribers: NEIGHBOURS };
pub(crate) const ONE_FAMILY: People =
    People { initial: 'M', members: FAMILY_SIZES[0], subscribers: 1 };
const INITIAL: char = 'R';

/// Returns the code of the insured person, which is also the household's.
pub(crate) fn insured_code(household: usize) -> String {
    let cycle: usize = FAMILY_SIZES.iter().sum();
    let before: usize = FAMILY_SIZES.iter().take(household % FAMILY_SIZES.len()).sum();
    person_code(INITIAL, household / FAMILY_SIZES.len() * cycle + before)
}

pub(crate) fn user_id(subscriber: usize) -> String {
    format!("bench{subscriber:04}")
}

pub(crate) fn email(subscriber: usize) -> String {
    format!("{}@example.jp", user_id(subscriber))
}

/// Returns the insured person's birthdate: `1970-05-12`.
pub(crate) fn birthdate(household: usize) -> String {
    format!("{}-05-12", 1970 + household % 30)
}

fn person_code(initial: char, person: usize) -> String {
    format!("{initial}{person:06}")
}

/// Writes a file for `kosmo members import`.
pub(crate) fn write_members(path: &Path, people: People) -> Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(
        file,
        "個人コード,世帯コード,保険者番号,記号,番号,枝番,氏名,氏名カナ,生年月日,続柄,資格取得日,資格喪失日,ユーザID,メールアドレス,仮パスワード"
    )?;
    let mut person = 0;
    for (household, size) in FAMILY_SIZES.iter().cycle().enumerate() {
        if person >= people.members {
            break;
        }
        let insured = person_code(people.initial, person);
        for place in 0..*size {
            let (relation, birthdate) = match place {
                0 => ("本人", birthdate(household)),
                1 => ("配偶者", birthdate(household)),
                _ => ("子", format!("{}-05-12", 2005 + household % 15)),
            };
            let credential = if place == 0 && household < people.subscribers {
                format!("{},{},Hagaki-2026", user_id(household), email(household))
            } else {
                ",,".to_owned()
            };
            writeln!(
                file,
                "{},{insured},06139927,{},{},{place:02},見本　{place}郎,ミホン　タロウ,{birthdate},{relation},2020-04-01,,{credential}",
                person_code(people.initial, person),
                100 + household % 50,
                household + 1,
            )?;
            person += 1;
        }
    }
    file.flush()
}

/// Writes a file for `kosmo expenses import`.
pub(crate) fn write_expenses(path: &Path) -> Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(
        file,
        "明細番号,個人コード,通知年月,診療年月,医療機関,診療区分,日数,医療費総額,保険者負担額,公費負担額,自己負担額,備考"
    )?;
    for row in 0..EXPENSES {
        let kind = row * 7 % INSTITUTIONS.len();
        let total = 1_000 + row * 7_919 % 90_000;
        let (insurer, own) = (total * 7 / 10, total - total * 7 / 10);
        let Place { person, notice, treatment, institution } = Place::of(row);
        writeln!(
            file,
            "{},{},{notice},{treatment},{},{},{},{total},{insurer},0,{own},",
            FIRST_CLAIM + row,
            person_code(INITIAL, person),
            institution.unwrap_or(INSTITUTIONS[kind]),
            CARE[kind],
            1 + row % 5,
        )?;
    }
    file.flush()
}

/// The person and the months of a row.
struct Place {
    person: usize,
    notice: String,
    treatment: String,
    /// An institution other than the usual ones.
    institution: Option<&'static str>,
}

impl Place {
    /// Places a row: first everybody's rows month by month, then the busy month's, then the busy
    /// year's.
    fn of(row: usize) -> Self {
        let busy = |row: usize, notice, treatment| Self {
            person: row % FAMILY_SIZES[0],
            notice,
            treatment,
            institution: Some(BUSY_INSTITUTION),
        };
        if let Some(row) = row.checked_sub(EXPENSES - BUSY_ROWS) {
            let months = row * 12 / BUSY_ROWS;
            return busy(row, month(BUSY_YEAR, months), month(BUSY_YEAR - 1, 10 + months));
        }
        if let Some(row) = row.checked_sub(EXPENSES - 2 * BUSY_ROWS) {
            return busy(row, BUSY_MONTH.to_owned(), "2025-07".to_owned());
        }
        let months = row / MEMBERS;
        Self {
            person: row * STRIDE % MEMBERS,
            notice: month(OTHERS_BEGIN, months),
            treatment: month(OTHERS_BEGIN, months.saturating_sub(2)),
            institution: None,
        }
    }
}

/// Returns the month that is `later` months after January of a year.
fn month(year: usize, later: usize) -> String {
    format!("{}-{:02}", year + later / 12, later % 12 + 1)
}
