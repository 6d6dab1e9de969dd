//! What can be wrong with a key, and what to do.

use std::path::PathBuf;

use aws_lc_rs::error::KeyRejected;

/// A key that can't be used.
#[derive(Debug, thiserror::Error)]
#[error("settings: signing.keys[{index}] ({tenant}): {file}: {problem}", file = file.display())]
pub struct SigningKeyError {
    /// Its place among the `[[signing.keys]]`, the first is 0.
    pub index: usize,
    pub tenant: String,
    pub file: PathBuf,
    pub problem: KeyProblem,
}

/// What is wrong with a key's file.
#[derive(Debug, thiserror::Error)]
pub enum KeyProblem {
    #[error("it can't be read: {0}")]
    Unreadable(std::io::Error),
    #[error("its password_file {path} can't be read: {source}", path = path.display())]
    PasswordFile { path: PathBuf, source: std::io::Error },
    #[error("its password is wrong; write the right one into the file that password_file names")]
    WrongPassword,
    #[error(
        "it is no PKCS#12 and no PEM with a key ({0}); make one by: openssl pkcs12 -export -inkey KEY.pem -in CERTIFICATES.pem -out KEY.p12"
    )]
    NoContainer(String),
    #[error(
        "its key is encrypted, which is read from PKCS#12 alone; make one by: openssl pkcs12 -export -in THIS.pem -out KEY.p12"
    )]
    EncryptedPem,
    #[error("there is no private key in it; export the key together with its certificate")]
    NoKey,
    #[error("there are several private keys in it; give each a file and a [[signing.keys]]")]
    SeveralKeys,
    #[error("there is no certificate in it; export the key together with its certificate")]
    NoCertificate,
    #[error("a certificate in it can't be read: {0}")]
    Certificate(String),
    #[error("none of its certificates belongs to its private key; put the right two together")]
    Mismatch,
    #[error("its key is not RSA of 2048 to 8192 bits ({0}), and e-Tax takes no other")]
    Unsuitable(KeyRejected),
    #[error("the signer refuses its key: {0}")]
    Refused(bergshamra::Error),
}
