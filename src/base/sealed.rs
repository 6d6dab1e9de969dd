//! Values encrypted at rest: XChaCha20-Poly1305 with a key from the settings.
//!
//! Each value carries the name of its key, so that a new key can take over while the old one still
//! opens what it sealed. The purpose is authenticated with the value: a value moved to another
//! place doesn't open.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

const KEY_LENGTH: usize = 32;
const NONCE_LENGTH: usize = 24;

/// A sealed value with the name of its key.
#[derive(Debug, Clone)]
pub struct SealedValue {
    pub key_id: String,
    /// A random nonce, followed by the ciphertext.
    pub bytes: Vec<u8>,
}

impl SealedValue {
    /// Encodes the value for a hidden form field.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}.{}", self.key_id, URL_SAFE_NO_PAD.encode(&self.bytes))
    }

    /// Reads what [`SealedValue::to_text`] wrote. Returns `None` if the text can't be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (key_id, bytes) = text.rsplit_once('.')?;
        Some(Self { key_id: key_id.to_owned(), bytes: URL_SAFE_NO_PAD.decode(bytes).ok()? })
    }
}

/// The keys of a deployment; the last one seals.
#[derive(Clone)]
pub struct Sealer {
    keys: Vec<(String, XChaCha20Poly1305)>,
}

#[derive(Debug, thiserror::Error)]
pub enum SealedError {
    #[error("no sealing key is named {0}")]
    UnknownKey(String),
    #[error("a sealed value does not open with its key")]
    Altered,
}

impl Sealer {
    /// Reads a file of keys: one line each, with a name and 32 bytes in base64, the newest last.
    ///
    /// # Errors
    /// Returns a message in Japanese that names the wrong line.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut keys: Vec<(String, XChaCha20Poly1305)> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let wrong = |what: &str| format!("{}行目: {what}", index + 1);
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, key) = line
                .split_once(char::is_whitespace)
                .ok_or_else(|| wrong("名前の後ろに鍵がありません"))?;
            let key = STANDARD.decode(key.trim()).map_err(|_| wrong("鍵がbase64ではありません"))?;
            let key = XChaCha20Poly1305::new_from_slice(&key)
                .map_err(|_| wrong("鍵が32バイトではありません"))?;
            if keys.iter().any(|(known, _)| known == name) {
                return Err(wrong("同じ名前の鍵が2つあります"));
            }
            keys.push((name.to_owned(), key));
        }
        if keys.is_empty() {
            Err("鍵が1つもありません".to_owned())
        } else {
            Ok(Self { keys })
        }
    }

    /// Makes the content of a key file with one new key.
    #[must_use]
    pub fn new_file() -> String {
        let key: [u8; KEY_LENGTH] = rand::random();
        format!("1 {}\n", STANDARD.encode(key))
    }

    /// Seals a value for a purpose.
    ///
    /// # Panics
    /// Never: our values are far below the cipher's limit of 256 GiB.
    #[must_use]
    pub fn seal(&self, purpose: &str, plain: &[u8]) -> SealedValue {
        let (key_id, key) = self.keys.last().expect("read() lets none without keys through");
        let nonce: [u8; NONCE_LENGTH] = rand::random();
        let payload = Payload { msg: plain, aad: purpose.as_bytes() };
        let ciphertext =
            key.encrypt(&XNonce::from(nonce), payload).expect("a value of ours is not too long");
        SealedValue { key_id: key_id.clone(), bytes: [&nonce[..], &ciphertext].concat() }
    }

    /// Opens a value that was sealed for the same purpose.
    ///
    /// # Errors
    /// Fails if the key is gone, or the value was altered or moved.
    pub fn open(&self, purpose: &str, sealed: &SealedValue) -> Result<Vec<u8>, SealedError> {
        let found = self.keys.iter().find(|(name, _)| *name == sealed.key_id);
        let (_, key) = found.ok_or_else(|| SealedError::UnknownKey(sealed.key_id.clone()))?;
        let (nonce, ciphertext) =
            sealed.bytes.split_first_chunk::<NONCE_LENGTH>().ok_or(SealedError::Altered)?;
        let payload = Payload { msg: ciphertext, aad: purpose.as_bytes() };
        key.decrypt(&XNonce::from(*nonce), payload).map_err(|_| SealedError::Altered)
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_opens_for_its_purpose_alone_and_after_the_key_was_replaced() {
        let file = Sealer::new_file();
        let sealed = Sealer::read(&file).unwrap().seal("device 1", b"seed");
        let both = Sealer::read(&format!("{file}# a newer one\n{}", file.replacen('1', "2", 1)));
        let both = both.unwrap();
        assert_eq!(both.open("device 1", &sealed).unwrap(), b"seed");
        assert_eq!(both.seal("x", b"y").key_id, "2");
        assert!(matches!(both.open("device 2", &sealed), Err(SealedError::Altered)));
        let moved = SealedValue { key_id: "3".to_owned(), ..sealed.clone() };
        assert!(matches!(both.open("device 1", &moved), Err(SealedError::UnknownKey(_))));
        let cut = SealedValue { bytes: sealed.bytes[..10].to_vec(), ..sealed };
        assert!(matches!(both.open("device 1", &cut), Err(SealedError::Altered)));
    }

    #[test]
    fn a_wrong_file_is_told_by_its_line() {
        let key = STANDARD.encode([7; 32]);
        for (text, words) in [
            (String::new(), "鍵が1つもありません"),
            ("1".to_owned(), "1行目: 名前の後ろに鍵がありません"),
            (format!("\n1 {key}x"), "2行目: 鍵がbase64ではありません"),
            ("1 AAAA".to_owned(), "1行目: 鍵が32バイトではありません"),
            (format!("1 {key}\n1 {key}"), "2行目: 同じ名前の鍵が2つあります"),
        ] {
            let error = Sealer::read(&text).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }
}
