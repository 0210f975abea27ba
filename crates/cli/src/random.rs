//! What nobody can guess.

use std::io::Read;

use crate::exit::Failure;

/// Returns 12 random bytes in hexadecimal digits.
pub(crate) fn hex() -> Result<String, Failure> {
    let mut bytes = [0; 12];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .map_err(|error| Failure::unavailable("cannot read random bytes").because(&error))?;
    Ok(lockgate_adapters::tree::hex(&bytes))
}
