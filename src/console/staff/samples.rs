//! The pages of staff accounts with made-up content.

use super::act::{StaffAct, StaffActPage};
use super::fields::StandingFields;
use super::invite::InvitePage;
use super::line::StaffLine;
use super::list::StaffPage;
use super::member::StaffMemberPage;
use super::review::{ConfirmedLine, ReviewPage, ReviewedAccount};
use super::rights::RightsPage;
use crate::account::gallery::{Gallery, field, wrong};
use crate::auth::staff::manage::change::Standing;
use crate::auth::staff::roster::{ListedStaff, OfficeState};
use crate::base::clock::Clock;
use crate::base::ids::LoginId;
use crate::base::realm::Staff;
use crate::web::form::Field;

const STATES: [OfficeState; 5] = [
    OfficeState::Invited,
    OfficeState::InvitationExpired,
    OfficeState::Active,
    OfficeState::Suspended,
    OfficeState::Left,
];

pub(in crate::console) fn fill_in(gallery: &mut Gallery) {
    for few_admins in [true, false] {
        let staff = STATES.into_iter().map(|state| line(state, few_admins)).collect();
        gallery.show(&StaffPage { staff, few_admins });
    }
    for state in STATES {
        for own in [true, false] {
            gallery.show(&StaffMemberPage { staff: line(state, own) });
        }
    }
    gallery.show(&RightsPage {
        staff: line(OfficeState::Active, false),
        seen: "{\"roles\":[]}".to_owned(),
        fields: StandingFields::of(&standing()),
        errors: Vec::new(),
    });
    gallery.show(&RightsPage {
        staff: line(OfficeState::Active, false),
        seen: String::new(),
        fields: StandingFields::all_wrong(),
        errors: wrong(Some("roles")),
    });
    for has_approver in [true, false] {
        let fields = StandingFields::all_wrong();
        let errors = wrong(Some("name"));
        gallery.show(&InvitePage { name: field(), email: field(), fields, errors, has_approver });
    }
    for act in [StaffAct::Suspend, StaffAct::Reinvite, StaffAct::Resend] {
        let staff = line(OfficeState::Active, false);
        gallery.show(&StaffActPage { act, staff, reason: Field::default(), errors: Vec::new() });
        let (staff, errors) = (line(OfficeState::Suspended, false), wrong(Some("reason")));
        gallery.show(&StaffActPage { act, staff, reason: field(), errors });
    }
    for all in [true, false] {
        gallery.show(&review(all));
    }
}

fn standing() -> Standing {
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let day = "2027-03-31".parse().ok();
    Standing::new(&names(&["viewer"]), &names(&["medical"]), day, Some("K<1>".to_owned()))
}

fn line(office: OfficeState, own: bool) -> StaffLine {
    let login = LoginId::<Staff>::new(&Clock::System);
    let now = Clock::System.now();
    let standing = standing();
    let listed = ListedStaff {
        login,
        name: "閲覧 <三郎>".to_owned(),
        email: (!own).then(|| "saburo@example.jp".to_owned()),
        roles: standing.roles,
        extra_rights: standing.extra_rights,
        office,
        invited_at: now,
        invitation_expires_at: Some(now),
        leaves_on: standing.leaves_on,
        last_seen_at: (!own).then_some(now),
        unused: own,
        second_factor: (!own).then(|| "passkey".to_owned()),
        member: standing.member.filter(|_| own),
        suspended_at: None,
    };
    StaffLine::of(listed, if own { login } else { LoginId::new(&Clock::System) })
}

fn review(all: bool) -> ReviewPage {
    let confirmed = || ConfirmedLine {
        by: "管理 <花子>".to_owned(),
        at: "2026年11月21日 10:00".to_owned(),
    };
    let account = |(place, state)| ReviewedAccount {
        staff: line(state, place == 0),
        confirmed: (all || place == 1).then(confirmed),
    };
    ReviewPage {
        since: "2026年10月1日".to_owned(),
        accounts: (0..).zip(STATES).map(account).collect(),
        open: if all { 0 } else { STATES.len() - 1 },
        errors: if all { Vec::new() } else { wrong(None) },
    }
}
