//! From bytes of a text to lines and columns, and from characters to bytes, without counting from the start each time.

/// One checkpoint per this many characters.
const STEP: usize = 64;

/// Where the lines and characters of one text begin.
///
/// Every method takes the text that it was made of.
#[derive(Clone, Debug)]
pub struct Lines {
    starts: Vec<usize>,
    /// The byte of every [`STEP`]th character; empty when every character is one byte.
    checkpoints: Vec<usize>,
}

impl Lines {
    /// Returns the index of `text`.
    pub fn of(text: &str) -> Self {
        let checkpoints = if text.is_ascii() {
            Vec::new()
        } else {
            text.char_indices().step_by(STEP).map(|(byte, _)| byte).collect()
        };
        let bytes = text.bytes().enumerate();
        let breaks = bytes.filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self {
            starts: std::iter::once(0).chain(breaks).collect(),
            checkpoints,
        }
    }

    /// Returns line and column of `byte`, both from 1, the column in characters.
    pub fn position(&self, text: &str, byte: usize) -> (usize, usize) {
        let byte = text.floor_char_boundary(byte.min(text.len()));
        let line = self.starts.partition_point(|start| *start <= byte).max(1);
        let start = self.starts[line - 1];
        (line, self.index(text, byte) - self.index(text, start) + 1)
    }

    /// Returns the byte at which the character `index` starts; the end when there is no such character.
    pub fn byte(&self, text: &str, index: usize) -> usize {
        if self.checkpoints.is_empty() {
            return index.min(text.len());
        }
        let Some(start) = self.checkpoints.get(index / STEP) else {
            return text.len();
        };
        let nth = text[*start..].char_indices().nth(index % STEP);
        nth.map_or(text.len(), |(offset, _)| start + offset)
    }

    /// Returns how many characters stand before `byte`.
    fn index(&self, text: &str, byte: usize) -> usize {
        let passed = self.checkpoints.partition_point(|checkpoint| *checkpoint <= byte);
        let Some(last) = passed.checked_sub(1) else {
            return byte;
        };
        let from = self.checkpoints[last];
        last * STEP + text.get(from..byte).map_or(0, |part| part.chars().count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_found_beyond_the_first_checkpoint() {
        let text = "é".repeat(200);
        let lines = Lines::of(&text);
        for index in [0, 1, 63, 64, 65, 199, 200, 999] {
            assert_eq!(lines.byte(&text, index), (index * 2).min(400));
        }
        assert_eq!(Lines::of("abc").byte("abc", 2), 2);
    }

    #[test]
    fn positions_are_the_same_as_counted_from_the_start() {
        for text in [
            "a: é\n\nüb: 2\n".to_owned(),
            "plain\ntext\n".to_owned(),
            "é: x\n".repeat(70),
        ] {
            let lines = Lines::of(&text);
            for (byte, _) in text.char_indices() {
                let before = &text[..byte];
                let line = before.rfind('\n').map_or(0, |at| at + 1);
                let counted = (before.matches('\n').count() + 1, before[line..].chars().count() + 1);
                assert_eq!(lines.position(&text, byte), counted, "{byte}");
            }
        }
    }
}
