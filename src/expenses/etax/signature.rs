//! The signature of a form: an enveloped XML signature (2002) with RSA and SHA-256.

use bergshamra::Error;
use bergshamra::dsig::sign::sign_owned;

use crate::signing::SigningKey;

/// The signer fills in the digest, the signature and the certificates. The template has no blanks, since they would be
/// signed, too.
pub(super) const TEMPLATE: &str = concat!(
    r#"<dsig:Signature xmlns:dsig="http://www.w3.org/2000/09/xmldsig#" Id="TEG700-Signature">"#,
    r#"<dsig:SignedInfo>"#,
    r#"<dsig:CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/>"#,
    r#"<dsig:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>"#,
    r##"<dsig:Reference URI="#TEG700">"##,
    r#"<dsig:Transforms>"#,
    r#"<dsig:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>"#,
    r#"<dsig:Transform Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/>"#,
    r#"</dsig:Transforms>"#,
    r#"<dsig:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>"#,
    r#"<dsig:DigestValue></dsig:DigestValue>"#,
    r#"</dsig:Reference>"#,
    r#"</dsig:SignedInfo>"#,
    r#"<dsig:SignatureValue></dsig:SignatureValue>"#,
    r#"<dsig:KeyInfo><dsig:X509Data/></dsig:KeyInfo>"#,
    r#"</dsig:Signature>"#,
);

/// Signs a document that has the template in it.
pub(super) fn sign(xml: String, key: &SigningKey) -> Result<String, Error> {
    sign_owned(&key.signer(), xml)
}

/// Returns true if a document bears a signature of this key over the whole of it.
#[cfg(test)]
pub(super) fn is_valid(xml: &str, key: &SigningKey) -> bool {
    use bergshamra::keys::loader::load_x509_cert_der;
    use bergshamra::{DsigContext, KeysManager, verify};

    let mut keys = KeysManager::new();
    keys.add_key(load_x509_cert_der(&key.certificates()[0]).unwrap());
    verify(&DsigContext::new(keys), xml).is_ok_and(|verified| verified.is_valid())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signing::samples;

    fn signed(key: &SigningKey) -> String {
        let form = r#"<TEG700 xmlns="http://xml.e-tax.nta.go.jp/XSD/kyotsu" id="TEG700">"#;
        let item = "<WBD00050>3420</WBD00050><WBD00040>&lt;&amp;&quot;]]&gt;</WBD00040>";
        sign(format!("{form}{item}{TEMPLATE}</TEG700>"), key).unwrap()
    }

    #[test]
    fn d1_a_changed_byte_and_another_key_are_refused() {
        let key = samples::key();
        let xml = signed(&key);
        assert!(is_valid(&xml, &key));
        assert!(!is_valid(&xml, &samples::key()), "another key");
        for (from, to) in [
            ("3420", "3421"),
            ("&amp;", "&#32;"),
            ("id=\"TEG700\"", "id=\"TEG701\""),
            ("</WBD00050>", "</WBD00050> "),
            ("#sha256", "#sha512"),
            ("<dsig:DigestValue>", "<dsig:DigestValue>A"),
            ("<dsig:SignatureValue>", "<dsig:SignatureValue>AAAA"),
        ] {
            assert!(xml.contains(from), "{from}");
            assert!(!is_valid(&xml.replacen(from, to, 1), &key), "{from} became {to}");
        }
    }

    #[test]
    fn d1_the_same_is_signed_alike_and_the_certificate_goes_with_it() {
        let key = samples::key();
        let xml = signed(&key);
        assert_eq!(xml, signed(&key));
        let [one, two] = ["<dsig:X509Certificate>", "</dsig:X509Certificate>"];
        let (_, certificate) = xml.split_once(one).unwrap();
        let (certificate, rest) = certificate.split_once(two).unwrap();
        assert!(certificate.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b)));
        assert_eq!(rest, "</dsig:X509Data></dsig:KeyInfo></dsig:Signature></TEG700>");
        for empty in ["<dsig:DigestValue></", "<dsig:SignatureValue></"] {
            assert!(!xml.contains(empty), "{empty}");
        }
    }
}
