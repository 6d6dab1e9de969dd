//! A staff member as pages show them.

use serde::Serialize;

use crate::auth::staff::right::words;
use crate::auth::staff::roster::{ListedStaff, OfficeState};
use crate::base::ids::LoginId;
use crate::base::japanese::{day, minute};
use crate::base::realm::Staff;

#[derive(Debug, Serialize)]
pub(super) struct StaffLine {
    id: String,
    name: String,
    email: Option<String>,
    /// 「管理者、承認」
    rights: String,
    state: &'static str,
    /// The end of the invitation or of the office.
    until: Option<String>,
    last_seen: Option<String>,
    factor: &'static str,
    /// True if nobody has used the account for long.
    unused: bool,
    member: Option<String>,
    /// True for the person who reads the page.
    own: bool,
    can: Possible,
}

/// The acts that the staff member's state allows.
#[derive(Debug, Clone, Copy, Serialize)]
struct Possible {
    change: bool,
    suspend: bool,
    reinvite: bool,
    resend: bool,
}

impl StaffLine {
    pub(super) fn of(staff: ListedStaff, reader: LoginId<Staff>) -> Self {
        use OfficeState::{Active, InvitationExpired, Invited, Left, Suspended};
        let own = staff.login == reader;
        let (state, until) = match staff.office {
            Invited => ("招待中", staff.invitation_expires_at.map(minute)),
            InvitationExpired => ("招待の期限切れ", None),
            Active => ("在任", staff.leaves_on.map(day)),
            Suspended => ("停止", None),
            Left => ("退任", staff.leaves_on.map(day)),
        };
        let is = |states: &[OfficeState]| !own && states.contains(&staff.office);
        Self {
            can: Possible {
                change: !own,
                suspend: is(&[Invited, InvitationExpired, Active]),
                reinvite: is(&[Active, Suspended]),
                resend: is(&[Invited, InvitationExpired]),
            },
            id: staff.login.to_string(),
            rights: words(&staff.roles, &staff.extra_rights),
            name: staff.name,
            email: staff.email,
            state,
            until,
            last_seen: staff.last_seen_at.map(minute),
            factor: match staff.second_factor.as_deref() {
                Some("passkey") => "生体認証（パスキー）",
                Some("totp") => "認証アプリ",
                _ => "未設定",
            },
            unused: staff.unused,
            member: staff.member,
            own,
        }
    }
}
