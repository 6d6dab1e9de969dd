//! Reading and writing what people and older systems write: widths, eras, dates.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use unicode_normalization::UnicodeNormalization as _;

use crate::base::clock::jst;

/// Formats a day for pages and mails: 2024年10月24日.
#[must_use]
pub fn day(date: NaiveDate) -> String {
    date.format("%Y年%-m月%-d日").to_string()
}

/// Formats a day in both calendars: 1979年8月22日（昭和54年8月22日）. Before the eras it is in one.
#[must_use]
pub fn day_in_both_calendars(date: NaiveDate) -> String {
    let Some(era) = ERAS.iter().find(|era| era.had_begun(date)) else { return day(date) };
    let year = match date.year() - era.first_day.year() + 1 {
        1 => "元".to_owned(),
        year => year.to_string(),
    };
    format!("{}（{}{year}年{}）", day(date), era.name, date.format("%-m月%-d日"))
}

/// Formats a moment in Japan for pages and mails: 2024年10月24日 15:59.
#[must_use]
pub fn minute(at: DateTime<Utc>) -> String {
    jst(at).format("%Y年%-m月%-d日 %H:%M").to_string()
}

/// Folds to half-width letters, digits and signs and full-width kana (Unicode NFKC), drops all [invisible
/// marks](is_invisible), and trims. Use it for ids, numbers, dates and addresses. Never use it for a password,
/// nor for text in which a joiner changes how letters are drawn.
#[must_use]
pub fn fold(text: &str) -> String {
    text.chars().filter(|c| !is_invisible(*c)).nfkc().collect::<String>().trim().to_owned()
}

/// Folds a code that people copy: [`fold`], without any blank or dash.
#[must_use]
pub fn fold_code(text: &str) -> String {
    fold(text).chars().filter(|c| !c.is_whitespace() && !is_dash(*c)).collect()
}

/// Returns true if a character shows nothing by itself: zero-width blanks and joiners, marks of the writing
/// direction, a byte order mark, soft hyphens. Mail programs, chats and documents add them to copied text.
/// They are Unicode's format characters (Cf), without the few that are drawn.
#[must_use]
pub const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0001}'
            | '\u{e0020}'..='\u{e007f}'
    )
}

/// Returns true for what people and word processors write between the groups of a code: Unicode's dashes
/// (Pd) that [`fold`] leaves, the minus sign, and what a Japanese keyboard enters instead.
#[must_use]
pub const fn is_dash(c: char) -> bool {
    matches!(
        c,
        '-' | '\u{58a}'
            | '\u{5be}'
            | '\u{2010}'..='\u{2015}'
            | '\u{2043}'
            | '\u{2212}'
            | '\u{2500}'..='\u{2501}'
            | '\u{2e3a}'..='\u{2e3b}'
            | '\u{301c}'
            | '\u{30fc}'
            | '~'
    )
}

/// An era of the Japanese calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::base) struct Era {
    name: &'static str,
    letter: char,
    first_day: NaiveDate,
    /// The number of its last year. People write all of that year in this era.
    years: i32,
}

const fn era(name: &'static str, letter: char, first_day: (i32, u32, u32), years: i32) -> Era {
    let (year, month, day) = first_day;
    Era { name, letter, first_day: NaiveDate::from_ymd_opt(year, month, day).unwrap(), years }
}

const ERAS: [Era; 5] = [
    era("令和", 'R', (2019, 5, 1), 99),
    era("平成", 'H', (1989, 1, 8), 31),
    era("昭和", 'S', (1926, 12, 25), 64),
    era("大正", 'T', (1912, 7, 30), 15),
    // Before 1873, months were those of the old calendar.
    era("明治", 'M', (1868, 1, 1), 45),
];

impl Era {
    /// Converts a year of the era to the western calendar. Returns `None` if the era has no such
    /// year.
    pub(in crate::base) fn year(self, year: i32) -> Option<i32> {
        (1..=self.years).contains(&year).then(|| self.first_day.year() - 1 + year)
    }

    pub(in crate::base) fn had_begun(self, day: NaiveDate) -> bool {
        day >= self.first_day
    }
}

/// The reason why a text is not a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoDate {
    /// It is not written like a date.
    Unreadable,
    /// It is written like a date, but the calendar has no such day: 20260230.
    NoSuchDay,
}

/// Reads a date as [`read_date`] does, without the reason for a failure.
#[must_use]
pub fn parse_date(text: &str) -> Option<NaiveDate> {
    read_date(text).ok()
}

/// Reads a date as people write it, in any width: 19790822, 1979/8/22, 1979-08-22, 1979年8月22日,
/// 昭和54年8月22日, S54.8.22.
pub fn read_date(text: &str) -> Result<NaiveDate, NoDate> {
    let text = fold(text).replace("元年", "1年");
    if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) {
        return date(&text[..4], &text[4..6], &text[6..], None);
    }
    let (rest, era) = strip_era(&text);
    let separators = ['年', '月', '日', '/', '.', '-'];
    let rest = rest.strip_suffix('日').unwrap_or(rest);
    let parts: Vec<&str> = rest.split(separators).map(str::trim).collect();
    match parts.as_slice() {
        [year, month, day] => date(year, month, day, era),
        _ => Err(NoDate::Unreadable),
    }
}

/// Splits an era's name or letter off and returns the rest with the era.
pub(in crate::base) fn strip_era(text: &str) -> (&str, Option<Era>) {
    for era in ERAS {
        let rest = text
            .strip_prefix(era.name)
            .or_else(|| text.strip_prefix(era.letter))
            .or_else(|| text.strip_prefix(era.letter.to_ascii_lowercase()));
        if let Some(rest) = rest {
            return (rest.trim_start_matches('.'), Some(era));
        }
    }
    (text, None)
}

fn date(year: &str, month: &str, day: &str, era: Option<Era>) -> Result<NaiveDate, NoDate> {
    let number = |part: &str, most: usize| -> Result<u32, NoDate> {
        let digits = (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        part.parse().ok().filter(|_| digits).ok_or(NoDate::Unreadable)
    };
    let year = number(year, if era.is_none() { 4 } else { 2 })?.cast_signed();
    let (month, day) = (number(month, 2)?, number(day, 2)?);
    let year = era.map_or(Some(year), |era| era.year(year)).ok_or(NoDate::NoSuchDay)?;
    if !(1868..2200).contains(&year) {
        return Err(NoDate::Unreadable);
    }
    NaiveDate::from_ymd_opt(year, month, day)
        .filter(|day| era.is_none_or(|era| era.had_begun(*day)))
        .ok_or(NoDate::NoSuchDay)
}

/// Returns true for letters of other scripts that are drawn as nothing and occur in no Japanese
/// word.
const fn is_blank_letter(c: char) -> bool {
    matches!(
        c,
        '\u{34f}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{3164}' | '\u{ffa0}'
    )
}

/// Returns true if a reader sees nothing of the text: it has only blanks, [invisible](is_invisible) marks, blank
/// letters, the blank Braille cell, and marks that choose the shape of the letter before them.
#[must_use]
pub fn shows_nothing(text: &str) -> bool {
    let chooses_a_shape = |c: char| {
        matches!(
            c,
            '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}'
        )
    };
    text.chars().all(|c| {
        c.is_whitespace()
            || is_invisible(c)
            || is_blank_letter(c)
            || chooses_a_shape(c)
            || c == '\u{2800}'
    })
}

/// Returns the first character that can't be shown, or that breaks a line where none should end: U+FFFD,
/// [invisible](is_invisible) marks, blank letters, line separators, and noncharacters.
#[must_use]
pub fn unshowable(text: &str) -> Option<char> {
    let parts_lines = |c: char| matches!(c, '\u{2028}'..='\u{2029}');
    let no_character =
        |c: char| matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe;
    text.chars().find(|c| {
        *c == char::REPLACEMENT_CHARACTER
            || is_invisible(*c)
            || is_blank_letter(*c)
            || parts_lines(*c)
            || no_character(*c)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_written_in_both_calendars() {
        for (date, written) in [
            ("1979-08-22", "1979年8月22日（昭和54年8月22日）"),
            ("1989-01-07", "1989年1月7日（昭和64年1月7日）"),
            ("1989-01-08", "1989年1月8日（平成元年1月8日）"),
            ("2019-05-01", "2019年5月1日（令和元年5月1日）"),
            ("2026-11-21", "2026年11月21日（令和8年11月21日）"),
            ("1867-12-31", "1867年12月31日"),
        ] {
            assert_eq!(day_in_both_calendars(date.parse().unwrap()), written);
        }
    }

    #[test]
    fn a_date_is_read_in_every_way_it_is_written() {
        let expected = NaiveDate::from_ymd_opt(1979, 8, 22);
        for text in [
            "19790822",
            "１９７９０８２２",
            " 1979/8/22 ",
            "1979-08-22",
            "1979年8月22日",
            "昭和54年8月22日",
            "S54.8.22",
            "s54/8/22",
            "S.54.8.22",
            "昭和５４年８月２２日",
        ] {
            assert_eq!(parse_date(text), expected, "{text}");
        }
        for (text, (year, month, day)) in [
            ("令和元年5月1日", (2019, 5, 1)),
            ("昭和64年1月7日", (1989, 1, 7)),
            ("平成31年12月31日", (2019, 12, 31)),
        ] {
            assert_eq!(parse_date(text), NaiveDate::from_ymd_opt(year, month, day), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for bad in [
            "",
            "1979",
            "79/8/22",
            "19790230",
            "1979/13/1",
            "1979/8/22/1",
            "2001-1-1-",
            "昭和54年",
            "昭和99年1月1日",
            "昭和0年1月1日",
            "S65.1.1",
            "平成32年1月1日",
            "大正16年1月1日",
            "令和元年4月30日",
            "平成元年1月7日",
            "昭和元年12月24日",
            "x",
        ] {
            assert_eq!(parse_date(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_day_that_the_calendar_has_not_is_told_from_what_is_no_date() {
        for text in ["20260230", "２０２６０２３０", "1979/13/1", "昭和54年2月29日", "20260000"]
        {
            assert_eq!(read_date(text), Err(NoDate::NoSuchDay), "{text}");
        }
        for text in ["", "79/8/22", "1979", "1979/8/22/1", "01010101", "x"] {
            assert_eq!(read_date(text), Err(NoDate::Unreadable), "{text}");
        }
    }

    #[test]
    fn days_and_minutes_are_japans() {
        assert_eq!(minute("2024-10-24T06:59:00Z".parse().unwrap()), "2024年10月24日 15:59");
        assert_eq!(day(NaiveDate::from_ymd_opt(2026, 4, 7).unwrap()), "2026年4月7日");
    }

    #[test]
    fn widths_are_folded() {
        assert_eq!(fold("　ＡＢＣ－１２３ "), "ABC-123");
        assert_eq!(fold("ﾃｽﾄ ﾀﾛｳ"), "テスト タロウ");
        assert_eq!(fold_code(" 123-４５６ "), "123456");
    }

    #[test]
    fn invisible_marks_around_and_inside_are_dropped() {
        for pasted in [
            "taro\u{200b}",
            "\u{202a}taro\u{202c}",
            "\u{feff} taro",
            "\u{2066}ta\u{ad}ro\u{2069}\u{200e}",
            " \u{2060} taro \u{200d}",
        ] {
            assert_eq!(fold(pasted), "taro", "{pasted:?}");
        }
        assert_eq!(fold("カ\u{200b}\u{3099}"), "ガ");
        assert_eq!(parse_date("\u{202a}1979/8/22\u{202c}"), NaiveDate::from_ymd_opt(1979, 8, 22));
    }

    #[test]
    fn a_text_of_which_nothing_can_be_seen_is_as_good_as_empty() {
        for empty in [
            "",
            " 　\t\n\u{a0}",
            "\u{200b}",
            "\u{feff}\u{202e} \u{ad}",
            "\u{3164}",
            "\u{ffa0}\u{115f}\u{1160}",
            "\u{2800}",
            "\u{fe0f}\u{e0100}\u{180e}",
        ] {
            assert!(shows_nothing(empty), "{empty:?}");
        }
        for shown in ["a", "\u{200b}a", "葛\u{e0100}", "ー", "・", "\u{301}", "\u{0}", "\u{fffd}"]
        {
            assert!(!shows_nothing(shown), "{shown:?}");
        }
    }

    #[test]
    fn a_code_is_read_whatever_dashes_part_it() {
        for dash in "-‐‑‒–—―−ー－ｰ﹘﹣⁃─━⸺〜～".chars() {
            assert_eq!(
                fold_code(&format!("123{dash}456")),
                "123456",
                "{dash} {}",
                dash.escape_unicode()
            );
        }
        assert_eq!(fold_code("\u{feff}123\u{200b} – 456\u{202c}"), "123456");
        assert_eq!(fold_code("12\u{301}3456"), "12\u{301}3456", "what shows is not dropped");
    }
}
