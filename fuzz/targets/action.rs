//! Any bytes as an action file.
#![no_main]

mod place;

use libfuzzer_sys::fuzz_target;
use lockgate_dialect::{github::action, text};

fuzz_target!(|bytes: &[u8]| {
    let Ok(file) = text::decode("action.yml", bytes.to_vec()) else {
        return;
    };
    let lowered = action::lower(&file);
    place::check(&lowered.diagnostics);
    assert!(lowered.action.is_some() || !lowered.diagnostics.is_empty());
});
