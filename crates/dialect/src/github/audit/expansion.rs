//! What the shell takes from a value as it replaces a variable, `${A//[^a-z]/}`.

use super::signs::{end_of, meant, signs};

/// Returns whether no line break is left of the value, by what stands behind the name in the braces.
pub(super) fn takes_line_breaks(behind: &str) -> bool {
    let has_break = |set: &Set| set.has(b'\n');
    if let Some(pattern) = behind.strip_prefix("%%") {
        // What is left is the first line.
        return Set::of(pattern).is_some_and(|(set, rest)| has_break(&set) && rest.starts_with("*}"));
    }
    if let Some(pattern) = behind.strip_prefix("##*") {
        return Set::of(pattern).is_some_and(|(set, rest)| has_break(&set) && rest.starts_with('}'));
    }
    replaced(behind)
        .is_some_and(|(set, instead)| has_break(&set) && !instead.contains('\n') && !instead.contains("\\n"))
}

/// Returns whether nothing is left of the value that a shell or a program could read as more than a word.
pub(super) fn leaves_a_word(behind: &str) -> bool {
    let is_harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"_.,:/@%+-".contains(&byte);
    replaced(behind).is_some_and(|(set, instead)| {
        set.is_complement && set.signs.iter().copied().all(is_harmless) && instead.bytes().all(is_harmless)
    })
}

/// Returns the signs that are replaced everywhere, and what by.
fn replaced(behind: &str) -> Option<(Set, &str)> {
    let (set, rest) = Set::of(behind.strip_prefix("//")?)?;
    let instead = if rest.starts_with('}') {
        ""
    } else {
        rest.strip_prefix('/')?.split('}').next()?
    };
    Some((set, instead))
}

/// A pattern of one sign.
struct Set {
    signs: Vec<u8>,
    is_complement: bool,
}

impl Set {
    /// Returns the pattern at the start of a text, and what stands behind it.
    fn of(text: &str) -> Option<(Self, &str)> {
        let (inner, is_complement) = match text.strip_prefix('[') {
            Some(inner) => match inner.strip_prefix(['!', '^']) {
                Some(inner) => (inner, true),
                None => (inner, false),
            },
            None => return Self::of_one(text),
        };
        let (parts, end) = parts(inner)?;
        let signs = with_ranges(&parts);
        Some((Self { signs, is_complement }, &inner[end + 1..]))
    }

    /// Returns a line break that is written without brackets.
    fn of_one(text: &str) -> Option<(Self, &str)> {
        let end = 3 + end_of(text.strip_prefix("$'")?)?;
        let only = Self {
            signs: meant(&text[..end])?.into_bytes(),
            is_complement: false,
        };
        (only.signs.len() == 1).then_some((only, &text[end..]))
    }

    fn has(&self, sign: u8) -> bool {
        self.signs.contains(&sign) != self.is_complement
    }
}

/// What stands in a bracket.
enum Part {
    Sign(u8),
    /// `-`, which is a sign only where it parts no two others.
    Dash,
    Class(Vec<u8>),
}

/// Returns what stands in the bracket that is open before a text, and where it closes. Quotes and a backslash make a sign
/// of what is none.
fn parts(inner: &str) -> Option<(Vec<Part>, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    loop {
        let rest = &inner[at..];
        let width = if let Some(class) = rest.strip_prefix("[:") {
            let width = 2 + class.find(":]")? + 2;
            found.push(Part::Class(signs(&rest[..width])?));
            width
        } else if let width @ 1.. = quoted(rest)? {
            found.extend(meant(&rest[..width])?.chars().map(sign));
            width
        } else {
            let first = rest.chars().next()?;
            match first {
                // One at the start is a sign of the set.
                ']' if at > 0 => return Some((found, at)),
                '/' | '}' | '$' | '`' => return None,
                '-' => found.push(Part::Dash),
                _ => found.push(sign(first)),
            }
            first.len_utf8()
        };
        at += width;
    }
}

/// Returns how long what is quoted at the start of a text is, which may be nothing; `None` when the quotes do not end.
fn quoted(text: &str) -> Option<usize> {
    let behind = |quote: &str| text.strip_prefix(quote);
    if let Some(inner) = behind("$'") {
        return Some(2 + end_of(inner)? + 1);
    }
    if let Some(inner) = behind("\\") {
        return Some(1 + inner.chars().next()?.len_utf8());
    }
    let quote = text.chars().next().filter(|sign| matches!(sign, '\'' | '"'));
    quote.map_or(Some(0), |quote| Some(text[1..].find(quote)? + 2))
}

/// Returns a sign; all but those of ASCII are alike here.
fn sign(sign: char) -> Part {
    Part::Sign(u8::try_from(sign).ok().filter(u8::is_ascii).unwrap_or(u8::MAX))
}

/// Returns all signs of a set.
fn with_ranges(parts: &[Part]) -> Vec<u8> {
    let mut found = Vec::new();
    let mut rest = parts;
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        match (first, behind) {
            (Part::Sign(first), [Part::Dash, Part::Sign(last), behind @ ..]) => {
                found.extend(*first..=*last);
                rest = behind;
            }
            (Part::Sign(sign), _) => found.push(*sign),
            (Part::Dash, _) => found.push(b'-'),
            (Part::Class(signs), _) => found.extend(signs),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_breaks_are_taken_from_a_value() {
        for (behind, expected) in [
            (r"//[[:space:]]/}", true),
            (r"//[[:cntrl:]]/_}", true),
            (r"//$'\n'/}", true),
            (r"//$'\n'/%0A}", true),
            (r"//$'\n'}", true),
            (r"//[$'\n']/}", true),
            (r"//[$'\r\n']/}", true),
            (r"//[!a-z]/}", true),
            (r"//[^a-zA-Z0-9_]/-}", true),
            (r"%%$'\n'*}", true),
            (r"%%[$'\r\n']*}", true),
            (r"##*$'\n'}", true),
            (r"//$'\r\n'/}", false),
            (r"//$'\r'/}", false),
            (r"//[$'\r\t']/}", false),
            (r"//[!a-z$'\n']/}", false),
            (r"//[^[:space:]a-z]/}", false),
            (r"//[[:blank:]]/}", false),
            (r"//[\n]/}", false),
            (r"//[!a-z]/$'\n'}", false),
            (r"//[$'\t''-'$'\r']/}", false),
            (r"//[$'\t'\-$'\r']/}", false),
            (r"//[$'\t'-$'\r']/}", true),
            (r"//'x'/}", false),
            (r"//$X/}", false),
            (r"//}", false),
            (r"/$'\n'/}", false),
            (r"%$'\n'*}", false),
            (r"%%$'\n'}", false),
            (r"%%' '*}", false),
            (r"%%' '*$'\n'*}", false),
            (r"//[", false),
            ("", false),
        ] {
            assert_eq!(takes_line_breaks(behind), expected, "{behind}");
        }
    }

    #[test]
    fn a_word_is_left_of_a_value() {
        for (behind, expected) in [
            ("//[^a-zA-Z0-9]/}", true),
            ("//[!a-z._-]}", true),
            (r"//[^a-z\/]/-}", true),
            ("//[^[:alnum:]_-]/_}", true),
            ("//[^a-zA-Z0-9;$()]/}", false),
            ("//[^a-zA-Z0-9;]/}", false),
            ("//[^a-z ]/}", false),
            ("//[^+'-'.]/}", true),
            ("//[^%'-'+]/}", true),
            ("//[^%-+]/}", false),
            ("//[^a\"b]/}", false),
            ("//[^a-z$X]/}", false),
            ("//[^ -~]/}", false),
            ("//[^a-z]/$(x)}", false),
            ("//[a-z]/}", false),
            ("//[[:space:]]/}", false),
            (r"//$'\n'/}", false),
            ("//[^a-z", false),
            ("//", false),
        ] {
            assert_eq!(leaves_a_word(behind), expected, "{behind}");
        }
    }
}
