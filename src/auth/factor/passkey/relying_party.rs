//! The relying party that passkeys are made for: the union's own host, so that a passkey of one union opens nothing at
//! another.

use webauthn_rs::prelude::{Url, Webauthn, WebauthnBuilder, WebauthnError};

use crate::auth::context::SendingError;
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

/// Returns the union as a relying party. Its host comes from the union's own origin, never from a request.
pub(super) fn relying_party(tenant: &Tenant) -> Result<Webauthn, PasskeyError> {
    let wrong = || PasskeyError::Origin(tenant.origin.clone());
    let origin = Url::parse(&tenant.origin).map_err(|_| wrong())?;
    let host = origin.host_str().ok_or_else(wrong)?;
    Ok(WebauthnBuilder::new(host, &origin)?.rp_name(&tenant.config.name).build()?)
}
