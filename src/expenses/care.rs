//! 診療区分: the kind of care that a row is for.

use sqlx::error::BoxDynError;
use sqlx::postgres::{PgTypeInfo, PgValueRef};
use sqlx::{Decode, Postgres, Type};

/// A kind of care. [`Care::name`] is how `expenses.care` stores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Care {
    Inpatient,
    Outpatient,
    Dental,
    Pharmacy,
    HomeNursing,
    JudoTherapy,
    Acupuncture,
    Massage,
    Appliance,
}

impl Care {
    pub const ALL: [Self; 9] = [
        Self::Inpatient,
        Self::Outpatient,
        Self::Dental,
        Self::Pharmacy,
        Self::HomeNursing,
        Self::JudoTherapy,
        Self::Acupuncture,
        Self::Massage,
        Self::Appliance,
    ];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inpatient => "inpatient",
            Self::Outpatient => "outpatient",
            Self::Dental => "dental",
            Self::Pharmacy => "pharmacy",
            Self::HomeNursing => "home_nursing",
            Self::JudoTherapy => "judo_therapy",
            Self::Acupuncture => "acupuncture",
            Self::Massage => "massage",
            Self::Appliance => "appliance",
        }
    }

    #[must_use]
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::Inpatient => "入院",
            Self::Outpatient => "通院",
            Self::Dental => "歯科",
            Self::Pharmacy => "調剤",
            Self::HomeNursing => "訪問看護",
            Self::JudoTherapy => "柔整",
            Self::Acupuncture => "はり・きゅう",
            Self::Massage => "あんま・マッサージ",
            Self::Appliance => "治療用装具",
        }
    }

    /// Returns the unit of `days`: 日, or 回 for dispensing (seed 001 4-1: 日数(回数)).
    #[must_use]
    pub const fn counter(self) -> &'static str {
        match self {
            Self::Pharmacy => "回",
            _ => "日",
        }
    }

    /// Parses a stored name.
    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|care| care.name() == name)
    }

    /// Parses the Japanese word of a file.
    ///
    /// # Errors
    /// The message lists the words that are accepted.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        Self::ALL.into_iter().find(|care| care.japanese() == text).ok_or_else(|| {
            let words = Self::ALL.map(Self::japanese).join("、");
            format!("「{text}」は使えません（{words}）")
        })
    }
}

impl Type<Postgres> for Care {
    fn type_info() -> PgTypeInfo {
        <str as Type<Postgres>>::type_info()
    }

    fn compatible(ty: &PgTypeInfo) -> bool {
        <str as Type<Postgres>>::compatible(ty)
    }
}

impl<'r> Decode<'r, Postgres> for Care {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        let name = <&str as Decode<Postgres>>::decode(value)?;
        Self::from_name(name).ok_or_else(|| format!("unknown care {name:?}").into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_as_it_is_written() {
        for care in Care::ALL {
            assert_eq!(Care::parse(care.japanese()), Ok(care));
            assert_eq!(Care::from_name(care.name()), Some(care));
        }
        assert!(Care::parse("外来").unwrap_err().contains("通院"));
    }
}
