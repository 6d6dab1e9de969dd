//! How the database is reached.

use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use serde::Deserialize;
use sqlx::postgres::PgConnectOptions;

use super::{Settings, SettingsError};
use crate::base::files;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DatabaseSettings {
    /// `postgresql://user:password@host/database`. The user must act as the role that the process needs, or be
    /// allowed to take it on.
    pub url: Option<DatabaseUrl>,
    /// A file that holds the URL, for secrets mounted as files.
    pub url_file: Option<PathBuf>,
    /// Where the process listens for notifications: the database itself, when `url` leads to a pooler.
    pub listen_url: Option<DatabaseUrl>,
    pub listen_url_file: Option<PathBuf>,
    pub pooler: Pooler,
    /// False: no statement stays prepared between transactions, for a pooler that doesn't know which of its
    /// connections has which (PgBouncer before 1.21).
    pub prepared_statements: bool,
    pub max_connections: u32,
}

impl Default for DatabaseSettings {
    fn default() -> Self {
        Self {
            url: None,
            url_file: None,
            listen_url: None,
            listen_url_file: None,
            pooler: Pooler::None,
            prepared_statements: true,
            max_connections: 16,
        }
    }
}

impl DatabaseSettings {
    pub(super) fn check(&self) -> Result<(), &'static str> {
        if self.max_connections < 2 {
            return Err("database.max_connections は2以上にしてください");
        }
        let listens = self.listen_url.is_some() || self.listen_url_file.is_some();
        if self.pooler == Pooler::Transaction && !listens {
            return Err(
                "database.pooler が transaction のときは、database.listen_url か listen_url_file に、プーラーを通らない接続先を書いてください（通知を受け取るため）",
            );
        }
        Ok(())
    }
}

/// What stands between a process and the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pooler {
    /// Nothing, or a pooler that keeps a connection for each of ours.
    None,
    /// A pooler that may give each transaction another connection: nothing is set for longer than a transaction.
    Transaction,
}

/// How to reach the database. It has no `Debug`, since it holds passwords.
#[derive(Clone)]
pub struct DatabaseAddress {
    pub options: PgConnectOptions,
    /// Absent: where everything else goes, too.
    pub listen: Option<PgConnectOptions>,
    pub pooler: Pooler,
}

impl From<PgConnectOptions> for DatabaseAddress {
    fn from(options: PgConnectOptions) -> Self {
        Self { options, listen: None, pooler: Pooler::None }
    }
}

impl Settings {
    /// How to reach the database: from `database.url`, from the file it names, or else that of a
    /// demo which is running in `data_dir`.
    ///
    /// # Errors
    /// [`SettingsError::NoDatabase`] where there is none, and the file's.
    pub fn database(&self) -> Result<DatabaseAddress, SettingsError> {
        let settings = &self.database;
        let mut options = match (&settings.url, &settings.url_file) {
            (Some(url), _) => url.0.clone(),
            (None, Some(path)) => read("database.url_file", path)?,
            (None, None) => {
                let demo = Some(self.demo_database_url()).filter(|path| path.exists());
                read("database.url_file", &demo.ok_or(SettingsError::NoDatabase)?)?
            }
        };
        if !settings.prepared_statements {
            options = options.statement_cache_capacity(0);
        }
        let listen = match (&settings.listen_url, &settings.listen_url_file) {
            (Some(url), _) => Some(url.0.clone()),
            (None, Some(path)) => Some(read("database.listen_url_file", path)?),
            (None, None) => None,
        };
        Ok(DatabaseAddress { options, listen, pooler: settings.pooler })
    }
}

fn read(setting: &'static str, path: &Path) -> Result<PgConnectOptions, SettingsError> {
    let path = path.to_owned();
    let text = match files::read_to_string(&path) {
        Ok(text) => text,
        Err(source) => return Err(SettingsError::UrlFile { setting, path, source }),
    };
    match DatabaseUrl::try_from(text.trim().to_owned()) {
        Ok(url) => Ok(url.0),
        Err(reason) => Err(SettingsError::UrlInFile { setting, path, reason }),
    }
}

/// A database URL that `Debug` doesn't show.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct DatabaseUrl(PgConnectOptions);

impl TryFrom<String> for DatabaseUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        PgConnectOptions::from_str(&text)
            .map(Self)
            .map_err(|_| "URLとして読めません（例: postgresql://kosmo@localhost/kosmo）".to_owned())
    }
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DatabaseUrl(…)")
    }
}
