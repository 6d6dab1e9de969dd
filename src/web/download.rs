//! Downloads: files that the browser saves and never shows in a page, under a Japanese name.

use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

pub const PDF: &str = "application/pdf";

/// RFC 8187 would leave more characters as they are, but encoding them does no harm.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

/// Answers with a file to save under `name`. Browsers that can't read it use `plain`, which is in
/// ASCII.
pub fn download(name: &str, plain: &str, content_type: &str, bytes: Vec<u8>) -> Response {
    let content_type = HeaderValue::from_str(content_type)
        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let headers = [
        (CONTENT_TYPE, content_type),
        (CONTENT_DISPOSITION, disposition(name, plain)),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, bytes).into_response()
}

fn disposition(name: &str, plain: &str) -> HeaderValue {
    let name: String = name.chars().map(|c| if misleads(c) { '_' } else { c }).collect();
    let encoded = utf8_percent_encode(&name, ENCODED);
    let plain: String = plain.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    HeaderValue::try_from(format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"))
        .unwrap_or(HeaderValue::from_static("attachment"))
}

const fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_')
}

/// Returns true for what no file name may have: characters that lead out of a folder or that some
/// system refuses, and marks that change the direction of writing, behind which an extension could
/// hide.
fn misleads(c: char) -> bool {
    c.is_control()
        || matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::StatusCode;
    use percent_encoding::percent_decode_str;

    fn sent(name: &str, plain: &str) -> (String, String) {
        let value = disposition(name, plain);
        let value = value.to_str().unwrap();
        let rest = value.strip_prefix("attachment; filename=\"").unwrap();
        let (plain, encoded) = rest.split_once("\"; filename*=UTF-8''").unwrap();
        let name = percent_decode_str(encoded).decode_utf8().unwrap();
        assert!(encoded.is_ascii() && !encoded.contains([' ', '"', ';', '\'']), "{encoded}");
        (name.into_owned(), plain.to_owned())
    }

    #[test]
    fn e6_a_file_is_saved_under_a_name_in_japanese() {
        let (name, plain) = ("医療費明細_2025年3月.pdf", "expenses-2025-03.pdf");
        let file = download(name, plain, "application/pdf", vec![1]);
        assert_eq!(file.status(), StatusCode::OK);
        assert_eq!(file.headers()[CONTENT_TYPE], "application/pdf");
        assert_eq!(file.headers()[CACHE_CONTROL], "no-store");
        assert_eq!(sent(name, plain), (name.to_owned(), plain.to_owned()));
    }

    #[test]
    fn a_file_name_leads_nowhere_and_adds_no_header() {
        for (name, saved) in [
            ("../../etc/passwd", ".._.._etc_passwd"),
            ("a\"; filename=\"b.exe", "a_; filename=_b.exe"),
            ("a\r\nSet-Cookie: x", "a__Set-Cookie_ x"),
            ("a\u{202e}fdp.exe", "a_fdp.exe"),
            ("𠮷野\0健保.csv", "𠮷野_健保.csv"),
        ] {
            let (name, plain) = sent(name, name);
            assert_eq!(name, saved);
            assert!(plain.chars().all(is_plain), "{plain}");
        }
    }
}
