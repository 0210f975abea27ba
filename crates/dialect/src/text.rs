//! From the bytes of a file to its text.
//!
//! A file that is no UTF-8 is a mistake of its author like any other: it gets a place, and the other files are still
//! read.

use lockgate_core::{Diagnostic, SourceFile, Span};

use crate::codes;

/// Returns the file with this path, or the mistake that its bytes are no text.
///
/// # Errors
/// Returns a diagnostic at the first byte that is no UTF-8.
pub fn decode(path: &str, bytes: Vec<u8>) -> Result<SourceFile, Box<Diagnostic>> {
    let broken = match String::from_utf8(bytes) {
        Ok(text) => return Ok(SourceFile::new(path, text)),
        Err(broken) => broken,
    };
    let at = broken.utf8_error().valid_up_to();
    let byte = broken.as_bytes().get(at).copied().unwrap_or_default();
    // Up to the first wrong byte both texts are the same, so that places stay right.
    let file = SourceFile::new(path, String::from_utf8_lossy(broken.as_bytes()).into_owned());
    let span = Span::new(at, at + char::REPLACEMENT_CHARACTER.len_utf8());
    let message = format!("the byte 0x{byte:02X} is no UTF-8, so that the file is not read");
    let help = match broken.as_bytes() {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => "the file is UTF-16; save it as UTF-8",
        _ => "save the file as UTF-8",
    };
    Err(Box::new(
        Diagnostic::error(codes::NOT_UTF8, &file, span, message).help(help),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(bytes: &[u8]) -> (usize, usize, String) {
        let found = *decode("a.yml", bytes.to_vec()).unwrap_err();
        assert_eq!(found.code, codes::NOT_UTF8);
        assert!(found.file.text.get(found.span.start..found.span.end).is_some());
        let (line, column) = found.file.position(found.span.start);
        (line, column, found.message)
    }

    #[test]
    fn the_first_wrong_byte_has_a_place() {
        let (line, column, message) = broken(b"on: push\nname: \xc3\xa9t\xe9 \xff\n");
        assert_eq!((line, column), (2, 9));
        assert!(message.starts_with("the byte 0xE9 "), "{message}");
        assert_eq!(broken(b"\xff\xfeo\0n\0").0, 1);
        // A character that is cut off at the end of the file.
        assert_eq!(
            broken(b"a\xc3"),
            (1, 2, "the byte 0xC3 is no UTF-8, so that the file is not read".into())
        );
        assert_eq!(&*decode("a.yml", "é".into()).unwrap().text, "é");
    }
}
