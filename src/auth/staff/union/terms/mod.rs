//! Terms of use (A5): drafts, their publication by two pairs of eyes, and who agreed to which version.

pub mod agreed;
pub mod draft;
pub mod publication;

use crate::audit::Target;
use crate::base::ids::TermsDraftId;

fn target(draft: TermsDraftId) -> Option<Target> {
    Some(Target { kind: "terms_draft", id: draft.to_string(), label: None })
}
