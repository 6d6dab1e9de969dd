//! The relying party that passkeys are made for: the host of the union's door, so that a passkey of one union, or of one
//! door, opens nothing at another.

use webauthn_rs::prelude::{Url, Webauthn, WebauthnBuilder, WebauthnError};

use crate::auth::context::SendingError;
use crate::auth::people::People;
use crate::auth::session::proof::ProofKind;
use crate::db::Passing;
use crate::tenant::directory::Tenant;
use crate::tenant::policy::SecondFactor;

pub(super) const PROOF: ProofKind = ProofKind::Factor(SecondFactor::Passkey);

#[derive(Debug, thiserror::Error)]
pub enum PasskeyError {
    #[error("the union's origin {0} can't be a relying party")]
    Origin(String),
    #[error(transparent)]
    Webauthn(#[from] WebauthnError),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Sending(#[from] SendingError),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl Passing for PasskeyError {
    fn is_passing(&self) -> bool {
        match self {
            Self::Sending(error) => error.is_passing(),
            Self::Database(error) => error.is_passing(),
            Self::Origin(_) | Self::Webauthn(_) | Self::Json(_) => false,
        }
    }
}

/// Returns a realm's door of the union as a relying party. Its host comes from the door's own origin, never from a request.
pub(super) fn relying_party<R: People>(tenant: &Tenant) -> Result<Webauthn, PasskeyError> {
    let origin = tenant.origin_of(R::DOOR);
    let wrong = || PasskeyError::Origin(origin.to_owned());
    let origin = Url::parse(origin).map_err(|_| wrong())?;
    let host = origin.host_str().ok_or_else(wrong)?;
    Ok(WebauthnBuilder::new(host, &origin)?.rp_name(&tenant.config.name).build()?)
}
