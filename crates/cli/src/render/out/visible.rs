//! Control characters, shown instead of obeyed.
//!
//! Names and reasons are made of the words of strangers, such as the title of a pull request. Written as they are, they
//! could move the cursor, colour what follows, or begin a line of their own that looks like one of ours. What a step
//! writes is another matter: it is passed on as it came.

use std::borrow::Cow;

use super::hidden::hidden;

/// Returns a text of one line, such as a name, without secrets, in which every control character is written out.
pub(crate) fn name(text: &str) -> Cow<'_, str> {
    match hidden(text) {
        text if !text.contains(char::is_control) => text,
        text => written_out(&text, |_| false).into(),
    }
}

/// Returns a text in which control characters are written out; line breaks, tabs and colours stay.
pub(crate) fn words(text: &str) -> Cow<'_, str> {
    if text.contains(is_written_out) {
        written_out(text, |rest| rest.starts_with(['\n', '\t']) || is_colour(rest)).into()
    } else {
        text.into()
    }
}

fn is_written_out(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\t')
}

/// Writes control characters out, but where what begins with one `stays`.
fn written_out(text: &str, stays: impl Fn(&str) -> bool) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for (at, c) in text.char_indices() {
        if c.is_control() && !stays(&text[at..]) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// Returns whether a text begins with a sequence that only chooses colours.
fn is_colour(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("\x1b[") else {
        return false;
    };
    let end = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
    end.starts_with('m')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_one_line_and_moves_nothing() {
        assert_eq!(name("Grüße │ “x”"), "Grüße │ “x”");
        assert_eq!(
            name("a\x1b[2J\nb\tc\r\u{9b}1m\x1b[31m"),
            r"a\u{1b}[2J\nb\tc\r\u{9b}1m\u{1b}[31m"
        );
    }

    #[test]
    fn our_own_colours_and_lines_stay() {
        let text = "\x1b[1;31merror\x1b[0m: x\n\ty\x1b[m";
        assert_eq!(words(text), text);
        assert_eq!(words("a\x1b]0;title\x07\rb\n"), "a\\u{1b}]0;title\\u{7}\\rb\n");
    }
}
