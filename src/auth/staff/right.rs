//! The rights of staff, as a pure function of a person's roles and extra rights.
//!
//! Roles are sums: none takes anything away, and none implies another. An extra right is given by name, and no role has
//! one by itself. `rights.txt` beside this file is the whole table, held by a test.

/// The role of a staff member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StaffRole {
    /// 閲覧
    Viewer,
    /// 編集
    Editor,
    /// 管理者
    Admin,
    /// 監査: reads the trail, and nothing else; so nobody has it beside another.
    Auditor,
}

impl StaffRole {
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Editor, Self::Admin, Self::Auditor];

    /// Its name in the database and on the trail.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Editor => "editor",
            Self::Admin => "admin",
            Self::Auditor => "auditor",
        }
    }

    /// The word that people read.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Viewer => "閲覧",
            Self::Editor => "編集",
            Self::Admin => "管理者",
            Self::Auditor => "監査",
        }
    }

    /// Reads a name as it is stored.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// A right that a staff member has besides their role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExtraRight {
    /// 医療情報閲覧
    Medical,
    /// 印刷
    Print,
    /// 取込
    Import,
    /// 承認
    Approve,
}

impl ExtraRight {
    pub const ALL: [Self; 4] = [Self::Medical, Self::Print, Self::Import, Self::Approve];

    /// Its name in the database and on the trail.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Medical => "medical",
            Self::Print => "print",
            Self::Import => "import",
            Self::Approve => "approve",
        }
    }

    /// The word that people read.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Medical => "医療情報閲覧",
            Self::Print => "印刷",
            Self::Import => "取込",
            Self::Approve => "承認",
        }
    }

    /// Reads a name as it is stored.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|right| right.name() == name)
    }
}

/// Returns the words for roles and extra rights that are stored by name.
#[must_use]
pub fn words(roles: &[String], extra: &[String]) -> String {
    let roles = roles.iter().filter_map(|name| StaffRole::parse(name)).map(StaffRole::label);
    let extra = extra.iter().filter_map(|name| ExtraRight::parse(name)).map(ExtraRight::label);
    roles.chain(extra).collect::<Vec<_>>().join("、")
}

/// A right that an act needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Right {
    /// Search, and a person's page without medical data.
    SeePeople,
    /// Medical data of a person.
    SeeMedicalData,
    /// Unlock, end sessions, send a mail again, correct a user ID.
    HelpPeople,
    /// 初期化対応, and one letter with first credentials.
    ReplaceCredentials,
    /// Print or download letters.
    PrintLetters,
    /// Answer 要返信; write news, messages and terms that nobody sees yet.
    Draft,
    /// Send to many, and put terms in force.
    Publish,
    /// Bring a file, and see what it would change, in totals.
    UploadFiles,
    /// See a file's rows of medical data before it is taken in.
    SeeUploadedMedicalData,
    /// Take a file in, and take it back.
    ConfirmImports,
    ChangePolicy,
    /// Invite staff, give and take roles and rights, suspend.
    ManageStaff,
    ExportPeople,
    ReadTrail,
    ExportTrail,
    /// Unlock, reset or write to many at once.
    ActOnMany,
    /// Enter eligibility by hand, agree on a person's behalf by a signed paper.
    ActForPerson,
    /// Give the second pair of eyes.
    Approve,
}

impl Right {
    pub const ALL: [Self; 18] = [
        Self::SeePeople,
        Self::SeeMedicalData,
        Self::HelpPeople,
        Self::ReplaceCredentials,
        Self::PrintLetters,
        Self::Draft,
        Self::Publish,
        Self::UploadFiles,
        Self::SeeUploadedMedicalData,
        Self::ConfirmImports,
        Self::ChangePolicy,
        Self::ManageStaff,
        Self::ExportPeople,
        Self::ReadTrail,
        Self::ExportTrail,
        Self::ActOnMany,
        Self::ActForPerson,
        Self::Approve,
    ];

    /// The roles of which one has to be there, and the extra rights that all have to be.
    const fn rule(self) -> (&'static [StaffRole], &'static [ExtraRight]) {
        use ExtraRight::{Approve, Import, Medical, Print};
        use StaffRole::{Admin, Auditor, Editor, Viewer};
        match self {
            Self::SeePeople => (&[Viewer, Editor, Admin], &[]),
            Self::SeeMedicalData => (&[Viewer, Editor, Admin], &[Medical]),
            Self::HelpPeople | Self::ReplaceCredentials | Self::Draft => (&[Editor, Admin], &[]),
            Self::PrintLetters => (&[Viewer, Editor, Admin], &[Print]),
            Self::UploadFiles => (&[Editor, Admin], &[Import]),
            Self::SeeUploadedMedicalData => (&[Editor, Admin], &[Import, Medical]),
            Self::ConfirmImports => (&[Admin], &[Import]),
            Self::Publish
            | Self::ChangePolicy
            | Self::ManageStaff
            | Self::ExportPeople
            | Self::ActOnMany
            | Self::ActForPerson => (&[Admin], &[]),
            Self::ReadTrail | Self::ExportTrail => (&[Admin, Auditor], &[]),
            Self::Approve => (&[Viewer, Editor, Admin], &[Approve]),
        }
    }
}

/// The rights of one staff member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    roles: Vec<StaffRole>,
    extra: Vec<ExtraRight>,
}

impl Rights {
    /// Returns none for roles and rights that can't be held together: no role, or 監査 beside anything else.
    #[must_use]
    pub fn new(roles: Vec<StaffRole>, extra: Vec<ExtraRight>) -> Option<Self> {
        let alone = roles == [StaffRole::Auditor] && extra.is_empty();
        let together = !roles.is_empty() && !roles.contains(&StaffRole::Auditor);
        (alone || together).then_some(Self { roles, extra })
    }

    /// Reads the names as they are stored. `None` if this program doesn't know one of them.
    pub(in crate::auth) fn of_names(roles: &[String], extra: &[String]) -> Option<Self> {
        Self::new(
            roles.iter().filter_map(|name| StaffRole::parse(name)).collect(),
            extra.iter().filter_map(|name| ExtraRight::parse(name)).collect(),
        )
    }

    #[must_use]
    pub fn allow(&self, right: Right) -> bool {
        let (roles, extra) = right.rule();
        roles.iter().any(|role| self.roles.contains(role))
            && extra.iter().all(|right| self.extra.contains(right))
    }

    /// Roles and extra rights by name, for the trail.
    pub(super) fn names(&self) -> Vec<String> {
        [self.role_names(), self.extra_names()].concat()
    }

    pub(super) fn role_names(&self) -> Vec<String> {
        self.roles.iter().map(|role| role.name().to_owned()).collect()
    }

    pub(super) fn extra_names(&self) -> Vec<String> {
        self.extra.iter().map(|extra| extra.name().to_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    /// Returns `○` if the role alone has the right, `–` if no extra right gives it to the role, and otherwise the extra
    /// right that the role needs besides.
    fn cell(role: StaffRole, right: Right) -> String {
        let holds = |extra: &[ExtraRight]| {
            Rights::new(vec![role], extra.to_vec()).is_some_and(|rights| rights.allow(right))
        };
        if holds(&[]) {
            return "○".to_owned();
        }
        if !holds(&ExtraRight::ALL) {
            return "–".to_owned();
        }
        let needed = ExtraRight::ALL.into_iter().filter(|left_out| {
            let others: Vec<_> = ExtraRight::ALL.into_iter().filter(|e| e != left_out).collect();
            !holds(&others)
        });
        needed.map(|extra| format!("+{}", extra.name())).collect()
    }

    #[test]
    fn the_table_of_rights_is_as_it_was_agreed() {
        let mut table = String::new();
        for right in Right::ALL {
            let cells = StaffRole::ALL.map(|role| cell(role, right));
            let [viewer, editor, admin, auditor] = &cells;
            let name = format!("{right:?}");
            writeln!(table, "{name:<23} {viewer:<9} {editor:<16} {admin:<16} {auditor}").unwrap();
        }
        let agreed = include_str!("rights.txt");
        let agreed: Vec<_> = agreed.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(table.lines().collect::<Vec<_>>(), agreed, "\n{table}");
    }

    #[test]
    fn an_auditor_is_nothing_else() {
        use ExtraRight::Medical;
        use StaffRole::{Admin, Auditor, Viewer};
        assert_eq!(Rights::new(vec![], vec![]), None);
        assert_eq!(Rights::new(vec![], vec![Medical]), None);
        assert_eq!(Rights::new(vec![Auditor, Admin], vec![]), None);
        assert_eq!(Rights::new(vec![Auditor], vec![Medical]), None);
        assert!(Rights::new(vec![Auditor], vec![]).is_some());
        assert!(Rights::new(vec![Viewer, Admin], vec![Medical]).is_some());
    }

    #[test]
    fn roles_add_up_and_take_nothing_away() {
        let all = |roles: &[StaffRole]| {
            let rights = Rights::new(roles.to_vec(), vec![ExtraRight::Import]).unwrap();
            Right::ALL.into_iter().filter(|right| rights.allow(*right)).collect::<Vec<_>>()
        };
        let both = all(&[StaffRole::Viewer, StaffRole::Admin]);
        assert!(all(&[StaffRole::Viewer]).iter().all(|right| both.contains(right)));
        assert!(all(&[StaffRole::Admin]).iter().all(|right| both.contains(right)));
    }

    #[test]
    fn a_right_with_a_name_nobody_knows_allows_nothing() {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        assert_eq!(Rights::of_names(&names(&["root"]), &[]), None);
        let viewer = Rights::of_names(&names(&["viewer"]), &names(&["medica"])).unwrap();
        assert!(viewer.allow(Right::SeePeople) && !viewer.allow(Right::SeeMedicalData));
    }
}
