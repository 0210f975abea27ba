//! The forms in which programs print a value: what GitHub's runner looks for, and more.

use std::collections::BTreeSet;

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE64_URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const HEX_LOWER: &[u8; 16] = b"0123456789abcdef";
const HEX_UPPER: &[u8; 16] = b"0123456789ABCDEF";

/// A value with fewer bytes is looked for as it is only: its encodings occur in ordinary text.
const SHORTEST_ENCODED: usize = 4;

/// A value with more bytes, such as a key file, is looked for encoded once, and encoded twice only line by line.
const LONGEST_DOUBLED: usize = 512;

/// A wrapped encoding with fewer characters is not joined over line ends.
const SHORTEST_WRAPPED: usize = 8;

/// Adds every form of `value` to `plain`, and those that tools wrap into lines to `wrapped`.
pub fn collect(value: &str, plain: &mut BTreeSet<Vec<u8>>, wrapped: &mut BTreeSet<Vec<u8>>) {
    if value.len() < SHORTEST_ENCODED {
        return;
    }
    for text in escapes(value) {
        plain.insert(text.into_bytes());
    }
    for encoded in binary(value.as_bytes()) {
        if encoded.len() >= SHORTEST_WRAPPED {
            wrapped.insert(encoded.clone());
        }
        plain.insert(encoded);
    }
}

/// Returns `bytes` in base64 with padding.
pub fn base64(bytes: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(&bits(bytes, 0, BASE64, Edge::Whole)).into_owned();
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

fn binary(value: &[u8]) -> BTreeSet<Vec<u8>> {
    let mut forms = BTreeSet::new();
    for alphabet in [BASE64, BASE64_URL] {
        forms.insert(bits(value, 0, alphabet, Edge::Whole));
        for shift in 0..3 {
            let inner = bits(value, shift, alphabet, Edge::Certain);
            for outer_shift in (0..3).filter(|_| value.len() <= LONGEST_DOUBLED) {
                forms.insert(bits(&inner, outer_shift, alphabet, Edge::Certain));
            }
            forms.insert(inner);
        }
    }
    forms.insert(bits(value, 0, BASE32, Edge::Whole));
    for shift in 0..5 {
        let upper = bits(value, shift, BASE32, Edge::Certain);
        forms.insert(upper.to_ascii_lowercase());
        forms.insert(upper);
    }
    forms.insert(bits(value, 0, HEX_LOWER, Edge::Certain));
    forms.insert(bits(value, 0, HEX_UPPER, Edge::Certain));
    forms.retain(|form| form.len() >= SHORTEST_ENCODED);
    forms
}

/// Which characters of an encoding belong to the value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Edge {
    /// Only those that no neighbouring byte can change.
    Certain,
    /// All, with the value standing alone.
    Whole,
}

/// Encodes `value` as it stands behind `shift` unknown bytes, in characters of log2(alphabet) bits.
fn bits(value: &[u8], shift: usize, alphabet: &[u8], edge: Edge) -> Vec<u8> {
    let width = alphabet.len().trailing_zeros() as usize;
    let first_bit = shift * 8;
    let last_bit = first_bit + value.len() * 8;
    let first = first_bit.div_ceil(width);
    let last = match edge {
        Edge::Certain => last_bit / width,
        Edge::Whole => last_bit.div_ceil(width),
    };
    (first..last)
        .map(|index| {
            let code = (0..width).fold(0, |code, offset| {
                let bit = index * width + offset - first_bit;
                let set = value.get(bit / 8).map_or(0, |byte| byte >> (7 - bit % 8) & 1);
                code << 1 | usize::from(set)
            });
            alphabet[code]
        })
        .collect()
}

fn escapes(value: &str) -> Vec<String> {
    let mut forms = vec![
        percent(value, Case::Upper, ""),
        percent(value, Case::Lower, ""),
        percent(value, Case::Upper, "!'()*"),
        percent(value, Case::Lower, "!'()*"),
        percent(value, Case::Upper, "!'()*;/?:@&=+$,#"),
        json(value, Slash::Plain, NonAscii::Plain),
        json(value, Slash::Escaped, NonAscii::Plain),
        json(value, Slash::Plain, NonAscii::Escaped),
        xml(value, "&apos;", "&quot;"),
        xml(value, "&#39;", "&#34;"),
        xml(value, "&#x27;", "&quot;"),
        xml(value, "'", "\""),
        c(value, '"', Octets::Hex),
        c(value, '\'', Octets::Hex),
        c(value, '"', Octets::Octal),
        c(value, '\'', Octets::Octal),
        value.replace('\'', "'\\''"),
        value.replace('\'', "'\"'\"'"),
        value.replace('\'', "''"),
        value.replace('"', "\"\""),
        shell_backslash(value),
        shell_double_quoted(value),
        powershell(value),
        value.replace('\n', "\r\n"),
    ];
    let form_encoded: Vec<String> = forms[..4].iter().map(|form| form.replace("%20", "+")).collect();
    forms.extend(form_encoded);
    if let Some(inner) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'))
        && inner.len() >= SHORTEST_ENCODED
    {
        forms.push(inner.to_owned());
    }
    forms
}

/// Returns the digit of the low half of a byte.
fn digit(byte: u8, alphabet: &[u8; 16]) -> char {
    char::from(alphabet[usize::from(byte & 15)])
}

fn octal(byte: u8) -> char {
    char::from(b'0' + (byte & 7))
}

#[derive(Clone, Copy)]
enum Case {
    Upper,
    Lower,
}

fn percent(value: &str, case: Case, also_plain: &str) -> String {
    let mut out = String::new();
    for byte in value.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || also_plain.as_bytes().contains(&byte);
        match (plain, case) {
            (true, _) => out.push(char::from(byte)),
            (false, Case::Upper) => out.extend(['%', digit(byte >> 4, HEX_UPPER), digit(byte, HEX_UPPER)]),
            (false, Case::Lower) => out.extend(['%', digit(byte >> 4, HEX_LOWER), digit(byte, HEX_LOWER)]),
        }
    }
    out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Slash {
    Plain,
    Escaped,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum NonAscii {
    Plain,
    Escaped,
}

fn json(value: &str, slash: Slash, non_ascii: NonAscii) -> String {
    let mut out = String::new();
    for character in value.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '/' if slash == Slash::Escaped => out.push_str("\\/"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            other if other < ' ' || (non_ascii == NonAscii::Escaped && !other.is_ascii()) => {
                let mut units = [0; 2];
                for unit in other.encode_utf16(&mut units) {
                    let [high, low] = unit.to_be_bytes();
                    let digits = [high >> 4, high, low >> 4, low].map(|nibble| digit(nibble, HEX_LOWER));
                    out.push_str("\\u");
                    out.extend(digits);
                }
            }
            other => out.push(other),
        }
    }
    out
}

fn xml(value: &str, apostrophe: &str, quote: &str) -> String {
    let mut out = String::new();
    for character in value.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\'' => out.push_str(apostrophe),
            '"' => out.push_str(quote),
            other => out.push(other),
        }
    }
    out
}

#[derive(Clone, Copy)]
enum Octets {
    Hex,
    Octal,
}

/// C, Python and bash's `$'…'`: what `printf %q`, `repr` and debug printing write.
fn c(value: &str, quote: char, octets: Octets) -> String {
    let mut out = String::new();
    for byte in value.bytes() {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            _ if char::from(byte) == quote => {
                out.push('\\');
                out.push(quote);
            }
            b' '..=b'~' => out.push(char::from(byte)),
            _ => match octets {
                Octets::Hex => out.extend(['\\', 'x', digit(byte >> 4, HEX_LOWER), digit(byte, HEX_LOWER)]),
                Octets::Octal => out.extend(['\\', octal(byte >> 6), octal(byte >> 3), octal(byte)]),
            },
        }
    }
    out
}

fn shell_backslash(value: &str) -> String {
    let mut out = String::new();
    for character in value.chars() {
        if character.is_ascii() && !character.is_ascii_alphanumeric() && !"-_./:=@%+\n".contains(character) {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

fn shell_double_quoted(value: &str) -> String {
    let mut out = String::new();
    for character in value.chars() {
        if "\"\\$`".contains(character) {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

fn powershell(value: &str) -> String {
    let mut out = String::new();
    for character in value.chars() {
        match character {
            '\n' => out.push_str("`n"),
            '\r' => out.push_str("`r"),
            '\t' => out.push_str("`t"),
            '`' | '"' | '$' => {
                out.push('`');
                out.push(character);
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_the_standard_one() {
        assert_eq!(base64(b"hello"), "aGVsbG8=");
        assert_eq!(base64(b"hell"), "aGVsbA==");
        assert_eq!(base64(b"hel"), "aGVs");
        assert_eq!(base64(b""), "");
    }

    #[test]
    fn a_shifted_core_stands_inside_the_encoding_of_more() {
        for (shift, before) in ["", "x", "yz"].into_iter().enumerate() {
            let core = bits(b"secret", shift, BASE64, Edge::Certain);
            let core = String::from_utf8(core).unwrap();
            assert!(base64(format!("{before}secret?").as_bytes()).contains(&core), "{shift}");
        }
    }
}
