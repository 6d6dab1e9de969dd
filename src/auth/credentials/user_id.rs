//! User IDs: how people write them, and how they are kept.

use serde::Serialize;

use crate::auth::links;

use crate::audit::{self, Action};
use crate::base::clock::Clock;
use crate::base::ids::{LoginId, TenantId};
use crate::base::japanese::{fold, shows_nothing};
use crate::base::realm::{Realm, Subscribers};
use crate::db::TenantTx;
use crate::tenant::policy::{SecondFactor, UserIdRules};

/// No stored ID is longer, whatever a union allows.
const LONGEST: usize = 255;

/// A user ID as it is kept: folded to half width and lower case (T6).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserId(String);

impl UserId {
    /// Reads what a person typed.
    ///
    /// # Errors
    /// The reason why it can't be a user ID, in Japanese. The union's rules for *choosing* an ID are not applied, since IDs
    /// of older systems sign in, too.
    pub fn parse(text: &str) -> Result<Self, String> {
        // Folding can make a text eighteen times longer, so the length is checked before, too.
        if text.chars().count() > LONGEST {
            return Err(format!("ユーザIDは{LONGEST}文字以内で入力してください。"));
        }
        let folded = fold(text).to_lowercase();
        if shows_nothing(&folded) {
            return Err("ユーザIDを入力してください。".to_owned());
        }
        if folded.chars().count() > LONGEST {
            return Err(format!("ユーザIDは{LONGEST}文字以内で入力してください。"));
        }
        if folded.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err("ユーザIDに空白や制御文字は使えません。".to_owned());
        }
        Ok(Self(folded))
    }

    /// Reads an ID that a person wants to have from now on.
    ///
    /// # Errors
    /// The rule of the union that it breaks, in Japanese.
    pub fn choose(rules: &UserIdRules, text: &str) -> Result<Self, String> {
        let chosen = Self::parse(text)?;
        let length = chosen.0.chars().count();
        let (least, most) = (usize::from(rules.min_length), usize::from(rules.max_length));
        if !(least..=most).contains(&length) {
            return Err(format!("ユーザIDは{least}文字以上、{most}文字以内で入力してください。"));
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || rules.symbols.contains(c);
        match chosen.0.chars().find(|c| !allowed(*c)) {
            Some(refused) => Err(format!("「{refused}」はユーザIDに利用できません。")),
            None => Ok(chosen),
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A line of 「利用不可文字一覧」: a character, and its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Refused {
    pub sign: &'static str,
    pub name: &'static str,
}

/// All signs with their names (seed 001 2-1 手順9), of which a union refuses some.
const SIGNS: [Refused; 36] = [
    sign("<", "小なり記号"),
    sign(">", "大なり記号"),
    sign("&", "アンパサンド"),
    sign("\"", "ダブルクォート"),
    sign("'", "シングルクォート"),
    sign("\\s", "空白文字：スペース、タブ、改行など"),
    sign("\\v", "垂直タブ"),
    sign("\\h", "水平タブ"),
    sign("$", "ドル記号"),
    sign("%", "パーセント記号"),
    sign("!", "感嘆符"),
    sign("#", "ハッシュ記号"),
    sign("?", "疑問符"),
    sign("§", "セクション記号"),
    sign(",", "カンマ"),
    sign(";", "セミコロン"),
    sign(":", "コロン"),
    sign("*", "アスタリスク"),
    sign("~", "チルダ"),
    sign("/", "スラッシュ"),
    sign("\\", "バックスラッシュ"),
    sign("|", "パイプ"),
    sign("^", "キャレット"),
    sign("=", "イコール"),
    sign("+", "プラス"),
    sign("[", "左角括弧"),
    sign("]", "右角括弧"),
    sign("{", "左中括弧"),
    sign("}", "右中括弧"),
    sign("(", "左丸括弧"),
    sign(")", "右丸括弧"),
    sign("`", "バッククォート"),
    sign("-", "ハイフン"),
    sign("_", "アンダーバー"),
    sign(".", "ドット"),
    sign("@", "アットマーク"),
];

const fn sign(sign: &'static str, name: &'static str) -> Refused {
    Refused { sign, name }
}

/// 「利用不可文字一覧」 of a union.
#[must_use]
pub fn refused(rules: &UserIdRules) -> Vec<Refused> {
    SIGNS.into_iter().filter(|known| !rules.symbols.contains(known.sign)).collect()
}

/// Returns true if another login has an ID. The answer does not tell whose it is.
pub async fn is_taken<R: Realm>(
    tx: &mut TenantTx,
    login: LoginId<R>,
    user_id: &UserId,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from logins
                          where tenant_id = $1 and realm = $2 and user_id = $4 and id <> $3
                         ) as "taken!""#,
        tx.tenant() as TenantId,
        R::NAME,
        login.0,
        user_id.as_str()
    )
    .fetch_one(tx.conn())
    .await
}

/// The result of changing an ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    Done,
    /// It is somebody else's.
    Taken,
    /// The ID is no longer the one that the person was looking at.
    Elsewhere,
}

/// Gives a registered person another ID in place of `was` (S8).
pub async fn change<R: Realm>(
    tx: &mut TenantTx,
    clock: &Clock,
    login: LoginId<R>,
    was: &str,
    user_id: &UserId,
) -> Result<Changed, sqlx::Error> {
    let changed = exchange(tx, clock, login, was, user_id).await?;
    if changed == Changed::Done {
        let nothing = serde_json::json!({});
        audit::record_of(tx, clock, Action::UserIdChanged, Some(login), nothing).await?;
    }
    Ok(changed)
}

/// Does what [`change`] does, for an act whose own line tells of it.
pub(in crate::auth) async fn exchange<R: Realm>(
    tx: &mut TenantTx,
    clock: &Clock,
    login: LoginId<R>,
    was: &str,
    user_id: &UserId,
) -> Result<Changed, sqlx::Error> {
    let updated = sqlx::query!(
        "update logins set user_id = $5
         where tenant_id = $1 and realm = $2 and id = $3 and user_id = $4",
        tx.tenant() as TenantId,
        R::NAME,
        login.0,
        was,
        user_id.as_str()
    )
    .execute(tx.conn())
    .await;
    let updated = match updated {
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
            return Ok(Changed::Taken);
        }
        updated => updated?.rows_affected(),
    };
    if updated == 0 {
        return Ok(Changed::Elsewhere);
    }
    links::kill(tx, clock, login).await?;
    Ok(Changed::Done)
}

/// Gives a subscriber the ID and the method they chose in the first sign-in (F8). Returns false if the ID is somebody
/// else's.
pub async fn set(
    tx: &mut TenantTx,
    clock: &Clock,
    login: LoginId,
    user_id: &UserId,
    method: Option<SecondFactor>,
) -> Result<bool, sqlx::Error> {
    let updated = sqlx::query!(
        "with named as (
             update logins set user_id = $4, second_factor = $5
             where tenant_id = $1 and realm = $2 and id = $3 and password_hash is null
             returning id
         )
         update subscribers s set user_id_chosen_at = $6
         from named n where s.tenant_id = $1 and s.login_id = n.id",
        tx.tenant() as TenantId,
        Subscribers::NAME,
        login.0,
        user_id.as_str(),
        method as Option<SecondFactor>,
        clock.now()
    )
    .execute(tx.conn())
    .await;
    match updated {
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => return Ok(false),
        updated => updated?,
    };
    let detail = serde_json::json!({ "method": method });
    audit::record(tx, clock, Action::UserIdChosen, Some(login), detail).await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(min_length: u16, max_length: u16, symbols: &str) -> UserIdRules {
        UserIdRules { min_length, max_length, symbols: symbols.to_owned(), changeable: true }
    }

    #[test]
    fn t6_f8_a_chosen_id_keeps_the_unions_rules() {
        let (kline, jrc) = (rules(3, 255, "-_.@"), rules(8, 13, ""));
        for (rules, typed, kept) in [
            (&kline, "abc", Some("abc")),
            (&kline, "Taro.Demo_1-x@y", Some("taro.demo_1-x@y")),
            (&kline, "ＴＡＲＯ", Some("taro")),
            (&kline, "ab", None),
            (&kline, "a b c", None),
            (&kline, "a+bc", None),
            (&kline, "<b>abc</b>", None),
            (&kline, "abc\u{7}", None),
            (&kline, "たろう太郎", None),
            (&kline, &"x".repeat(255), Some(&*"x".repeat(255))),
            (&kline, &"x".repeat(256), None),
            (&jrc, "abcdefg", None),
            (&jrc, "abcdefgh", Some("abcdefgh")),
            (&jrc, "abcdefghijklm", Some("abcdefghijklm")),
            (&jrc, "abcdefghijklmn", None),
            (&jrc, "abcd-efgh", None),
        ] {
            let chosen = UserId::choose(rules, typed);
            assert_eq!(chosen.as_ref().ok().map(UserId::as_str), kept, "{typed:.30}: {chosen:?}");
        }
    }

    #[test]
    fn f8_the_list_of_refused_signs_is_the_rest_of_what_is_allowed() {
        let kline = refused(&rules(3, 255, "-_.@"));
        let names: Vec<&str> = kline.iter().map(|line| line.name).collect();
        let blanks = ["空白文字：スペース、タブ、改行など", "垂直タブ", "水平タブ"];
        assert_eq!(&names[5..8], &blanks, "in the order of seed 001 2-1 手順9");
        assert!(kline.contains(&sign("<", "小なり記号")) && kline.len() == 32);
        assert!(!kline.iter().any(|line| "-_.@".contains(line.sign)));
        assert_eq!(refused(&rules(8, 13, "")).len(), SIGNS.len());
        for punctuation in (33..127_u8).map(char::from).filter(char::is_ascii_punctuation) {
            let known = SIGNS.iter().any(|line| line.sign.starts_with(punctuation));
            assert!(known, "{punctuation} has no name");
        }
    }

    #[test]
    fn t6_ids_are_folded() {
        for (typed, kept) in
            [("Taro_Demo", "taro_demo"), (" ＴＡＲＯ ", "taro"), ("a.b@c-d", "a.b@c-d")]
        {
            assert_eq!(UserId::parse(typed).unwrap().as_str(), kept);
        }
    }

    #[test]
    fn what_can_not_be_an_id_is_refused() {
        for bad in ["", "   ", "a b", "a\0b", "a\u{3000}b", &"x".repeat(256), &"㍿".repeat(255)] {
            assert!(UserId::parse(bad).is_err(), "{bad:.20}");
        }
    }
}
