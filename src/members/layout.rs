//! The columns of a members file.

use crate::import::layout::layout;

layout! {
    /// The columns of a members file. Its headings may be in any order, and unknown ones are ignored.
    pub enum MemberColumn {
        PersonCode = "person_code" "個人コード" Text Required,
        HouseholdCode = "household_code" "世帯コード" Text Required,
        InsurerNumber = "insurer_number" "保険者番号" Text Required,
        Symbol = "symbol" "記号" Text Required,
        Number = "number" "番号" Text Required,
        Branch = "branch" "枝番" Text Required,
        Name = "name" "氏名" Text Required,
        Kana = "kana" "氏名カナ" Text Required,
        Birthdate = "birthdate" "生年月日" Date Required,
        Relation = "relation" "続柄" Text Required,
        AcquiredOn = "acquired_on" "資格取得日" Date Required,
        LostOn = "lost_on" "資格喪失日" Date Optional,
        UserId = "user_id" "ユーザID" Text Optional,
        Email = "email" "メールアドレス" Text Optional,
        InitialPassword = "initial_password" "仮パスワード" Secret Optional,
    }
}
