//! The settings of the database: its address and password, its pooler and its notifications.

use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use serde::Deserialize;
use sqlx::postgres::PgConnectOptions;

use crate::base::files;
use crate::base::io_words::words;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DatabaseSettings {
    /// `postgresql://user:password@host/database`. The user must act as the role that the process needs, or be
    /// allowed to take it on.
    pub url: Option<DatabaseUrl>,
    /// A file that holds the URL, for secrets mounted as files.
    pub url_file: Option<PathBuf>,
    /// The address at which the process listens for notifications. It must be the database itself if `url` leads to a
    /// pooler.
    pub listen_url: Option<DatabaseUrl>,
    pub listen_url_file: Option<PathBuf>,
    pub pooler: Pooler,
    /// Set it to false for a pooler that doesn't track which of its connections has which prepared
    /// statement (PgBouncer before 1.21). No statement then stays prepared between transactions.
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

/// The kind of pooler that stands between a process and the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pooler {
    /// Nothing, or a pooler that keeps one server connection for each of ours.
    None,
    /// A pooler that may use another server connection for each transaction, so nothing may be set for the
    /// session.
    Transaction,
}

/// The address of the database. It has no `Debug`, since it holds passwords.
#[derive(Clone)]
pub struct DatabaseAddress {
    pub options: PgConnectOptions,
    /// If absent, notifications come through `options` too.
    pub listen: Option<PgConnectOptions>,
    pub pooler: Pooler,
}

impl From<PgConnectOptions> for DatabaseAddress {
    fn from(options: PgConnectOptions) -> Self {
        Self { options, listen: None, pooler: Pooler::None }
    }
}

/// The reason why no database address could be found.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    #[error(
        "設定の database.url がありません。環境変数 KOSMO_DATABASE__URL か kosmo.toml に書いてください（例: postgresql://kosmo@localhost/kosmo。試すだけなら kosmo demo）"
    )]
    None,
    #[error("設定の {setting}（{path}）を読めません: {reason}", path = path.display(), reason = words(source))]
    File { setting: &'static str, path: PathBuf, source: std::io::Error },
    #[error("設定の {setting}（{path}）の内容が違います: {reason}", path = path.display())]
    Content { setting: &'static str, path: PathBuf, reason: String },
}

impl DatabaseSettings {
    /// Finds the address: by `url`, by the file that it names, or else by the file of a running
    /// demo.
    pub(super) fn address(&self, demo: &Path) -> Result<DatabaseAddress, AddressError> {
        let mut options = match (&self.url, &self.url_file) {
            (Some(url), _) => url.0.clone(),
            (None, Some(path)) => read("database.url_file", path)?,
            (None, None) if demo.exists() => read("database.url_file", demo)?,
            (None, None) => return Err(AddressError::None),
        };
        if !self.prepared_statements {
            options = options.statement_cache_capacity(0);
        }
        let listen = match (&self.listen_url, &self.listen_url_file) {
            (Some(url), _) => Some(url.0.clone()),
            (None, Some(path)) => Some(read("database.listen_url_file", path)?),
            (None, None) => None,
        };
        Ok(DatabaseAddress { options, listen, pooler: self.pooler })
    }
}

fn read(setting: &'static str, path: &Path) -> Result<PgConnectOptions, AddressError> {
    let path = path.to_owned();
    let text = match files::read_to_string(&path) {
        Ok(text) => text,
        Err(source) => return Err(AddressError::File { setting, path, source }),
    };
    match DatabaseUrl::try_from(text.trim().to_owned()) {
        Ok(url) => Ok(url.0),
        Err(reason) => Err(AddressError::Content { setting, path, reason }),
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
