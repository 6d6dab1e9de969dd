//! Errors of the operating system, in Japanese.

use std::io::{self, ErrorKind};

/// Says in Japanese, for an operator, what went wrong.
#[must_use]
pub fn words(error: &io::Error) -> String {
    if error.get_ref().is_some() {
        return custom(error);
    }
    let words = match error.kind() {
        ErrorKind::NotFound => "ファイルまたはフォルダがありません",
        ErrorKind::PermissionDenied => "読み書きする権限がありません",
        ErrorKind::AlreadyExists => "すでにあります",
        ErrorKind::IsADirectory => "ファイルではなくフォルダです",
        ErrorKind::NotADirectory => "フォルダではありません",
        ErrorKind::StorageFull => "ディスクに空きがありません",
        ErrorKind::QuotaExceeded => "使えるディスクの容量を超えました",
        ErrorKind::ReadOnlyFilesystem => "書き込めないディスクです",
        ErrorKind::FileTooLarge => "ファイルが大きすぎます",
        ErrorKind::InvalidFilename => "使えないファイル名です",
        ErrorKind::InvalidData => "UTF-8として読めません",
        ErrorKind::AddrInUse => "ほかのプログラムが使っています",
        ErrorKind::AddrNotAvailable => "この機械にないアドレスです",
        ErrorKind::ConnectionRefused => "接続を断られました",
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
            "接続が切れました"
        }
        ErrorKind::TimedOut => "応答がありません",
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => {
            "ネットワークにつながりません"
        }
        ErrorKind::OutOfMemory => "メモリが足りません",
        ErrorKind::UnexpectedEof => "途中で終わっています",
        _ => return format!("システムのエラーです（{error}）"),
    };
    words.to_owned()
}

/// Handles an error with a message of its own: ours are in Japanese, those of libraries in English.
fn custom(error: &io::Error) -> String {
    let words = error.to_string();
    if !words.is_ascii() {
        return words;
    }
    if words.starts_with("failed to lookup address information") {
        return "ホスト名が見つかりません".to_owned();
    }
    match error.kind() {
        ErrorKind::Other | ErrorKind::InvalidData | ErrorKind::InvalidInput => {
            format!("システムのエラーです（{words}）")
        }
        kind => format!("{}（{words}）", self::words(&kind.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_and_libraries_say_is_told_in_japanese() {
        let missing = io::Error::from_raw_os_error(libc::ENOENT);
        assert_eq!(words(&missing), "ファイルまたはフォルダがありません");
        let own = io::Error::new(ErrorKind::InvalidData, "3行目がUTF-8として読めません");
        assert_eq!(words(&own), "3行目がUTF-8として読めません");
        let strange = io::Error::from_raw_os_error(libc::ELOOP);
        assert!(words(&strange).starts_with("システムのエラーです"));
        let nowhere =
            io::Error::other("failed to lookup address information: Name or service not known");
        assert_eq!(words(&nowhere), "ホスト名が見つかりません");
        let library = io::Error::new(ErrorKind::UnexpectedEof, "expected to read 5 bytes");
        assert_eq!(words(&library), "途中で終わっています（expected to read 5 bytes）");
        let other = io::Error::other("strange");
        assert_eq!(words(&other), "システムのエラーです（strange）");
    }
}
