//! The acts of staff on a person, in one list: who may do each, and when there is something to do.

use serde::Serialize;

use crate::auth::access::Remedy;
use crate::auth::staff::right::{Right, Rights};
use crate::console::places;

/// The facts on which the list of acts depends.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Situation {
    pub(super) has_account: bool,
    pub(super) is_registered: bool,
    pub(super) is_locked: bool,
    pub(super) is_held: bool,
    pub(super) is_signed_in: bool,
    /// A printed letter is on its way or unused.
    pub(super) has_letter: bool,
}

struct StaffAct {
    place: &'static str,
    label: &'static str,
    right: Right,
    is_due: fn(&Situation) -> bool,
}

const ACTS: [StaffAct; 10] = [
    StaffAct {
        place: places::CALLER,
        label: "電話・メールの相手を確認する",
        right: Right::HelpPeople,
        is_due: |_| true,
    },
    StaffAct {
        place: places::UNLOCK,
        label: "ロックを解除する",
        right: Right::HelpPeople,
        is_due: |now| now.is_locked,
    },
    StaffAct {
        place: places::RESET,
        label: "認証方法を初期化する（初期化対応）",
        right: Right::ReplaceCredentials,
        is_due: |now| now.is_registered,
    },
    StaffAct {
        place: places::CORRECT_USER_ID,
        label: "ユーザIDを修正する",
        right: Right::HelpPeople,
        is_due: |now| now.is_registered,
    },
    StaffAct {
        place: places::LETTER,
        label: "仮ユーザID・仮パスワードを再発行する",
        right: Right::ReplaceCredentials,
        is_due: |now| !now.is_registered,
    },
    StaffAct {
        place: places::LETTER_RETURNED,
        label: "はがきが戻ってきたことを記録する",
        right: Right::HelpPeople,
        is_due: |now| now.has_letter,
    },
    StaffAct {
        place: places::END_SESSIONS,
        label: "ログイン中の端末をすべてログアウトさせる",
        right: Right::HelpPeople,
        is_due: |now| now.is_signed_in,
    },
    StaffAct {
        place: places::HOLD,
        label: "アカウントの利用を止める",
        right: Right::HelpPeople,
        is_due: |now| now.has_account && !now.is_held,
    },
    StaffAct {
        place: places::RELEASE,
        label: "アカウントの利用停止を解除する",
        right: Right::HelpPeople,
        is_due: |now| now.is_held,
    },
    StaffAct {
        place: places::MEDICAL,
        label: "医療情報を見る（目的の入力が必要です）",
        right: Right::SeeMedicalData,
        is_due: |_| true,
    },
];

/// A link to the page of an act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct ActLink {
    pub(super) path: String,
    pub(super) label: &'static str,
}

/// Returns the acts that there are to do and that a staff member may do.
pub(super) fn links(code: &str, rights: &Rights, now: &Situation) -> Vec<ActLink> {
    let may = |act: &&StaffAct| rights.allow(act.right);
    let due = ACTS.iter().filter(|act| (act.is_due)(now)).filter(may);
    due.map(|act| link(code, act)).collect()
}

/// Returns the link to the act that lets a person in again, if the staff member may do it.
pub(super) fn remedy(code: &str, rights: &Rights, remedy: Remedy) -> Option<ActLink> {
    let place = match remedy {
        Remedy::Unlock => places::UNLOCK,
        Remedy::Release => places::RELEASE,
        Remedy::Letter => places::LETTER,
    };
    let act = ACTS.iter().find(|act| act.place == place)?;
    rights.allow(act.right).then(|| link(code, act))
}

/// Returns the page on which a mail is sent again, for staff who may do that.
pub(super) fn mail(code: &str, rights: &Rights, id: &str) -> Option<String> {
    let may = rights.allow(Right::HelpPeople);
    may.then(|| places::of_person(places::MAIL, code).replace("{id}", id))
}

fn link(code: &str, act: &StaffAct) -> ActLink {
    ActLink { path: places::of_person(act.place, code), label: act.label }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::staff::right::{ExtraRight, StaffRole};

    #[test]
    fn a3_only_acts_are_offered_that_there_are_to_do_and_that_the_rights_allow() {
        let rights = |role, extra: &[ExtraRight]| Rights::new(vec![role], extra.to_vec()).unwrap();
        let locked = Situation {
            has_account: true,
            is_registered: true,
            is_locked: true,
            ..Situation::default()
        };
        let named = |rights: &Rights, now: &Situation| -> Vec<String> {
            let links = links("K/1", rights, now).into_iter();
            links.map(|link| link.path.replace("/people/K%2F1/", "")).collect()
        };
        let editor = rights(StaffRole::Editor, &[]);
        assert_eq!(named(&editor, &locked), ["caller", "unlock", "reset", "user-id", "hold"]);
        let held = Situation { is_held: true, is_locked: false, ..locked };
        assert_eq!(named(&editor, &held), ["caller", "reset", "user-id", "release"]);
        let nobody = Situation::default();
        assert_eq!(named(&editor, &nobody), ["caller", "letter"]);
        let viewer = rights(StaffRole::Viewer, &[]);
        assert_eq!(named(&viewer, &locked), [""; 0]);
        let medical = rights(StaffRole::Viewer, &[ExtraRight::Medical]);
        assert_eq!(named(&medical, &locked), ["medical"]);
        assert_eq!(remedy("K1", &viewer, Remedy::Unlock), None);
        let unlock = remedy("K1", &editor, Remedy::Unlock).unwrap();
        assert_eq!(unlock.path, "/people/K1/unlock");
    }
}
