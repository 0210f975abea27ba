//! Sets of signs, as the patterns of the shell and `tr` write them, and what quotes leave of a word.

/// Returns the text that a word stands for; `None` when only the run knows it.
pub(super) fn meant(word: &str) -> Option<String> {
    let mut found = String::new();
    let mut rest = word;
    while let Some(sign) = rest.chars().next() {
        let (length, text) = if let Some(inner) = rest.strip_prefix("$'") {
            let end = end_of(inner)?;
            (2 + end + 1, unescaped(&inner[..end]))
        } else if let Some(inner) = rest.strip_prefix('\'') {
            let end = inner.find('\'')?;
            (1 + end + 1, inner[..end].to_owned())
        } else if let Some(inner) = rest.strip_prefix('"') {
            let end = inner.find('"')?;
            let is_plain = !inner[..end].contains(['$', '`']) && !inner[..end].ends_with('\\');
            (1 + end + 1, is_plain.then(|| inner[..end].replace("\\\\", "\\"))?)
        } else if let Some(inner) = rest.strip_prefix('\\') {
            let sign = inner.chars().next()?;
            (1 + sign.len_utf8(), sign.to_string())
        } else if matches!(sign, '$' | '`') {
            return None;
        } else {
            (sign.len_utf8(), sign.to_string())
        };
        found += &text;
        rest = &rest[length..];
    }
    Some(found)
}

/// Returns where a text in `$'…'` ends.
pub(super) fn end_of(inner: &str) -> Option<usize> {
    let mut is_escaped = false;
    inner.bytes().position(|byte| {
        let ends = byte == b'\'' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    })
}

fn unescaped(text: &str) -> String {
    let mut found = String::new();
    let mut rest = text;
    while let Some((sign, behind)) = next(rest) {
        found.push(char::from(sign));
        rest = behind;
    }
    found
}

/// Returns the first sign of a text, by an escape or as it is, and what stands behind it.
fn next(text: &str) -> Option<(u8, &str)> {
    let first = text.chars().next()?;
    let behind = &text[first.len_utf8()..];
    let Some(sign) = behind.chars().next().filter(|_| first == '\\') else {
        // All signs but those of ASCII are alike here.
        return Some((u8::try_from(first).unwrap_or(u8::MAX), behind));
    };
    let number = |digits: &str, base| u8::from_str_radix(digits, base).unwrap_or(u8::MAX);
    let count = |text: &str, base: u32, most: usize| text.chars().take(most).take_while(|c| c.is_digit(base)).count();
    if sign.is_digit(8) {
        let digits = count(behind, 8, 3);
        return Some((number(&behind[..digits], 8), &behind[digits..]));
    }
    let behind = &behind[sign.len_utf8()..];
    let found = match sign {
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 0x0b,
        'f' => 0x0c,
        'x' => {
            let digits = count(behind, 16, 2);
            return Some((number(&behind[..digits], 16), &behind[digits..]));
        }
        sign => u8::try_from(sign).unwrap_or(u8::MAX),
    };
    Some((found, behind))
}

/// Returns the signs of a set in their order, with its ranges and classes; `None` when a class is not known.
pub(super) fn signs(text: &str) -> Option<Vec<u8>> {
    let mut found: Vec<u8> = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some((name, behind)) = rest.strip_prefix("[:").and_then(|inner| inner.split_once(":]")) {
            found.extend(class(name)?);
            rest = behind;
            continue;
        }
        let (sign, behind) = next(rest)?;
        rest = behind;
        let range = behind.strip_prefix('-').and_then(next);
        if let Some((last, behind)) = range {
            found.extend(sign..=last);
            rest = behind;
        } else {
            found.push(sign);
        }
    }
    Some(found)
}

fn class(name: &str) -> Option<Vec<u8>> {
    let is_in: fn(&u8) -> bool = match name {
        "alnum" => u8::is_ascii_alphanumeric,
        "alpha" => u8::is_ascii_alphabetic,
        "blank" => |byte| matches!(byte, b' ' | b'\t'),
        "cntrl" => u8::is_ascii_control,
        "digit" => u8::is_ascii_digit,
        "graph" => u8::is_ascii_graphic,
        "lower" => u8::is_ascii_lowercase,
        "print" => |byte| byte.is_ascii_graphic() || *byte == b' ',
        "punct" => u8::is_ascii_punctuation,
        "space" => |byte| byte.is_ascii_whitespace() || *byte == 0x0b,
        "upper" => u8::is_ascii_uppercase,
        "word" => |byte| byte.is_ascii_alphanumeric() || *byte == b'_',
        "xdigit" => u8::is_ascii_hexdigit,
        _ => return None,
    };
    Some((0..=127).filter(is_in).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_leave_a_text() {
        for (word, expected) in [
            (r"'\n'", Some(r"\n")),
            (r#""\n"x"#, Some(r"\nx")),
            (r"\n", Some("n")),
            (r"\\n", Some(r"\n")),
            (r"$'\n\'\x41\102'", Some("\n'AB")),
            ("a'$b'", Some("a$b")),
            ("é", Some("é")),
            ("$a", None),
            ("\"$a\"", None),
            ("`a`", None),
            ("'a", None),
        ] {
            assert_eq!(meant(word).as_deref(), expected, "{word}");
        }
    }

    #[test]
    fn a_set_has_ranges_classes_and_escapes() {
        for (text, expected) in [
            ("a-c-", Some("abc-")),
            (r"\n\012-\r\\", Some("\n\n\x0b\x0c\r\\")),
            ("[:digit:]a", Some("0123456789a")),
            ("z-a", Some("")),
            ("[:none:]", None),
            ("é", None),
        ] {
            let found = signs(text).and_then(|signs| String::from_utf8(signs).ok());
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }
}
