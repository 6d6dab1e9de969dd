//! The person whom an address names.

use crate::auth::staff::desk::Matter;
use crate::base::ids::LoginId;
use crate::base::realm::Staff;
use crate::members::person;
use crate::web::error::WebError;
use crate::web::identity::Visitor;
use crate::web::state::App;

/// The longest code in a members file.
const LONGEST_CODE: usize = 255;

/// The person of an address, as the line of an act on them names them.
#[derive(Debug, Clone, Default)]
pub(in crate::console) struct AddressedPerson {
    /// `None` if the union has nobody with this code. Whoever has no right to the act is refused all the same, so that
    /// a refusal tells nothing.
    pub(in crate::console) code: Option<String>,
    pub(in crate::console) login: Option<LoginId>,
}

impl AddressedPerson {
    pub(in crate::console) async fn read(
        app: &App,
        visitor: &Visitor<Staff>,
        code: &str,
    ) -> Result<Self, WebError> {
        // PostgreSQL refuses a text with the character 0.
        if code.len() > LONGEST_CODE || code.chars().any(char::is_control) {
            return Ok(Self::default());
        }
        let mut tx = visitor.begin(app).await?;
        let known = person::known(&mut tx, code).await?;
        tx.commit().await?;
        Ok(known.map_or_else(Self::default, |known| Self {
            code: Some(code.to_owned()),
            login: known.login,
        }))
    }

    pub(in crate::console) fn matter(&self) -> Matter {
        Matter { subject: self.login, member: self.code.clone(), ..Matter::default() }
    }

    /// Returns the code of a person of the union.
    ///
    /// # Errors
    /// [`WebError::NotFound`] if there is none, or no longer.
    pub(in crate::console) fn code(&self) -> Result<&str, WebError> {
        self.code.as_deref().ok_or(WebError::NotFound)
    }
}
