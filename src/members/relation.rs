//! 続柄 is the relation of a person to the insured person.

use crate::base::japanese::fold;

/// A person's relation to the insured person, as `members.relation` stores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Relation {
    Insured,
    Spouse,
    Child,
    Parent,
    Other,
}

impl Relation {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Insured => "insured",
            Self::Spouse => "spouse",
            Self::Child => "child",
            Self::Parent => "parent",
            Self::Other => "other",
        }
    }

    /// Reads the word that a register uses, such as 長女, 3男, 養子 or 祖母. Relatives by marriage are 「その他」, and so are
    /// other relatives up to the third degree, which is the law's limit.
    ///
    /// # Errors
    /// Returns a Japanese sentence with the words that are accepted.
    pub fn parse(text: &str) -> Result<Self, String> {
        let word = fold(text).replace("(未届)", "");
        match word.as_str() {
            "本人" | "被保険者" | "世帯主" => return Ok(Self::Insured),
            "その他" => return Ok(Self::Other),
            _ => {}
        }
        let known = |words: &[&str]| words.contains(&word.as_str());
        if known(&SPOUSE) {
            Ok(Self::Spouse)
        } else if known(&CHILD) || is_numbered_child(&word) {
            Ok(Self::Child)
        } else if known(&PARENT) {
            Ok(Self::Parent)
        } else if known(&OTHER) || is_by_somebody(&word) {
            Ok(Self::Other)
        } else {
            Err(format!(
                "「{word}」は使えません（本人、配偶者・夫・妻、子・長男・次女・養子など、父母・父・母、その他・孫・祖父母・兄弟姉妹など）"
            ))
        }
    }
}

const SPOUSE: [&str; 11] = [
    "配偶者",
    "妻",
    "夫",
    "内縁の妻",
    "内縁の夫",
    "内妻",
    "内夫",
    "妻(未届)",
    "夫(未届)",
    "未届の妻",
    "未届の夫",
];
const CHILD: [&str; 12] = [
    "長子",
    "末子",
    "子",
    "子供",
    "子ども",
    "実子",
    "養子",
    "養女",
    "養子女",
    "息子",
    "娘",
    "双子",
];
const PARENT: [&str; 9] = ["父母", "父", "母", "実父", "実母", "養父", "養母", "養父母", "実父母"];
const OTHER: [&str; 49] = [
    "姑",
    "舅",
    "嫁",
    "婿",
    "孫",
    "曾孫",
    "曽孫",
    "ひ孫",
    "ひまご",
    "祖父母",
    "祖父",
    "祖母",
    "曾祖父",
    "曾祖母",
    "曽祖父",
    "曽祖母",
    "兄弟姉妹",
    "兄弟",
    "姉妹",
    "兄",
    "姉",
    "弟",
    "妹",
    "おじ",
    "おば",
    "伯父",
    "叔父",
    "伯母",
    "叔母",
    "甥",
    "姪",
    "義父母",
    "義父",
    "義母",
    "義祖父",
    "義祖母",
    "義兄",
    "義姉",
    "義弟",
    "義妹",
    "継父",
    "継母",
    "継子",
    "連れ子",
    "子の妻",
    "子の夫",
    "子の配偶者",
    "配偶者の父",
    "配偶者の母",
];

/// Returns true if a word names a relative of a relative, as the resident register writes it:
/// 妻の父, 夫の子, 子の妻, 子の子の妻.
fn is_by_somebody(word: &str) -> bool {
    let known = |word: &str| {
        [&SPOUSE[..], &CHILD, &PARENT, &OTHER].iter().any(|words| words.contains(&word))
            || is_numbered_child(word)
    };
    word.contains('の') && word.split('の').all(known)
}

/// Returns true if a word names a child by its place among brothers or sisters: 長男, 二女, 次男, 3男.
fn is_numbered_child(word: &str) -> bool {
    let place = word.strip_suffix(['男', '女']).unwrap_or_default();
    let kanji = ["長", "次", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十"];
    kanji.contains(&place)
        || (1..=2).contains(&place.len()) && place.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o2_the_words_of_registers_are_five_relations() {
        for (words, relation) in [
            ("本人 被保険者", Relation::Insured),
            ("配偶者 妻 夫 内縁の妻 妻（未届）", Relation::Spouse),
            ("子 長子 長男 長女 次男 二女 三男 四女 3男 ２女 養子 養女 実子 娘", Relation::Child),
            ("父母 父 母 養父 実母", Relation::Parent),
            ("その他 孫 曾孫 祖父 祖母 兄 妹 叔父 甥 義母 継子 姑", Relation::Other),
            ("妻の父 夫の母 妻（未届）の子 子の子 長男の妻 配偶者の父", Relation::Other),
        ] {
            for word in words.split(' ') {
                assert_eq!(Relation::parse(word), Ok(relation), "{word}");
            }
        }
        for bad in ["", "友人", "男", "2", "太男", "妻の友人", "の"] {
            let told = Relation::parse(bad).unwrap_err();
            assert!(told.contains("本人") && told.contains("その他"), "{told}");
        }
    }
}
