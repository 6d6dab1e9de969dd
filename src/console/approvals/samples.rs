//! The pages of requests with made-up content.

use super::list::{ApprovalsPage, RequestLine};
use super::one::ApprovalPage;
use super::words::word;
use crate::account::gallery::{Gallery, field, wrong};
use crate::auth::staff::approval::ApprovalState;
use crate::auth::staff::approval::kind::Preview;
use crate::web::form::Field;

pub(in crate::console) fn fill_in(gallery: &mut Gallery) {
    gallery.show(&ApprovalsPage { waiting: Vec::new(), over: Vec::new() });
    let over = ApprovalState::ALL.into_iter().map(line).collect();
    gallery.show(&ApprovalsPage { waiting: vec![line(ApprovalState::Waiting)], over });
    for state in ApprovalState::ALL {
        for own in [true, false] {
            gallery.show(&page(state, own));
        }
    }
    let changed = ApprovalPage { preview: None, ..page(ApprovalState::Waiting, false) };
    gallery.show(&ApprovalPage { errors: wrong(Some("reason")), reason: field(), ..changed });
}

fn line(state: ApprovalState) -> RequestLine {
    let decided = state != ApprovalState::Waiting && state != ApprovalState::Expired;
    RequestLine {
        id: "01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
        title: "職員の招待",
        requested_by: "管理 <花子>".to_owned(),
        requested_at: "2026年11月21日 10:00".to_owned(),
        expires_at: "2026年11月22日 10:00".to_owned(),
        state: word(state),
        decided_by: decided.then(|| "承認 次郎".to_owned()),
        decided_at: decided.then(|| "2026年11月21日 11:00".to_owned()),
        own: decided,
    }
}

fn page(state: ApprovalState, own: bool) -> ApprovalPage {
    let line = line(state);
    let preview = Preview::default().fact("職員", "閲覧 <三郎>").fact("役割", "閲覧");
    ApprovalPage {
        id: line.id,
        title: line.title,
        requested_by: line.requested_by,
        requested_at: line.requested_at,
        expires_at: line.expires_at,
        request_reason: "採用の<ため>".to_owned(),
        waiting: state == ApprovalState::Waiting,
        state: line.state,
        decided_by: line.decided_by,
        decided_at: line.decided_at,
        answer: (state == ApprovalState::Refused).then(|| "<不要>".to_owned()),
        own,
        preview: Some(preview).filter(|_| !own),
        errors: Vec::new(),
        reason: Field::default(),
    }
}
