//! Words that differ between unions.

use super::{FirstSignInFlow, TenantConfig};

/// Most unions use this word, and so do our own texts.
const USER_ID: &str = "ユーザID";

impl TenantConfig {
    /// Returns the union's word for a user ID. Letters and pages of the older way (seed 004) say
    /// ユーザーID.
    #[must_use]
    pub const fn user_id_word(&self) -> &'static str {
        match self.first_sign_in.flow {
            FirstSignInFlow::Steps => USER_ID,
            FirstSignInFlow::SingleForm => "ユーザーID",
        }
    }

    /// Puts the union's word for a user ID into our own text.
    #[must_use]
    pub fn say(&self, words: &str) -> String {
        words.replace(USER_ID, self.user_id_word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenant::file::{EXAMPLE, parse};

    #[test]
    fn a_union_of_the_older_way_says_user_id_in_its_own_way() {
        let mut union = parse(EXAMPLE).unwrap();
        assert_eq!(union.say("仮ユーザIDとユーザID"), "仮ユーザIDとユーザID");
        union.first_sign_in.flow = FirstSignInFlow::SingleForm;
        assert_eq!(union.say("仮ユーザIDとユーザID"), "仮ユーザーIDとユーザーID");
        assert_eq!(union.say("ユーザーID"), "ユーザーID");
    }
}
