//! Settings: defaults, then `kosmo.toml`, then the environment (`KOSMO_DATABASE__URL`).
//!
//! All are parsed and checked at start. A wrong one is reported with its name and its source, so
//! that nobody has to search.

mod database;
mod mail;
mod pdf;
mod security;
mod signing;
mod wrong;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use axum::http::HeaderName;
use figment::Figment;
use figment::providers::{Env, Format as _, Toml};
use serde::Deserialize;

pub use self::database::{AddressError, DatabaseAddress, DatabaseSettings, DatabaseUrl, Pooler};
pub use self::mail::{MailSender, MailSettings, TopicArn};
pub use self::pdf::PdfSettings;
pub use self::security::SecuritySettings;
pub use self::signing::{SigningKeySettings, SigningSettings};
use crate::base::files;
use crate::base::io_words::words;
use crate::base::sealed::Sealer;

/// Everything that can be set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The address on which the server listens. `KOSMO_LISTEN`
    pub listen: SocketAddr,
    /// The folder in which the demo keeps its database, mails and list of people. `KOSMO_DATA_DIR`
    pub data_dir: PathBuf,
    pub database: DatabaseSettings,
    pub site: SiteSettings,
    pub mail: MailSettings,
    pub log: LogSettings,
    pub hashing: HashingSettings,
    pub sealing: SealingSettings,
    pub pdf: PdfSettings,
    pub signing: SigningSettings,
    pub security: SecuritySettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            data_dir: PathBuf::from(".kosmo"),
            database: DatabaseSettings::default(),
            site: SiteSettings::default(),
            mail: MailSettings::default(),
            log: LogSettings::default(),
            hashing: HashingSettings::default(),
            sealing: SealingSettings::default(),
            pdf: PdfSettings::default(),
            signing: SigningSettings::default(),
            security: SecuritySettings::default(),
        }
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SiteSettings {
    /// The address below which unions get their subdomain, as browsers see it. Default:
    /// `http://localhost` with the port of `listen`.
    pub base_url: Option<BaseUrl>,
    /// The header in which the reverse proxy passes the browser's address on: `x-real-ip`. If absent,
    /// browsers connect directly.
    pub client_address_header: Option<HeaderField>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogSettings {
    pub format: LogFormat,
    /// A filter in the notation of tracing's `EnvFilter`: `info,kosmo=debug`.
    pub filter: String,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info".to_owned() }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HashingSettings {
    /// Threads that hash passwords; 0 means one for each core.
    pub threads: usize,
    /// The number of sign-ins that may wait for a thread. Beyond that the answer is 503, for the union with the most
    /// waiters.
    pub queue: usize,
}

impl Default for HashingSettings {
    fn default() -> Self {
        Self { threads: 0, queue: 64 }
    }
}

/// Keys for values encrypted at rest.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SealingSettings {
    /// A file of keys, one line each: a name and 32 bytes in base64, the newest last. All servers
    /// need the same file. Default: the one that `kosmo demo` makes in `data_dir`.
    pub keys_file: Option<PathBuf>,
}

/// The name of a header.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct HeaderField(pub HeaderName);

impl TryFrom<String> for HeaderField {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self).map_err(|_| "ヘッダーの名前にしてください（例: x-real-ip）")
    }
}

/// The reason why the settings can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("設定の {}", wrong::told(.0))]
    Wrong(Box<figment::Error>),
    #[error(transparent)]
    Address(#[from] AddressError),
    #[error(
        "設定の sealing.keys_file がありません。鍵のファイルを作り（例: echo \"1 $(openssl rand -base64 32)\" > sealing.keys）、KOSMO_SEALING__KEYS_FILE に書いてください"
    )]
    NoSealingKeys,
    #[error("設定の sealing.keys_file（{path}）を読めません: {reason}", path = path.display())]
    SealingKeys { path: PathBuf, reason: String },
    #[error("設定の {0}")]
    Mail(&'static str),
    #[error("設定の {0}")]
    Security(&'static str),
    #[error("設定の {0}")]
    Database(&'static str),
}

impl Settings {
    /// Reads and checks all settings.
    ///
    /// # Errors
    /// Reports the first wrong setting.
    pub fn load() -> Result<Self, SettingsError> {
        Self::from_figment(
            &Figment::new()
                .merge(Toml::file("kosmo.toml"))
                // KOSMO_TENANT is no setting: it is an argument of commands.
                .merge(Env::prefixed("KOSMO_").ignore(&["tenant"]).split("__")),
        )
    }

    fn from_figment(figment: &Figment) -> Result<Self, SettingsError> {
        let settings: Self =
            figment.extract().map_err(|error| SettingsError::Wrong(Box::new(error)))?;
        settings.mail.check().map_err(SettingsError::Mail)?;
        settings.security.check().map_err(SettingsError::Security)?;
        settings.database.check().map_err(SettingsError::Database)?;
        Ok(settings)
    }

    /// Says how to reach the database: by `database.url`, by the file that it names, or else by the
    /// file of a demo that is running in `data_dir`.
    ///
    /// # Errors
    /// Returns [`AddressError::None`] if there is none of them, and other errors if the file can't
    /// be read.
    pub fn database(&self) -> Result<DatabaseAddress, SettingsError> {
        Ok(self.database.address(&self.demo_database_url())?)
    }

    /// Returns the path of the file in which a running demo keeps its database URL.
    #[must_use]
    pub fn demo_database_url(&self) -> PathBuf {
        self.data_dir.join("database_url")
    }

    /// Reads the keys that seal values at rest.
    ///
    /// # Errors
    /// Returns [`SettingsError::NoSealingKeys`] if there are none, and says what is wrong with the
    /// file.
    pub fn sealer(&self) -> Result<Sealer, SettingsError> {
        let demo = Some(self.demo_sealing_keys()).filter(|path| path.exists());
        let path = self.sealing.keys_file.clone().or(demo).ok_or(SettingsError::NoSealingKeys)?;
        let wrong = |reason: String| SettingsError::SealingKeys { path: path.clone(), reason };
        let text = files::read_to_string(&path).map_err(|error| wrong(words(&error)))?;
        Sealer::read(&text).map_err(wrong)
    }

    /// Returns the path of the file in which a demo keeps its sealing keys.
    #[must_use]
    pub fn demo_sealing_keys(&self) -> PathBuf {
        self.data_dir.join("sealing.keys")
    }

    #[must_use]
    pub fn base_url(&self) -> BaseUrl {
        self.site.base_url.clone().unwrap_or_else(|| BaseUrl {
            scheme: Scheme::Http,
            host: "localhost".to_owned(),
            port: Some(self.listen.port()),
        })
    }

    #[must_use]
    pub fn mail_directory(&self) -> PathBuf {
        self.mail.directory.clone().unwrap_or_else(|| self.data_dir.join("mail"))
    }
}

/// Returns the name in a `Host` header: without its port, in lower case.
#[must_use]
pub fn host_name(host: &str) -> String {
    host.rsplit_once(':').map_or(host, |(name, _port)| name).to_ascii_lowercase()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    Http,
    Https,
}

/// The address below which unions get their subdomain.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct BaseUrl {
    scheme: Scheme,
    host: String,
    port: Option<u16>,
}

impl BaseUrl {
    /// Returns the host name of a label below this address, as a request's `Host` names it (without
    /// a port).
    #[must_use]
    pub fn host(&self, label: &str) -> String {
        format!("{label}.{}", self.host)
    }

    /// Returns an origin such as `https://jomkenpo.portal.kosmo-web.jp`.
    #[must_use]
    pub fn origin(&self, label: &str) -> String {
        let scheme = match self.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("{scheme}://{}{port}", self.host(label))
    }

    /// Returns true if browsers reach it by TLS only, so that they may be told never to use plain
    /// HTTP.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.scheme == Scheme::Https
    }
}

impl TryFrom<String> for BaseUrl {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        const EXPECTED: &str =
            "http(s)://ホスト か http(s)://ホスト:ポート にしてください（パスは付けません）";
        let uri: axum::http::Uri = text.parse().map_err(|_| EXPECTED)?;
        let scheme = match uri.scheme_str() {
            Some("http") => Scheme::Http,
            Some("https") => Scheme::Https,
            _ => return Err(EXPECTED),
        };
        let host = uri.host().ok_or(EXPECTED)?.to_ascii_lowercase();
        if uri.path() != "/" || uri.query().is_some() {
            return Err(EXPECTED);
        }
        Ok(Self { scheme, host, port: uri.port_u16() })
    }
}

#[cfg(test)]
mod tests {
    use figment::providers::Serialized;

    use super::*;

    fn base(text: &str) -> Result<BaseUrl, &'static str> {
        BaseUrl::try_from(text.to_owned())
    }

    #[test]
    fn a_union_answers_below_the_base() {
        let production = base("https://portal.kosmo-web.jp").unwrap();
        assert_eq!(production.origin("jomkenpo"), "https://jomkenpo.portal.kosmo-web.jp");
        let demo = Settings::default().base_url();
        assert_eq!(demo.origin("www.klinekenpo"), "http://www.klinekenpo.localhost:8080");
        for bad in ["", "portal", "ftp://x", "https://x/path", "https://x?q"] {
            assert!(base(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_wrong_setting_is_reported_by_name() {
        let wrong = |key: &str, value: &str| {
            let figment = Figment::from(Serialized::default(key, value));
            Settings::from_figment(&figment).unwrap_err().to_string()
        };
        assert!(wrong("site.base_url", "nonsense").contains("site.base_url"));
        assert!(wrong("listen", "everywhere").contains("listen"));
        assert!(wrong("lisen", "127.0.0.1:1").contains("lisen"));
        assert!(wrong("mail.sender", "ses").contains("mail.ses_region"));
        assert!(wrong("database.pooler", "transaction").contains("database.listen_url"));
        let topic = wrong("mail.sns_topic_arn", "arn:aws:sns::123456789012:kosmo-mail");
        assert!(topic.contains("mail.sns_topic_arn") && topic.contains("リージョン"), "{topic}");
    }
}
