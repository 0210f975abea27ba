//! From characters to bytes and from bytes to lines, without counting from the start each time.

/// One checkpoint per this many characters.
const STEP: usize = 64;

/// The byte offset of each character of a text.
pub(super) struct Characters<'t> {
    text: &'t str,
    /// The byte of every [`STEP`]th character; empty when every character is one byte.
    checkpoints: Vec<usize>,
}

impl<'t> Characters<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let checkpoints = if text.is_ascii() {
            Vec::new()
        } else {
            text.char_indices().step_by(STEP).map(|(byte, _)| byte).collect()
        };
        Self { text, checkpoints }
    }

    /// Returns the byte at which the character `index` starts; the end when there is no such character.
    pub(super) fn byte(&self, index: usize) -> usize {
        if self.checkpoints.is_empty() {
            return index.min(self.text.len());
        }
        let Some(start) = self.checkpoints.get(index / STEP) else {
            return self.text.len();
        };
        self.text[*start..]
            .char_indices()
            .nth(index % STEP)
            .map_or(self.text.len(), |(offset, _)| start + offset)
    }
}

/// The byte at which each line of a text starts.
pub(super) struct Lines {
    starts: Vec<usize>,
    /// The byte of every [`STEP`]th character; empty when every character is one byte.
    checkpoints: Vec<usize>,
}

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self {
            starts: std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect(),
            checkpoints: Characters::of(text).checkpoints,
        }
    }

    /// Returns line and column of `byte`, both from 1, the column in characters.
    pub(super) fn position(&self, text: &str, byte: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= byte).max(1);
        let start = self.starts[line - 1];
        (line, self.index(text, byte) - self.index(text, start) + 1)
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
        let characters = Characters::of(&text);
        for index in [0, 1, 63, 64, 65, 199, 200, 999] {
            assert_eq!(characters.byte(index), (index * 2).min(400));
        }
        assert_eq!(Characters::of("abc").byte(2), 2);
    }

    #[test]
    fn positions_are_the_same_as_counted_from_the_start() {
        for text in [
            "a: é\n\nüb: 2\n".to_owned(),
            "plain\ntext\n".to_owned(),
            "é: x\n".repeat(70),
        ] {
            let file = lockgate_core::SourceFile::new("a", text.as_str());
            let lines = Lines::of(&text);
            for (byte, _) in text.char_indices() {
                assert_eq!(lines.position(&text, byte), file.position(byte), "{byte}");
            }
        }
    }
}
