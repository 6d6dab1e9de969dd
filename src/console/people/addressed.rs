//! The person whom an address names.

use crate::auth::help_desk::subject;
use crate::auth::staff::desk::Matter;
use crate::base::realm::Staff;
use crate::web::error::WebError;
use crate::web::identity::Visitor;
use crate::web::state::App;

/// The person of an address, as the line of an act on them names them. It names nobody if the union has nobody with this
/// code. Whoever has no right to the act is refused all the same, so that a refusal tells nothing.
#[derive(Debug, Clone)]
pub(super) struct AddressedPerson(Matter);

impl AddressedPerson {
    pub(super) async fn read(
        app: &App,
        visitor: &Visitor<Staff>,
        code: &str,
    ) -> Result<Self, WebError> {
        let mut tx = visitor.begin(app).await?;
        let matter = subject::matter(&mut tx, code, None).await?;
        tx.commit().await?;
        Ok(Self(matter))
    }

    pub(super) fn matter(&self) -> Matter {
        self.0.clone()
    }

    /// Returns the code of a person of the union.
    ///
    /// # Errors
    /// [`WebError::NotFound`] if there is none, or no longer.
    pub(super) fn code(&self) -> Result<&str, WebError> {
        self.0.member.as_deref().ok_or(WebError::NotFound)
    }
}
