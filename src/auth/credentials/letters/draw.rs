//! Draws IDs and passwords at random. Their characters are easy to tell apart on paper.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use rand::RngExt as _;
use secrecy::{ExposeSecret as _, SecretString};

use super::waiting::seal;
use crate::auth::credentials::hashing::{HashingError, PasswordHasher};
use crate::base::clock::Clock;
use crate::base::ids::{LetterId, TenantId};
use crate::base::sealed::{SealedValue, Sealer};

/// The characters that can't be misread in any print: 0 and o, 1, i and l, u and v are left out.
const ALPHABET: &[u8; 29] = b"23456789abcdefghjkmnpqrstwxyz";
/// 29^12 passwords: more than 58 bits.
const PASSWORD_LENGTH: usize = 12;
/// 29^8 IDs, so that two are never the same.
const USER_ID_LENGTH: usize = 8;
const HASHES_AT_ONCE: usize = 8;

/// A letter that is not stored yet. Its password is nowhere in plain text any more.
pub(super) struct Draft {
    pub(super) id: LetterId,
    pub(super) member_code: String,
    /// The user ID of the login to open. A person who has a login keeps its user ID.
    pub(super) user_id: String,
    pub(super) hash: String,
    pub(super) sealed: SealedValue,
}

/// Makes passwords, hashes them and seals them.
pub(super) struct Drawing<'d> {
    pub(super) clock: &'d Clock,
    pub(super) hasher: &'d PasswordHasher,
    pub(super) sealer: &'d Sealer,
    pub(super) union: TenantId,
}

impl Drawing<'_> {
    /// Draws an ID and a password for each of these people. Hashing is slow, so this comes before the transaction that
    /// stores them.
    ///
    /// # Errors
    /// [`HashingError::Stopped`].
    pub(super) async fn draw(&self, codes: Vec<String>) -> Result<Vec<Draft>, HashingError> {
        stream::iter(codes)
            .map(|code| self.draft(code))
            .buffered(HASHES_AT_ONCE)
            .try_collect()
            .await
    }

    async fn draft(&self, member_code: String) -> Result<Draft, HashingError> {
        let id = LetterId::new(self.clock);
        let password = SecretString::from(random_text(PASSWORD_LENGTH));
        Ok(Draft {
            id,
            member_code,
            user_id: new_user_id(),
            hash: self.hasher.hash_patiently(self.union, &password).await?,
            sealed: seal(self.sealer, self.union, id, password.expose_secret()),
        })
    }
}

fn new_user_id() -> String {
    format!("kari{}", random_text(USER_ID_LENGTH))
}

fn random_text(length: usize) -> String {
    let mut random = rand::rng();
    (0..length).map(|_| char::from(ALPHABET[random.random_range(0..ALPHABET.len())])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t9_what_is_printed_can_not_be_misread() {
        for _ in 0..1_000 {
            let (user_id, password) = (new_user_id(), random_text(PASSWORD_LENGTH));
            assert!(user_id.len() == 12 && password.len() == 12);
            for unclear in ['0', 'o', '1', 'l', 'u', 'v', 'i'] {
                assert!(!password.contains(unclear) && !user_id[4..].contains(unclear));
            }
        }
    }
}
