//! Any bytes as a lock file: read, written, and read again.
#![no_main]

mod place;

use libfuzzer_sys::fuzz_target;
use lockgate_core::SourceFile;
use lockgate_dialect::lock::{FILE_NAME, Lock};
use lockgate_dialect::text;

fuzz_target!(|bytes: &[u8]| {
    let Ok(file) = text::decode(FILE_NAME, bytes.to_vec()) else {
        return;
    };
    let (lock, diagnostics) = Lock::read(&file);
    place::check(&diagnostics);
    let written = lock.to_text();
    let (again, diagnostics) = Lock::read(&SourceFile::new(FILE_NAME, written.as_str()));
    assert!(diagnostics.is_empty(), "{written}\n{diagnostics:?}");
    assert_eq!(again.to_text(), written);
    assert_eq!(again.iter().count(), lock.iter().count());
});
