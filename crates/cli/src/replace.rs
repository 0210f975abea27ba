//! Files of the user that are replaced at once, so that nobody ever reads half of one.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// Puts a text in a file's place; its permissions stay, and a link goes on pointing at it.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = match std::fs::canonicalize(path) {
        Ok(real) => real,
        Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
        Err(error) => return Err(error),
    };
    let mut half = path.as_os_str().to_owned();
    half.push(format!(".{}.half", std::process::id()));
    let written = File::create(&half).and_then(|mut file| {
        if let Ok(before) = std::fs::metadata(&path) {
            file.set_permissions(before.permissions())?;
        }
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&half, &path)
    });
    if written.is_err() {
        drop(std::fs::remove_file(&half));
    }
    written
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn permissions_and_links_stay() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("a"), folder.path().join("b"));
        std::fs::write(&file, "before").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        replace(&link, "after").unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "after");
        assert!(link.is_symlink());
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
        assert!(replace(&folder.path().join("none/a"), "x").is_err());
    }
}
