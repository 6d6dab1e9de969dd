//! 続柄: what a person is to the insured one.

/// As stored in `members.relation`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

    /// # Errors
    /// The words that are accepted.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.trim() {
            "本人" | "被保険者" => Ok(Self::Insured),
            "配偶者" | "妻" | "夫" => Ok(Self::Spouse),
            "子" | "長男" | "長女" | "次男" | "次女" | "二男" | "二女" => {
                Ok(Self::Child)
            }
            "父母" | "父" | "母" => Ok(Self::Parent),
            "その他" => Ok(Self::Other),
            other => Err(format!("「{other}」は使えません（本人・配偶者・子・父母・その他）")),
        }
    }
}
