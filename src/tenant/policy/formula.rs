//! The migration-reset formula: a password that a person can work out from what they know (seed
//! 003).
//!
//! It is evaluated when the person signs in, so that moving a million people over hashes nothing
//! beforehand.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// A template over a person's numbers: `{symbol}{number}{birthdate:YYYYMMDD}`. Text outside braces
/// is kept as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Formula {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Symbol,
    Number,
    Branch,
    Birthdate(DateFormat),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DateFormat {
    Full,
    ShortYear,
    MonthDay,
}

/// The facts of a person that a formula may use.
#[derive(Debug, Clone, Copy)]
pub struct FormulaPerson<'a> {
    pub symbol: &'a str,
    pub number: &'a str,
    pub branch: &'a str,
    pub birthdate: NaiveDate,
}

impl Formula {
    /// Returns the password of a person.
    #[must_use]
    pub fn password(&self, person: FormulaPerson<'_>) -> String {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.clone(),
                Part::Symbol => person.symbol.to_owned(),
                Part::Number => person.number.to_owned(),
                Part::Branch => person.branch.to_owned(),
                Part::Birthdate(DateFormat::Full) => person.birthdate.format("%Y%m%d").to_string(),
                Part::Birthdate(DateFormat::ShortYear) => {
                    person.birthdate.format("%y%m%d").to_string()
                }
                Part::Birthdate(DateFormat::MonthDay) => {
                    person.birthdate.format("%m%d").to_string()
                }
            })
            .collect()
    }

    /// Returns true if it uses something that differs between the people of a household.
    #[must_use]
    pub fn tells_people_apart(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Birthdate(_) | Part::Branch))
    }
}

impl TryFrom<String> for Formula {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mut parts = Vec::new();
        let mut rest = text.as_str();
        while let Some(open) = rest.find(['{', '}']) {
            if !rest[open..].starts_with('{') {
                return Err("「}」に対応する「{」がありません".to_owned());
            }
            if open > 0 {
                parts.push(Part::Text(rest[..open].to_owned()));
            }
            let inside = &rest[open + 1..];
            let close = inside.find('}').ok_or("「{」が閉じられていません")?;
            parts.push(placeholder(&inside[..close])?);
            rest = &inside[close + 1..];
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        if parts.iter().all(|part| matches!(part, Part::Text(_))) {
            return Err("「{number}」のような項目が1つも入っていません".to_owned());
        }
        Ok(Self { parts })
    }
}

fn placeholder(name: &str) -> Result<Part, String> {
    const KNOWN: [&str; 6] =
        ["symbol", "number", "branch", "birthdate:YYYYMMDD", "birthdate:YYMMDD", "birthdate:MMDD"];
    match name {
        "symbol" => Ok(Part::Symbol),
        "number" => Ok(Part::Number),
        "branch" => Ok(Part::Branch),
        "birthdate:YYYYMMDD" => Ok(Part::Birthdate(DateFormat::Full)),
        "birthdate:YYMMDD" => Ok(Part::Birthdate(DateFormat::ShortYear)),
        "birthdate:MMDD" => Ok(Part::Birthdate(DateFormat::MonthDay)),
        other => Err(format!("「{{{other}}}」は使えません（使えるもの: {}）", KNOWN.join(", "))),
    }
}

impl From<Formula> for String {
    fn from(formula: Formula) -> Self {
        formula.to_string()
    }
}

impl std::fmt::Display for Formula {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            Part::Text(text) => f.write_str(text),
            Part::Symbol => f.write_str("{symbol}"),
            Part::Number => f.write_str("{number}"),
            Part::Branch => f.write_str("{branch}"),
            Part::Birthdate(DateFormat::Full) => f.write_str("{birthdate:YYYYMMDD}"),
            Part::Birthdate(DateFormat::ShortYear) => f.write_str("{birthdate:YYMMDD}"),
            Part::Birthdate(DateFormat::MonthDay) => f.write_str("{birthdate:MMDD}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formula(text: &str) -> Result<Formula, String> {
        Formula::try_from(text.to_owned())
    }

    #[test]
    fn t8_the_example_of_seed_003() {
        let person = FormulaPerson {
            symbol: "800",
            number: "1234",
            branch: "00",
            birthdate: NaiveDate::from_ymd_opt(2001, 1, 1).unwrap(),
        };
        for (template, password) in [
            ("{symbol}{number}{birthdate:YYYYMMDD}", "800123420010101"),
            ("{number}-{branch}{birthdate:MMDD}", "1234-000101"),
            ("kenpo{birthdate:YYMMDD}", "kenpo010101"),
        ] {
            let formula = formula(template).unwrap();
            assert_eq!(formula.password(person), password);
            assert_eq!(formula.to_string(), template);
        }
    }

    #[test]
    fn a_wrong_template_says_what_is_wrong() {
        for (template, words) in [
            ("{symbol", "閉じられていません"),
            ("symbol}", "「{」がありません"),
            ("{birthday}", "birthdate:YYYYMMDD"),
            ("secret", "1つも"),
            ("", "1つも"),
        ] {
            let error = formula(template).unwrap_err();
            assert!(error.contains(words), "{template}: {error}");
        }
    }
}
