//! Errors for an operator: in Japanese, with each reason once, and what to do about it.

use std::io;

use sqlx::migrate::MigrateError;

use crate::auth::context::SendingError;
use crate::auth::credentials::letters::LettersError;
use crate::base::io_words;
use crate::db::{Passing as _, WrongRole};
use crate::import::ImportError;
use crate::tenant::registry::RegistryError;

const DATABASE: &str = "データベースに接続できません。設定（KOSMO_DATABASE__URL か kosmo.toml の database.url）と、PostgreSQLが動いているかを確かめてください（例: systemctl start postgresql。デモなら kosmo demo）。kosmo doctor でくわしく調べられます";
const NO_SCHEMA: &str =
    "データベースのスキーマが古いか、まだありません。kosmo migrate を実行してください";

/// Describes an error with its reasons.
pub(in crate::cli) fn error(error: &anyhow::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    for cause in error.chain() {
        let words = cause.to_string();
        let of_database = database_in(cause);
        let japanese = match (cause.downcast_ref::<io::Error>(), of_database) {
            (Some(error), _) => io_words::words(error),
            (_, Some(error)) => database(error),
            _ => words.clone(),
        };
        // An error that repeats its reason repeats it in English.
        for part in &mut parts {
            *part = part.replace(&words, &japanese);
        }
        if !parts.iter().any(|part| part.contains(&japanese)) {
            parts.push(japanese);
        }
        if of_database.is_some() {
            break;
        }
    }
    parts.join(": ")
}

/// Returns the database error inside an error that adds no words of its own.
fn database_in<'e>(cause: &'e (dyn std::error::Error + 'static)) -> Option<&'e sqlx::Error> {
    if let Some(error) = cause.downcast_ref() {
        return Some(error);
    }
    match (
        cause.downcast_ref(),
        cause.downcast_ref(),
        cause.downcast_ref(),
        cause.downcast_ref(),
        cause.downcast_ref(),
    ) {
        (Some(ImportError::Database(error)), ..)
        | (_, Some(RegistryError::Database(error)), ..)
        | (_, _, Some(LettersError::Database(error)), ..)
        | (_, _, _, Some(SendingError::Database(error)), ..)
        | (_, _, _, _, Some(MigrateError::Execute(error))) => Some(error),
        _ => None,
    }
}

/// Describes an error of the database, or of the connection to it.
pub(in crate::cli) fn database(error: &sqlx::Error) -> String {
    if let sqlx::Error::Configuration(error) = error
        && let Some(wrong) = error.downcast_ref()
    {
        return wrong_role(wrong);
    }
    let code = error.as_database_error().and_then(|error| error.code());
    let reason = match error {
        sqlx::Error::Io(error) => io_words::words(error),
        sqlx::Error::PoolTimedOut => "応答がありません".to_owned(),
        error => error.to_string(),
    };
    match code.as_deref() {
        Some("28P01" | "28000") => format!("{DATABASE}（ユーザー名かパスワードが違います）"),
        Some("3D000") => format!("{DATABASE}（その名前のデータベースがありません）"),
        Some("42P01" | "42703" | "22023" | "42704") => format!("{NO_SCHEMA}（{reason}）"),
        Some("42501") => format!(
            "データベースのユーザーに権限がありません（{reason}）。infra/production の役割の設定を確かめてください"
        ),
        _ if error.is_passing() => format!("{DATABASE}（{reason}）"),
        _ => format!("データベースのエラーです（{reason}）"),
    }
}

/// Describes what is wrong with the database user, with the statement that mends it.
fn wrong_role(wrong: &WrongRole) -> String {
    match wrong {
        WrongRole::Another { acting, wanted } => format!(
            "データベースの接続ユーザーは {acting} として動いていて、必要な {wanted} ではありません。alter role ログイン名 set role {wanted} を実行してください（infra/production/roles.sql）"
        ),
        WrongRole::Unbound(role) => format!(
            "データベースの役割 {role} は、管理者か行レベルセキュリティを無視できる役割です。組合のデータを守れないため、接続しません。alter role {role} nosuperuser nobypassrls を実行してください"
        ),
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn a_reason_is_told_once_and_in_japanese() {
        let missing = || io::Error::from_raw_os_error(libc::ENOENT);
        let there = "terms.txt: ファイルまたはフォルダがありません";
        let context = Err::<(), _>(missing()).context("terms.txt").unwrap_err();
        assert_eq!(error(&context), there);
        let wrapped = Err::<(), _>(ImportError::File(missing())).context("terms.txt").unwrap_err();
        assert_eq!(error(&wrapped), there);
        let own = io::Error::other("3行目がUTF-8として読めません");
        assert_eq!(error(&own.into()), "3行目がUTF-8として読めません");
    }

    #[test]
    fn a_database_that_is_down_is_told_with_what_to_do() {
        let down = sqlx::Error::Io(io::Error::from_raw_os_error(libc::ECONNREFUSED));
        let told = error(&anyhow::Error::from(ImportError::Database(down)));
        for words in ["KOSMO_DATABASE__URL", "systemctl start", "接続を断られました"] {
            assert_eq!(told.matches(words).count(), 1, "{told}");
        }
        assert!(!told.contains("refused"), "{told}");
    }
    #[test]
    fn a_user_that_acts_as_somebody_else_is_told_with_the_statement_that_mends_it() {
        let wrong = WrongRole::Another { acting: "kosmo".to_owned(), wanted: "kosmo_server" };
        let told = database(&sqlx::Error::Configuration(Box::new(wrong)));
        assert!(told.contains("set role kosmo_server"), "{told}");
        let wrong = WrongRole::Unbound("kosmo_server".to_owned());
        let told = database(&sqlx::Error::Configuration(Box::new(wrong)));
        assert!(told.contains("alter role kosmo_server nosuperuser nobypassrls"), "{told}");
    }
}
