//! Files that hold a key and its certificates: PKCS#12 of any age, and PEM.

use aws_lc_rs::rsa::KeyPair;
use p12_keystore::Pkcs12Archive;
use p12_keystore::error::Error as Pkcs12Error;
use x509_parser::pem::Pem;

use super::KeyProblem;

/// PKCS#12 begins with this byte, like every structure in DER.
const SEQUENCE: u8 = 0x30;
/// Found in the label of a PKCS#8 block, and in the headers of an older one.
const ENCRYPTED: &[u8] = b"ENCRYPTED";

/// The content of a file, in no reliable order.
pub(super) struct KeyFile {
    pub keys: Vec<KeyPair>,
    /// In DER.
    pub certificates: Vec<Vec<u8>>,
}

/// Opens a file by its content, whatever its name says.
pub(super) fn open(bytes: &[u8], password: &str) -> Result<KeyFile, KeyProblem> {
    if bytes.first() == Some(&SEQUENCE) { pkcs12(bytes, password) } else { pem(bytes) }
}

fn pkcs12(bytes: &[u8], password: &str) -> Result<KeyFile, KeyProblem> {
    let archive = Pkcs12Archive::from_pkcs12(bytes, password).map_err(|error| match error {
        Pkcs12Error::MacError(_) | Pkcs12Error::UnpadError | Pkcs12Error::Pkcs5Error(_) => {
            KeyProblem::WrongPassword
        }
        other => KeyProblem::NoContainer(other.to_string()),
    })?;
    let keys = archive.keys.iter().map(|bag| KeyPair::from_pkcs8(bag.key.as_der()));
    Ok(KeyFile {
        keys: keys.collect::<Result<_, _>>().map_err(KeyProblem::Unsuitable)?,
        certificates: archive.certs.iter().map(|bag| bag.cert.as_der().to_vec()).collect(),
    })
}

fn pem(bytes: &[u8]) -> Result<KeyFile, KeyProblem> {
    if bytes.windows(ENCRYPTED.len()).any(|part| part == ENCRYPTED) {
        return Err(KeyProblem::EncryptedPem);
    }
    let mut contents = KeyFile { keys: Vec::new(), certificates: Vec::new() };
    for block in Pem::iter_from_buffer(bytes) {
        let block = block.map_err(|error| KeyProblem::NoContainer(error.to_string()))?;
        let key = match block.label.as_str() {
            "PRIVATE KEY" => KeyPair::from_pkcs8(&block.contents),
            "RSA PRIVATE KEY" | "EC PRIVATE KEY" => KeyPair::from_der(&block.contents),
            "CERTIFICATE" => {
                contents.certificates.push(block.contents);
                continue;
            }
            _ => continue,
        };
        contents.keys.push(key.map_err(KeyProblem::Unsuitable)?);
    }
    if contents.keys.is_empty() && contents.certificates.is_empty() {
        return Err(KeyProblem::NoContainer("どちらの書き出しでもありません".to_owned()));
    }
    Ok(contents)
}
