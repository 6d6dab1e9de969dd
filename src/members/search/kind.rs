//! Guesses what staff typed into the search box.

use chrono::NaiveDate;

use super::normal::{kana_key, katakana, name_key, number_key};
use crate::auth::credentials::user_id::UserId;
use crate::base::email::EmailAddress;
use crate::base::japanese::{day, fold, is_dash, parse_date, shows_nothing};

/// The longest text that can be anything: an address or a user ID.
const LONGEST: usize = 255;
/// One character of kana would list a tenth of a union.
const LEAST_KANA: usize = 2;
/// The longest 記号 or 番号 in a members file.
const LONGEST_NUMBER: usize = 20;

/// The kind of a search, with what is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Criterion {
    /// 記号-番号, of a whole household or with 枝番 of one person.
    Number {
        key: String,
        branch: Option<String>,
        /// The parts as they were typed.
        shown: String,
    },
    /// The beginning of 氏名カナ.
    Kana(NamePrefix),
    /// The beginning of 氏名.
    Name(NamePrefix),
    Birthdate(NaiveDate),
    UserId(UserId),
    Email(EmailAddress),
}

/// The beginning of a name, and perhaps a birthdate to tell its bearers apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePrefix {
    pub key: String,
    pub birthdate: Option<NaiveDate>,
    /// The text as it was typed, folded.
    shown: String,
}

impl Criterion {
    /// Returns the name of the kind, for the trail and for a form that asks for another guess.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Number { .. } => "number",
            Self::Kana(_) => "kana",
            Self::Name(_) => "name",
            Self::Birthdate(_) => "birthdate",
            Self::UserId(_) => "user_id",
            Self::Email(_) => "email",
        }
    }

    /// Tells staff how their text is understood.
    #[must_use]
    pub fn words(&self) -> String {
        let (what, text, birthdate) = match self {
            Self::Number { key, shown, .. } if key.starts_with('-') => {
                ("番号", shown.clone(), None)
            }
            Self::Number { branch: None, shown, .. } => ("記号-番号", shown.clone(), None),
            Self::Number { shown, .. } => ("記号-番号-枝番", shown.clone(), None),
            Self::Kana(prefix) => ("氏名カナ", prefix.shown.clone(), prefix.birthdate),
            Self::Name(prefix) => ("氏名", prefix.shown.clone(), prefix.birthdate),
            Self::Birthdate(date) => ("生年月日", day(*date), None),
            Self::UserId(id) => ("ユーザID", id.as_str().to_owned(), None),
            Self::Email(address) => ("メールアドレス", address.as_str().to_owned(), None),
        };
        let birthdate = birthdate.map(|date| format!("、生年月日 {}", day(date)));
        format!("{what} {text}{} として検索", birthdate.unwrap_or_default())
    }

    fn with_birthdate(self, date: NaiveDate) -> Option<Self> {
        let born = |prefix| NamePrefix { birthdate: Some(date), ..prefix };
        match self {
            Self::Kana(prefix) => Some(Self::Kana(born(prefix))),
            Self::Name(prefix) => Some(Self::Name(born(prefix))),
            _ => None,
        }
    }
}

/// The ways in which a text can be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guesses {
    pub best: Criterion,
    /// The likelier come first.
    pub others: Vec<Criterion>,
}

/// The reason why nothing is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsearchable {
    #[error("検索する言葉を入力してください。")]
    Empty,
    #[error("検索する言葉は255文字以内で入力してください。")]
    TooLong,
    #[error("氏名カナは2文字以上で入力してください。")]
    TooShort,
    #[error(
        "検索に使えない文字です。記号-番号、氏名、生年月日、ユーザID、メールアドレスで検索できます。"
    )]
    Unreadable,
}

/// Guesses what a text is.
///
/// # Errors
/// [`Unsearchable`] if it can be nothing that people are found by. An empty text finds nobody.
pub fn guess(text: &str) -> Result<Guesses, Unsearchable> {
    // Folding can make a text eighteen times longer, so the length is checked before, too.
    if text.chars().count() > LONGEST {
        return Err(Unsearchable::TooLong);
    }
    let text = fold(text);
    if shows_nothing(&text) {
        return Err(Unsearchable::Empty);
    }
    if text.chars().count() > LONGEST {
        return Err(Unsearchable::TooLong);
    }
    if text.chars().any(|c| c.is_control() && !c.is_whitespace()) {
        return Err(Unsearchable::Unreadable);
    }
    let mut guesses = with_birthdate(&text);
    guesses.extend(alone(&text));
    let mut guesses = guesses.into_iter();
    match guesses.next() {
        Some(best) => Ok(Guesses { best, others: guesses.collect() }),
        None if katakana(&text).is_some() => Err(Unsearchable::TooShort),
        None => Err(Unsearchable::Unreadable),
    }
}

/// Reads 「テスト タロウ 1979/8/22」.
fn with_birthdate(text: &str) -> Vec<Criterion> {
    let Some((name, date)) = text.rsplit_once(char::is_whitespace) else { return Vec::new() };
    let Some(date) = parse_date(date) else { return Vec::new() };
    let names = [kana(name), name_of(name)].into_iter().flatten();
    names.filter_map(|name| name.with_birthdate(date)).collect()
}

/// Reads a text that is one thing, the likeliest first.
fn alone(text: &str) -> Vec<Criterion> {
    let number = number(text);
    // 「taro-12」 is rather a user ID than a number of 記号 「taro」, and 「1234」 one rather than a number without 記号.
    let (number, unlikely_number) = match number {
        Some(number) if is_like_a_user_id(text) => (None, Some(number)),
        number => (number, None),
    };
    let name = name_of(text);
    let (name, unlikely_name) = match name {
        Some(name) if text.is_ascii() => (None, Some(name)),
        name => (name, None),
    };
    let user_id = UserId::parse(text).ok().filter(|_| text.is_ascii());
    let guesses = [
        parse_date(text).map(Criterion::Birthdate),
        EmailAddress::parse(text).map(Criterion::Email),
        number,
        kana(text),
        name,
        user_id.map(Criterion::UserId),
        unlikely_number,
        unlikely_name,
    ];
    guesses.into_iter().flatten().collect()
}

fn is_like_a_user_id(text: &str) -> bool {
    let has_letters = text.bytes().any(|byte| byte.is_ascii_alphabetic());
    text.is_ascii() && !text.contains(' ') && (has_letters || !text.contains('-'))
}

fn kana(text: &str) -> Option<Criterion> {
    let shown = katakana(text)?;
    let key = kana_key(&shown);
    let is_enough = key.chars().count() >= LEAST_KANA;
    is_enough.then_some(Criterion::Kana(NamePrefix { key, birthdate: None, shown }))
}

/// Reads a name as it is written. One character is enough if it is neither kana nor a letter: 「林」 is a whole name.
fn name_of(text: &str) -> Option<Criterion> {
    let shown: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_a_names =
        |c: char| !c.is_ascii_digit() && (!c.is_ascii_punctuation() || "-.'".contains(c));
    let key = name_key(&shown);
    let is_enough =
        key.chars().count() >= LEAST_KANA || !key.is_ascii() && katakana(&key).is_none();
    let is_name = shown.chars().any(char::is_alphabetic) && shown.chars().all(is_a_names);
    (is_name && is_enough).then_some(Criterion::Name(NamePrefix { key, birthdate: None, shown }))
}

/// Reads 記号, 番号 and perhaps 枝番, parted by any dash or blank. A 記号 may have dashes itself. Digits alone are a
/// 番号, of a union that has no 記号.
fn number(text: &str) -> Option<Criterion> {
    let text =
        ["記号", "番号", "枝番"].iter().fold(text.to_owned(), |text, word| text.replace(word, " "));
    let parts: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || is_dash(c))
        .filter(|part| !part.is_empty())
        .collect();
    let is_number =
        |part: &str| part.len() <= LONGEST_NUMBER && part.bytes().all(|b| b.is_ascii_digit());
    let (symbol, number, branch) = match parts.as_slice() {
        [symbol @ .., number, branch]
            if !symbol.is_empty()
                && is_number(number)
                && is_number(branch)
                && branch.len() <= 2 =>
        {
            (symbol.concat(), *number, Some(format!("{branch:0>2}")))
        }
        [symbol @ .., number] if is_number(number) => (symbol.concat(), *number, None),
        _ => return None,
    };
    let is_symbol =
        symbol.chars().count() <= LONGEST_NUMBER && symbol.chars().all(char::is_alphanumeric);
    let key = number_key(&symbol, number);
    is_symbol.then(|| Criterion::Number { key, branch, shown: parts.join("-") })
}
