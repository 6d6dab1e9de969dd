//! Errors of signing keys, in words that say how to mend them.

use std::path::PathBuf;

use aws_lc_rs::error::KeyRejected;

use crate::base::io_words::words;

/// A key that can't be used.
#[derive(Debug, thiserror::Error)]
#[error("設定の signing.keys[{index}]（{tenant}）: {file}: {problem}", file = file.display())]
pub struct SigningKeyError {
    /// The key's position among the `[[signing.keys]]`, counted from 0.
    pub index: usize,
    pub tenant: String,
    pub file: PathBuf,
    pub problem: KeyProblem,
}

/// A mistake in a key's file.
#[derive(Debug, thiserror::Error)]
pub enum KeyProblem {
    #[error("ファイルを読めません: {}", words(.0))]
    Unreadable(std::io::Error),
    #[error("password_file の {path} を読めません: {reason}", path = path.display(), reason = words(source))]
    PasswordFile { path: PathBuf, source: std::io::Error },
    #[error("パスワードが違います。password_file のファイルに正しいものを書いてください")]
    WrongPassword,
    #[error(
        "PKCS#12でも鍵の入ったPEMでもありません（{0}）。次のように作れます: openssl pkcs12 -export -inkey KEY.pem -in CERTIFICATES.pem -out KEY.p12"
    )]
    NoContainer(String),
    #[error(
        "鍵が暗号化されています。暗号化した鍵はPKCS#12だけから読めます。次のように作れます: openssl pkcs12 -export -in THIS.pem -out KEY.p12"
    )]
    EncryptedPem,
    #[error("秘密鍵が入っていません。証明書とともに書き出してください")]
    NoKey,
    #[error("秘密鍵が2つ以上入っています。1つずつファイルと [[signing.keys]] に分けてください")]
    SeveralKeys,
    #[error("証明書が入っていません。秘密鍵とともに書き出してください")]
    NoCertificate,
    #[error("入っている証明書を読めません: {0}")]
    Certificate(String),
    #[error("秘密鍵に合う証明書が入っていません。合うものを組にしてください")]
    Mismatch,
    #[error("2048〜8192ビットのRSAの鍵ではありません（{0}）。e-Taxはほかの鍵を受け付けません")]
    Unsuitable(KeyRejected),
    #[error("この鍵では署名できません: {0}")]
    Refused(bergshamra::Error),
}
