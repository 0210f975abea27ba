//! A line of a step's log as people read it: GitHub's markers are for its web pages.

/// What a marker is in words, in front of its text.
const MARKERS: [(&str, &str); 7] = [
    ("##[group]", "▸ "),
    ("##[section]", "▸ "),
    ("##[command]", "$ "),
    ("##[error]", "error: "),
    ("##[warning]", "warning: "),
    ("##[notice]", "notice: "),
    ("##[debug]", "debug: "),
];

/// Returns the line without GitHub's marker; `None` when it was nothing else.
pub(crate) fn readable(line: &str) -> Option<String> {
    if line == "##[endgroup]" {
        return None;
    }
    let marked = MARKERS
        .iter()
        .find_map(|(marker, word)| Some((word, line.strip_prefix(marker)?)));
    Some(marked.map_or_else(|| line.to_owned(), |(word, rest)| format!("{word}{rest}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_become_words_and_all_else_stays() {
        for (line, shown) in [
            ("##[group]Run cargo test", Some("▸ Run cargo test")),
            ("##[endgroup]", None),
            ("##[error]exit code 3", Some("error: exit code 3")),
            ("##[endgroup] of mine", Some("##[endgroup] of mine")),
            ("see ##[error]", Some("see ##[error]")),
            ("", Some("")),
        ] {
            assert_eq!(readable(line).as_deref(), shown, "{line}");
        }
    }
}
