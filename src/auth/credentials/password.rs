//! Own passwords: the union's rules as a list to read and as a check (T5).
//!
//! A password counts as it was typed. It is neither folded nor cut off.

use serde::Serialize;
use zxcvbn::matching::patterns::{DictionaryPattern, MatchPattern};

use crate::tenant::policy::{CharacterClass, PasswordRules, TenantConfig};

/// This many of the most common passwords are refused.
const COMMON: usize = 10_000;

/// Words that stand on every page, so an attacker tries them first (ASVS 6.1.2). The union's name in its address is another.
const WORDS: [&str; 4] = ["kosmo", "kosmoweb", "kenpo", "kenko"];

/// The message for a password that equals the user ID, and for a user ID that equals the password (seed 001 5-1 A5).
pub const SAME_AS_USER_ID: &str = "ユーザIDと同じ文字列はパスワードに設定できません。";

/// A rule that a password breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    TooShort,
    TooLong,
    /// A character that is neither a half-width letter or digit nor one of the union's symbols.
    Character,
    Lacks(CharacterClass),
    /// Seed 001 5-1 A5, seed 002 A6
    IsUserId,
    /// It is the first credential, or the password that holds now.
    IsCurrent,
    Common,
}

/// A rule as the page lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PasswordRule {
    pub text: String,
    /// A regular expression for the browser, which a password that keeps the rule matches. `None` if only the server can
    /// tell.
    pub pattern: Option<String>,
}

/// Returns every rule of a union that a password breaks, in the order of [`list`]. `slug` is the union's name in addresses.
/// This can take a quarter of a second of CPU time, so it must not run on a thread that serves requests.
#[must_use]
pub fn flaws(rules: &PasswordRules, slug: &str, user_id: &str, password: &str) -> Vec<Flaw> {
    let length = password.chars().count();
    let allowed = |c: char| c.is_ascii_alphanumeric() || rules.symbols.contains(c);
    let lacks = |class: &&CharacterClass| !password.chars().any(|c| is_of(**class, c));
    let mut found = Vec::new();
    found.extend((length < rules.min_length.into()).then_some(Flaw::TooShort));
    found.extend((length > rules.max_length.into()).then_some(Flaw::TooLong));
    found.extend((!password.chars().all(allowed)).then_some(Flaw::Character));
    found.extend(rules.require.iter().filter(lacks).map(|class| Flaw::Lacks(*class)));
    found.extend((password.to_lowercase() == user_id).then_some(Flaw::IsUserId));
    // The look-up is slow, so it is left out for texts that break a rule of length already.
    found.extend((found.is_empty() && is_common(slug, user_id, password)).then_some(Flaw::Common));
    found
}

fn is_of(class: CharacterClass, c: char) -> bool {
    match class {
        CharacterClass::Letter => c.is_ascii_alphabetic(),
        CharacterClass::Digit => c.is_ascii_digit(),
        CharacterClass::Symbol => c.is_ascii_punctuation(),
    }
}

/// Returns true if an attacker who tries the most likely passwords first finds it among the first ten thousand. The
/// attacker has zxcvbn's lists of common passwords, and knows the user ID and the union's name.
fn is_common(slug: &str, user_id: &str, password: &str) -> bool {
    let own = [user_id, slug, slug.trim_end_matches("kenpo")];
    let words: Vec<&str> =
        WORDS.into_iter().chain(own).map(stem).filter(|word| word.len() > 2).collect();
    if words.contains(&stem(&password.to_lowercase())) {
        return true;
    }
    let estimate = zxcvbn::zxcvbn(password, &words);
    // zxcvbn counts r + 1 guesses for one match of rank r. It counts more for capitals, which make a password no rarer, so
    // the rank is looked at as well.
    estimate.guesses() <= COMMON as u64 + 1
        || matches!(estimate.sequence(), [only] if matches!(
            &only.pattern,
            MatchPattern::Dictionary(DictionaryPattern { rank, .. }) if *rank <= COMMON
        ))
}

/// A word without the digits and signs that people put around it.
fn stem(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_ascii_alphabetic())
}

impl Flaw {
    /// Returns the message for the person.
    #[must_use]
    pub fn message(self, rules: &PasswordRules) -> String {
        match self {
            Self::TooShort => {
                format!("パスワードは{}文字以上で入力してください。", rules.min_length)
            }
            Self::TooLong => {
                format!("パスワードは{}文字以内で入力してください。", rules.max_length)
            }
            Self::Character => "パスワードに利用できない文字が入っています。".to_owned(),
            Self::Lacks(class) => {
                format!("パスワードに{}を1文字以上入れてください。", name(class))
            }
            Self::IsUserId => SAME_AS_USER_ID.to_owned(),
            Self::IsCurrent => {
                "現在のパスワードと同じものは設定できません。別のパスワードを入力してください。"
                    .to_owned()
            }
            Self::Common => {
                "よく使われているパスワードのため設定できません。別のパスワードを入力してください。"
                    .to_owned()
            }
        }
    }
}

const fn name(class: CharacterClass) -> &'static str {
    match class {
        CharacterClass::Letter => "半角英字",
        CharacterClass::Digit => "半角数字",
        CharacterClass::Symbol => "記号",
    }
}

/// Returns `rules` as a list to show beforehand (F9), in the union's words.
#[must_use]
pub fn list(union: &TenantConfig, rules: &PasswordRules) -> Vec<PasswordRule> {
    let rules = rules_of(rules).into_iter();
    rules.map(|rule| PasswordRule { text: union.say(&rule.text), ..rule }).collect()
}

fn rules_of(rules: &PasswordRules) -> Vec<PasswordRule> {
    let PasswordRules { min_length, max_length, symbols, require, .. } = rules;
    let rule = |text: String, pattern: String| PasswordRule { text, pattern: Some(pattern) };
    let told = |text: &str| PasswordRule { text: text.to_owned(), pattern: None };
    let characters = match symbols.is_empty() {
        true => "利用可能文字：半角英数字".to_owned(),
        false => format!("利用可能文字：半角英数字 {symbols}"),
    };
    let mut all = vec![
        rule(
            format!("{min_length}文字以上、{max_length}文字以内"),
            format!("^.{{{min_length},{max_length}}}$"),
        ),
        rule(characters, format!("^[A-Za-z0-9{}]+$", escaped(symbols))),
    ];
    all.extend(require.iter().map(|class| {
        let set = match class {
            CharacterClass::Letter => "[A-Za-z]".to_owned(),
            CharacterClass::Digit => "[0-9]".to_owned(),
            CharacterClass::Symbol => format!("[{}]", escaped(symbols)),
        };
        rule(format!("{}を1文字以上", name(*class)), set)
    }));
    all.push(told("ユーザIDと同じ文字列ではない"));
    all.push(told("現在のパスワードと同じではない"));
    all.push(told("よく使われているパスワードではない"));
    all
}

/// Signs as they stand in a character class of a browser's regular expression with flag `u`, which
/// lets none but these be escaped.
fn escaped(symbols: &str) -> String {
    let special = |c: char| "^$\\.*+?()[]{}|/-".contains(c);
    symbols.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seed 001 2-1 手順10
    const SYMBOLS: &str = "!\"#$%&'()*~|`{+}<>?_-^\\@[;:],./";

    fn rules(max_length: u16, symbols: &str, require: &[CharacterClass]) -> PasswordRules {
        PasswordRules {
            min_length: 8,
            max_length,
            symbols: symbols.to_owned(),
            require: require.to_vec(),
            max_age_years: None,
        }
    }

    #[test]
    fn t5_f9_each_rule_is_checked_by_itself() {
        let kline = rules(64, SYMBOLS, &[]);
        let jom = rules(64, SYMBOLS, &[CharacterClass::Letter, CharacterClass::Digit]);
        let jrc = rules(20, SYMBOLS, &[CharacterClass::Letter, CharacterClass::Digit]);
        use CharacterClass::{Digit, Letter};
        for (rules, password, expected) in [
            (&kline, "Umi-kaze!", &[] as &[Flaw]),
            (&kline, "99887766-5544", &[]),
            (&kline, SYMBOLS, &[]),
            (&kline, "Umi-kaz", &[Flaw::TooShort]),
            (&kline, &"aB3-".repeat(16), &[]),
            (&kline, &format!("{}x", "aB3-".repeat(16)), &[Flaw::TooLong]),
            (&kline, "Umi kaze 1", &[Flaw::Character]),
            (&kline, "Umi=kaze1", &[Flaw::Character]),
            (&kline, "ｕｍｉｋａｚｅ１", &[Flaw::Character]),
            (&kline, "うみ", &[Flaw::TooShort, Flaw::Character]),
            (&kline, "Umikaze\u{7}1", &[Flaw::Character]),
            (&kline, "Taro_Demo1", &[Flaw::IsUserId]),
            (&kline, "password1", &[Flaw::Common]),
            (&kline, "qwertyuiop", &[Flaw::Common]),
            (&kline, "iloveyou", &[Flaw::Common]),
            (&kline, "11111111", &[Flaw::Common]),
            (&kline, "passw0rd", &[Flaw::Common]),
            (&kline, "drowssap", &[Flaw::Common]),
            (&kline, "Sunshine1", &[Flaw::Common]),
            (&kline, "kosmo2026", &[Flaw::Common]),
            (&kline, "Klinekenpo", &[Flaw::Common]),
            (&kline, "taro_demo12", &[Flaw::Common]),
            (&kline, "kosmo-to-Umikaze", &[]),
            (&jom, "Umi-kaze!", &[Flaw::Lacks(Digit)]),
            (&jom, "1234-5678", &[Flaw::Lacks(Letter)]),
            (&jom, "", &[Flaw::TooShort, Flaw::Lacks(Letter), Flaw::Lacks(Digit)]),
            (&jom, "Umi-kaze1", &[]),
            (&jrc, "abcdefghij1234567890", &[]),
            (&jrc, "abcdefghijk1234567890", &[Flaw::TooLong]),
        ] {
            assert_eq!(
                flaws(rules, "klinekenpo", "taro_demo1", password),
                expected,
                "{password:.30}"
            );
        }
    }

    #[test]
    fn the_list_names_what_the_union_asks_for() {
        let jom = rules(64, SYMBOLS, &[CharacterClass::Letter, CharacterClass::Digit]);
        let list = rules_of(&jom);
        let texts: Vec<&str> = list.iter().map(|rule| rule.text.as_str()).collect();
        assert_eq!(texts[0], "8文字以上、64文字以内");
        assert_eq!(texts[1], format!("利用可能文字：半角英数字 {SYMBOLS}"));
        assert_eq!(&texts[2..4], ["半角英字を1文字以上", "半角数字を1文字以上"]);
        assert_eq!(list[0].pattern.as_deref(), Some("^.{8,64}$"));
        assert_eq!(escaped("!-]\\^"), "!\\-\\]\\\\\\^");
    }
}
