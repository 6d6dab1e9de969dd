//! The purpose of a look at medical data, as staff give it.

use serde::{Deserialize, Serialize};

use crate::audit::StaffPurpose;
use crate::auth::staff::reason::Reason;
use crate::base::japanese::{fold, unshowable};
use crate::web::form::{Field, FormError, summary};

/// The codes of the purposes; the template has their words.
const CODES: [&str; 4] = ["inquiry", "review", "audit", "own_request"];
const LONGEST_CASE: usize = 50;

const NOT_CHOSEN: &str = "目的を選択してください。";
const TOO_LONG: &str = "受付番号は50文字以内で入力してください。";
const UNSHOWABLE: &str = "受付番号に使えない文字が含まれています。";

/// The fields as they were sent.
#[derive(Debug, Deserialize)]
pub(super) struct Purpose {
    #[serde(default)]
    purpose: String,
    #[serde(default)]
    case_no: String,
    #[serde(default)]
    reason: String,
}

/// The form that asks for them.
#[derive(Debug, Default, Serialize)]
pub(super) struct PurposeForm {
    errors: Vec<FormError>,
    purpose: Field,
    case_no: Field,
    reason: Field,
}

/// A purpose and a reason for the act's line.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) purpose: StaffPurpose,
    pub(super) reason: String,
}

impl PurposeForm {
    /// Reads the fields, and notes what is wrong with them.
    pub(super) fn of(given: &Purpose) -> Self {
        let chosen = CODES.into_iter().find(|code| *code == given.purpose);
        let purpose = Field::with_value(chosen.unwrap_or_default());
        let purpose = if chosen.is_none() { purpose.with_error(NOT_CHOSEN) } else { purpose };
        let case_no = case_field(&fold(&given.case_no));
        let reason = match Reason::parse(&given.reason) {
            Ok(reason) => Field::with_value(reason.as_str()),
            Err(none) => Field::with_value(&given.reason).with_error(none.message()),
        };
        let errors = summary(&[("purpose", &purpose), ("case_no", &case_no), ("reason", &reason)]);
        Self { errors, purpose, case_no, reason }
    }

    /// Returns the purpose if nothing is wrong.
    pub(super) fn accepted(&self) -> Option<Accepted> {
        let case_no = Some(self.case_no.value.clone()).filter(|text| !text.is_empty());
        self.errors.is_empty().then(|| Accepted {
            purpose: StaffPurpose { code: self.purpose.value.clone(), case_no },
            reason: self.reason.value.clone(),
        })
    }
}

#[cfg(test)]
impl PurposeForm {
    /// A form in which everything is wrong.
    pub(super) fn wrong() -> Self {
        let [purpose, case_no, reason] = ["", "1\n", ""].map(str::to_owned);
        Self::of(&Purpose { purpose, case_no, reason })
    }
}

fn case_field(text: &str) -> Field {
    let field = Field::with_value(text);
    if text.chars().count() > LONGEST_CASE {
        return field.with_error(TOO_LONG);
    }
    match text.chars().any(char::is_control) || unshowable(text).is_some() {
        true => field.with_error(UNSHOWABLE),
        false => field,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_at_medical_data_has_a_purpose_and_a_reason() {
        let form = |purpose: &str, case_no: &str, reason: &str| {
            let [purpose, case_no, reason] = [purpose, case_no, reason].map(str::to_owned);
            PurposeForm::of(&Purpose { purpose, case_no, reason })
        };
        let given = form("review", " １２-３４ ", " 審査のため ").accepted().unwrap();
        assert_eq!((given.purpose.code.as_str(), given.reason.as_str()), ("review", "審査のため"));
        assert_eq!(given.purpose.case_no.as_deref(), Some("12-34"));
        assert_eq!(form("audit", "", "確認").accepted().unwrap().purpose.case_no, None);
        let long = "長".repeat(501);
        for (wrong, field) in [
            (form("", "", "理由"), "purpose"),
            (form("curiosity", "", "理由"), "purpose"),
            (form("audit", &"1".repeat(51), "理由"), "case_no"),
            (form("audit", "1\n2", "理由"), "case_no"),
            (form("audit", "", "　"), "reason"),
            (form("audit", "", "a\u{0}b"), "reason"),
            (form("audit", "", &long), "reason"),
        ] {
            assert!(wrong.accepted().is_none(), "{wrong:?}");
            let fields: Vec<_> = wrong.errors.iter().filter_map(|error| error.field).collect();
            assert_eq!(fields, [field], "{wrong:?}");
        }
    }
}
