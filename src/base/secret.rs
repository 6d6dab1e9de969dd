//! Secrets that are handed out once and kept only as a hash.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngExt as _;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// 256 random bits on their way to their owner. Neither `Debug` nor `Display` shows them;
/// [`PlainToken::expose`] does, for the cookie or link that carries them.
#[derive(Clone)]
pub struct PlainToken([u8; 32]);

impl PlainToken {
    #[must_use]
    pub fn random() -> Self {
        Self(rand::rng().random())
    }

    /// Reads a token back from a cookie or link. Returns `None` if the text can't be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    #[must_use]
    pub fn expose(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Returns the hash that the database keeps. The token is random, so a plain hash can't be
    /// reversed.
    #[must_use]
    pub fn hashed(&self) -> Hashed {
        self.derive("token", b"")
    }

    /// Derives a value for `purpose` that nobody can compute without this token.
    #[must_use]
    pub fn derive(&self, purpose: &str, data: &[u8]) -> Hashed {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update((purpose.len() as u64).to_be_bytes());
        hash.update(purpose);
        hash.update(data);
        Hashed(hash.finalize().into())
    }
}

impl std::fmt::Debug for PlainToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PlainToken(…)")
    }
}

/// The hash of a secret. It is compared in constant time.
#[derive(Clone, Copy)]
pub struct Hashed([u8; 32]);

impl Hashed {
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Copies the bytes for a database column.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        self.0.to_vec()
    }

    #[must_use]
    pub fn matches(&self, other: &[u8]) -> bool {
        self.0.ct_eq(other).into()
    }

    /// Encodes the hash for a hidden form field.
    #[must_use]
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

impl std::fmt::Debug for Hashed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hashed(…)")
    }
}

/// Returns six random decimal digits; each of the million codes is equally likely.
#[must_use]
pub fn six_digits() -> String {
    format!("{:06}", rand::rng().random_range(0..1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_the_way_out_and_back() {
        let token = PlainToken::random();
        let back = PlainToken::parse(&token.expose()).unwrap();
        assert!(token.hashed().matches(back.hashed().as_bytes()));
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for bad in ["", "short", "あ", &"A".repeat(44), &"A".repeat(100_000)] {
            assert!(PlainToken::parse(bad).is_none(), "{bad:.20}");
        }
    }

    /// ASVS 7.2.3
    #[test]
    fn tokens_are_long_and_never_the_same() {
        let tokens: std::collections::HashSet<String> =
            (0..10_000).map(|_| PlainToken::random().expose()).collect();
        assert_eq!(tokens.len(), 10_000);
        assert!(tokens.iter().all(|token| token.len() == 43), "256 bits in base64");
    }

    #[test]
    fn purposes_do_not_mix() {
        let token = PlainToken::random();
        let one = token.derive("csrf", b"x");
        assert!(!one.matches(token.derive("code", b"x").as_bytes()));
        assert!(!one.matches(token.derive("csr", b"fx").as_bytes()));
    }

    #[test]
    fn debug_shows_nothing() {
        let token = PlainToken::random();
        assert_eq!(format!("{token:?} {:?}", token.hashed()), "PlainToken(…) Hashed(…)");
    }
}
