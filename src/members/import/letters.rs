//! Hashes the first passwords of a file, for people who can't sign in yet.

use std::collections::HashMap;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use secrecy::SecretString;

use crate::auth::credentials::hashing::PasswordHasher;
use crate::auth::credentials::login;
use crate::base::ids::TenantId;
use crate::db::Db;
use crate::db::actor::Actor;
use crate::import::ImportError;
use crate::import::mapping::Mapping;
use crate::import::rows::{Rows, code};
use crate::import::source::Source;
use crate::members::layout::MemberColumn;

/// This is enough to keep every thread of the pool busy.
const HASHES_AT_ONCE: usize = 16;

/// Returns the hashes, by person code. Hashing takes long, so no transaction is open meanwhile.
pub(super) async fn hash_passwords(
    hasher: &PasswordHasher,
    db: &Db,
    tenant: TenantId,
    actor: &Actor,
    source: &Source,
    mapping: &Mapping,
) -> Result<HashMap<String, String>, ImportError> {
    let mut passwords = read(source, mapping)?;
    let codes: Vec<String> = passwords.keys().cloned().collect();
    let mut tx = db.tenant(tenant, actor).await?;
    for code in login::existing(&mut tx, &codes).await? {
        passwords.remove(&code);
    }
    tx.commit().await?;
    stream::iter(passwords)
        .map(async |(code, password)| {
            let hash = hasher.hash_patiently(tenant, &password).await;
            hash.map(|hash| (code, hash)).map_err(|_| ImportError::Stopped)
        })
        .buffer_unordered(HASHES_AT_ONCE)
        .try_collect()
        .await
}

/// Returns the passwords, by person code. Mistakes are ignored here; they are reported when the rows are staged.
fn read(source: &Source, mapping: &Mapping) -> Result<HashMap<String, SecretString>, ImportError> {
    let mut rows = Rows::open(source, mapping)?;
    let mut passwords = HashMap::new();
    while let Some(row) = rows.next_row()? {
        let password = row.exact(MemberColumn::InitialPassword).trim();
        if let (false, Ok(code)) =
            (password.is_empty(), code(row.text(MemberColumn::PersonCode), 40))
        {
            passwords.insert(code, SecretString::from(password));
        }
    }
    Ok(passwords)
}
