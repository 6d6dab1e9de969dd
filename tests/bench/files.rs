//! A middling union's files, in the layouts an operator hands over. Every run makes the same ones.

use std::fs::File;
use std::io::{BufWriter, Result, Write as _};
use std::path::Path;

pub(crate) const MEMBERS: usize = 50_000;
pub(crate) const EXPENSES: usize = 1_000_000;
/// People of a household, household by household.
const FAMILY_SIZES: [usize; 4] = [4, 1, 2, 3];
/// People who can sign in: the insured person of each of the first households.
pub(crate) const SUBSCRIBERS: usize = 8;
/// The first household's rows in [`BUSY_MONTH`].
pub(crate) const BUSY_ROWS: usize = 300;
/// No other household has rows in it.
pub(crate) const BUSY_MONTH: &str = "2025-09";
pub(crate) const AFTER_BUSY_MONTH: &str = "2025-10";
/// The institution of those rows and of no others.
pub(crate) const BUSY_INSTITUTION: &str = "みほん総合クリニック";
/// The other rows' notices begin here, a month after the other.
const FIRST_NOTICE: (usize, usize) = (2024, 1);

const INSTITUTIONS: [&str; 8] = [
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
/// Shares no factor with [`MEMBERS`]: goes once through all people, in no useful order.
const STRIDE: usize = 31_337;

/// The insured person's code, and the household's.
pub(crate) fn insured_code(household: usize) -> String {
    let cycle: usize = FAMILY_SIZES.iter().sum();
    let before: usize = FAMILY_SIZES.iter().take(household % FAMILY_SIZES.len()).sum();
    person_code(household / FAMILY_SIZES.len() * cycle + before)
}

pub(crate) fn user_id(subscriber: usize) -> String {
    format!("bench{subscriber:04}")
}

fn person_code(person: usize) -> String {
    format!("R{person:06}")
}

/// `kosmo members import`
pub(crate) fn write_members(path: &Path) -> Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(
        file,
        "個人コード,世帯コード,保険者番号,記号,番号,枝番,氏名,氏名カナ,生年月日,続柄,資格取得日,資格喪失日,ユーザID,メールアドレス,仮パスワード"
    )?;
    let mut person = 0;
    for (household, size) in FAMILY_SIZES.iter().cycle().enumerate() {
        if person >= MEMBERS {
            break;
        }
        let insured = person_code(person);
        for place in 0..*size {
            let (relation, year) = match place {
                0 => ("本人", 1970 + household % 30),
                1 => ("配偶者", 1970 + household % 30),
                _ => ("子", 2005 + household % 15),
            };
            let credential = match household {
                0..SUBSCRIBERS if place == 0 => format!("{},,Hagaki-2026", user_id(household)),
                _ => ",,".to_owned(),
            };
            writeln!(
                file,
                "{},{insured},06139927,{},{},{place:02},見本　{place}郎,ミホン　タロウ,{year}-05-12,{relation},2020-04-01,,{credential}",
                person_code(person),
                100 + household % 50,
                household + 1,
            )?;
            person += 1;
        }
    }
    file.flush()
}

/// `kosmo expenses import`
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
        let (person, notice, treatment, institution) = if row + BUSY_ROWS < EXPENSES {
            let months = row / MEMBERS;
            let person = row * STRIDE % MEMBERS;
            (person, month(months), month(months.saturating_sub(2)), INSTITUTIONS[kind])
        } else {
            let person = row % FAMILY_SIZES[0];
            (person, BUSY_MONTH.to_owned(), "2025-07".to_owned(), BUSY_INSTITUTION)
        };
        writeln!(
            file,
            "{row:09},{},{notice},{treatment},{institution},{},{},{total},{insurer},0,{own},",
            person_code(person),
            CARE[kind],
            1 + row % 5,
        )?;
    }
    file.flush()
}

fn month(number: usize) -> String {
    let months = FIRST_NOTICE.0 * 12 + FIRST_NOTICE.1 - 1 + number;
    format!("{}-{:02}", months / 12, months % 12 + 1)
}
