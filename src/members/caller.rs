//! The check of a caller (§7 of the insurers' sheet): staff type what a caller says, and learn of each item whether it is right.
//! They don't see the truth, so that nobody can be prompted.

use chrono::NaiveDate;

use super::search::normal::{kana_key, katakana, name_key, number_key};
use crate::auth::context::Context;
use crate::auth::help_desk::caller::{CallerAnswers, closed_until, keep};
use crate::auth::help_desk::{FurtherItem, HelpError, HelpRefusal, subject};
use crate::auth::staff::act::CheckCaller;
use crate::auth::staff::desk::Desk;
use crate::base::ids::TenantId;
use crate::base::japanese::{fold, parse_date};

/// The words of a caller. They are compared, and kept nowhere.
#[derive(Debug, Clone, Copy)]
pub struct CallersWords<'w> {
    pub name: &'w str,
    pub symbol: &'w str,
    pub number: &'w str,
    pub birthdate: &'w str,
    pub further: FurtherItem,
    pub further_words: &'w str,
}

/// The result of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallerCheck {
    pub answers: CallerAnswers,
    /// True if this failure has closed the telephone for a day.
    pub closes: bool,
}

/// The facts about a person that the registry has.
#[derive(Debug, Clone)]
struct Known {
    name: String,
    kana: String,
    symbol: String,
    number: String,
    birthdate: NaiveDate,
    branch: String,
    acquired_on: NaiveDate,
    /// The birthdates of the others of the household.
    family: Vec<NaiveDate>,
}

/// Compares a caller's words with the registry, and keeps which were right.
///
/// # Errors
/// [`HelpRefusal::TelephoneClosed`], and [`HelpError::Unknown`] if the person is not in the registry any more.
pub async fn check(
    desk: &mut Desk<CheckCaller>,
    cx: Context<'_>,
    code: &str,
    words: CallersWords<'_>,
) -> Result<CallerCheck, HelpError> {
    let person = subject::take(desk, code).await?;
    if closed_until(desk.tx(), cx.clock, code).await?.is_some() {
        return Err(HelpRefusal::TelephoneClosed.into());
    }
    let tx = desk.tx();
    let row = sqlx::query!(
        r#"select m.acquired_on,
                  array(select f.birthdate from members f
                        where f.tenant_id = $1 and f.household_code = m.household_code
                          and f.code <> m.code) as "family!"
           from members m where m.tenant_id = $1 and m.code = $2"#,
        tx.tenant() as TenantId,
        code
    )
    .fetch_one(tx.conn())
    .await?;
    let known = Known {
        name: person.name.clone(),
        kana: person.kana.clone(),
        symbol: person.symbol.clone(),
        number: person.number.clone(),
        birthdate: person.birthdate,
        branch: person.branch.clone(),
        acquired_on: row.acquired_on,
        family: row.family,
    };
    let answers = known.compare(words);
    let kept = keep(desk, cx, &person, &answers).await?;
    Ok(CallerCheck { answers, closes: kept.closes })
}

impl Known {
    fn compare(&self, words: CallersWords<'_>) -> CallerAnswers {
        let CallersWords { name, symbol, number, birthdate, further, further_words } = words;
        let is_day = |text: &str, day| parse_date(text) == Some(day);
        let born = |text: &str| self.family.iter().any(|day| is_day(text, *day));
        CallerAnswers {
            name: self.is_name(name),
            symbol: number_key(&fold(symbol), "") == number_key(&fold(&self.symbol), ""),
            number: !fold(number).is_empty()
                && number_key("", &fold(number)) == number_key("", &fold(&self.number)),
            birthdate: is_day(birthdate, self.birthdate),
            further,
            further_matched: match further {
                FurtherItem::Branch => digits(further_words) == digits(&self.branch),
                FurtherItem::AcquiredOn => is_day(further_words, self.acquired_on),
                FurtherItem::FamilyBirthdate => born(further_words),
            },
        }
    }

    /// Compares a whole name, as it is written or as it is read.
    fn is_name(&self, text: &str) -> bool {
        let key = name_key(text);
        let read = katakana(text).map(|read| kana_key(&read));
        let kana = katakana(&self.kana).map(|read| kana_key(&read));
        !key.is_empty() && (key == name_key(&self.name) || read.is_some() && read == kana)
    }
}

/// Reads a 枝番, with or without the zero before it.
fn digits(text: &str) -> Option<u8> {
    let text = fold(text);
    text.parse().ok().filter(|_| text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RIGHT: CallersWords<'_> = CallersWords {
        name: "テスト 太郎",
        symbol: "101",
        number: "11",
        birthdate: "昭和54年8月22日",
        further: FurtherItem::Branch,
        further_words: "00",
    };

    fn taro() -> Known {
        let day = |text: &str| text.parse().unwrap();
        Known {
            name: "テスト　太郎".into(),
            kana: "テスト タロウ".into(),
            symbol: "101".into(),
            number: "0011".into(),
            birthdate: day("1979-08-22"),
            branch: "00".into(),
            acquired_on: day("2010-04-01"),
            family: vec![day("1981-02-03"), day("2008-11-21")],
        }
    }

    #[test]
    fn a3_a_callers_words_are_right_however_they_are_written() {
        let passes = |words: CallersWords<'_>| taro().compare(words).passed();
        assert!(passes(RIGHT));
        for name in ["テスト太郎", "ﾃｽﾄ ﾀﾛｳ", "てすと　たろう", "テスト・タロウ"]
        {
            assert!(passes(CallersWords { name, ..RIGHT }), "{name}");
        }
        for (symbol, number) in [("１０１", "１１"), ("0101", "11"), (" 101 ", "0011")] {
            assert!(passes(CallersWords { symbol, number, ..RIGHT }), "{symbol} {number}");
        }
        for birthdate in ["1979-08-22", "S54.8.22", "１９７９０８２２", "1979年8月22日"]
        {
            assert!(passes(CallersWords { birthdate, ..RIGHT }), "{birthdate}");
        }
        for (further, further_words) in [
            (FurtherItem::Branch, "0"),
            (FurtherItem::Branch, "００"),
            (FurtherItem::AcquiredOn, "平成22年4月1日"),
            (FurtherItem::FamilyBirthdate, "1981/2/3"),
            (FurtherItem::FamilyBirthdate, "H20.11.21"),
        ] {
            assert!(passes(CallersWords { further, further_words, ..RIGHT }), "{further_words}");
        }
    }

    #[test]
    fn a3_each_item_is_judged_alone_and_nothing_passes_for_an_answer() {
        let judged = |words| taro().compare(words);
        for name in ["", "テスト", "太郎", "テスト 太", "タロウ", "テスト 次郎", "ー", "%"]
        {
            let answers = judged(CallersWords { name, ..RIGHT });
            assert!(
                !answers.name && answers.symbol && answers.number && answers.birthdate,
                "{name}"
            );
        }
        for symbol in ["", "102", "10", "101-11"] {
            assert!(!judged(CallersWords { symbol, ..RIGHT }).symbol, "{symbol}");
        }
        for number in ["", " ", "1", "111", "0"] {
            assert!(!judged(CallersWords { number, ..RIGHT }).number, "{number}");
        }
        for birthdate in ["", "1979-08-23", "8月22日", "1979"] {
            assert!(!judged(CallersWords { birthdate, ..RIGHT }).birthdate, "{birthdate}");
        }
        for (further, further_words) in [
            (FurtherItem::Branch, ""),
            (FurtherItem::Branch, "01"),
            (FurtherItem::AcquiredOn, "2010-04-02"),
            (FurtherItem::FamilyBirthdate, "1979-08-22"),
            (FurtherItem::FamilyBirthdate, ""),
        ] {
            let answers = judged(CallersWords { further, further_words, ..RIGHT });
            assert!(!answers.further_matched && !answers.passed(), "{further_words}");
        }
    }

    #[test]
    fn a3_a_union_without_symbols_asks_for_none() {
        let known = Known { symbol: String::new(), ..taro() };
        assert!(known.compare(CallersWords { symbol: "", ..RIGHT }).passed());
        assert!(!known.compare(RIGHT).symbol);
    }
}
