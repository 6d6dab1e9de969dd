//! Characters that a union made itself (外字). No reader's font has them, so pages and files show 〓.

/// 〓, the mark for a character that can't be shown.
pub const GETA: char = '\u{3013}';

/// Returns true for a character of Unicode's private use areas (外字), which readers' fonts don't have.
#[must_use]
pub const fn is_gaiji(c: char) -> bool {
    matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{ffffd}' | '\u{100000}'..='\u{10fffd}')
}

/// Returns true if a text in UTF-8 has such a character.
///
/// Pages are searched whole, so this decodes a character only if its first byte is as high as those of gaiji. Later bytes of
/// characters are never so high.
#[must_use]
pub fn has_gaiji(text: &[u8]) -> bool {
    const LOWEST: u8 = 0xee;
    const CHUNK: usize = 64;
    /// The most bytes of a character.
    const LONGEST: usize = 4;
    let begins_one = |at: usize| {
        let mut chunks = text[at..text.len().min(at + LONGEST)].utf8_chunks();
        chunks.next().and_then(|chunk| chunk.valid().chars().next()).is_some_and(is_gaiji)
    };
    text.chunks(CHUNK).zip((0..).step_by(CHUNK)).any(|(chunk, start)| {
        // The compiler turns this loop into one over many bytes at once, since nothing leaves it early.
        let highest = chunk.iter().fold(0, |highest: u8, byte| highest.max(*byte));
        highest >= LOWEST
            && chunk.iter().zip(start..).any(|(byte, at)| *byte >= LOWEST && begins_one(at))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_of_somebodys_own_are_found_wherever_they_stand() {
        let edges = [
            '\u{e000}',
            '\u{f8ff}',
            '\u{f900}',
            '\u{effff}',
            '\u{f0000}',
            '\u{ffffd}',
            '\u{ffffe}',
            '\u{100000}',
            '\u{10fffd}',
            '\u{10ffff}',
            'a',
            'é',
            '薬',
            '：',
            '𠮷',
        ];
        for edge in edges {
            for before in [0, 1, 20, 21, 22, 63, 64, 65, 200] {
                let text = format!("{}{edge}（あ）", "薬".repeat(before));
                assert_eq!(has_gaiji(text.as_bytes()), is_gaiji(edge), "{edge:?} after {before}");
            }
        }
        assert!(!has_gaiji(b""));
    }
}
