//! Brackets that close at the indentation of the key whose list or mapping they close.
//!
//! ```yaml
//! target: [
//!   { os: linux },
//! ]
//! ```
//!
//! The letter of YAML asks for a space more, GitHub does not, and the scanner asks for it after a comma that follows a
//! bracket. So such a bracket is moved to the end of the line before, where it means the same. Every character keeps
//! its number, so that places stay right.

/// The most brackets that are moved in one file.
pub(super) const MOST: usize = 64;

/// Returns the text with the bracket at the byte `at` moved up, when it closes at the indentation of its key.
pub(super) fn moved_up(text: &str, at: usize) -> Option<String> {
    let closing = *text.as_bytes().get(at)?;
    let opening = match closing {
        b']' => '[',
        b'}' => '{',
        _ => return None,
    };
    let start = text[..at].rfind('\n')?;
    let indent = &text[start + 1..at];
    if !indent.bytes().all(|byte| byte == b' ') {
        return None;
    }
    let opens = |line: &str| line.trim_end().ends_with(opening) && !line.trim_start().starts_with('#');
    let outer = text[..start]
        .lines()
        .rev()
        .find(|line| !line.trim().is_empty() && width(line) <= indent.len())?;
    if width(outer) != indent.len() || !opens(outer) {
        return None;
    }
    let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let kept = without_comment(&text[line..start])?;
    let blank = text[line + kept.len()..start].chars().count();
    let mut moved = String::with_capacity(text.len());
    moved.push_str(&text[..line + kept.len()]);
    moved.push_str(&" ".repeat(blank + 1));
    moved.push_str(&text[start + 1..]);
    Some(moved)
}

fn width(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// Returns a line without its comment; `None` when it is not certain where that starts.
fn without_comment(line: &str) -> Option<&str> {
    let Some(at) = line.find('#') else {
        return Some(line.trim_end_matches('\r'));
    };
    let is_comment = line[..at].is_empty() || line[..at].ends_with([' ', '\t']);
    let is_certain = !line[at..].contains(['\'', '"']) && line[..at].matches(['\'', '"']).count().is_multiple_of(2);
    (is_comment && is_certain).then_some(&line[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        let at = text.rfind([']', '}']).unwrap();
        let moved = moved_up(text, at);
        assert_eq!(moved.as_deref(), expected, "{text}");
        if let Some(moved) = moved {
            assert_eq!(moved.chars().count(), text.chars().count());
        }
    }

    #[test]
    fn a_bracket_is_moved_when_it_stands_where_its_key_does() {
        check("a: [\n  b,\n]\n", Some("a: [\n  b, ]\n"));
        check(
            "x:\n  a: {\n    é: b, # ü\n  }\n",
            Some("x:\n  a: {\n    é: b,       }\n"),
        );
        check("a:\n  b: [\n    c,\n]\n", None);
        check("a: b [\n  c\n  ]\n", None);
        check("a: [\n  'b # c',\n]\n", None);
    }
}
