//! Releases are made once, found, and not changed.

use super::*;

fn draft(version: &str) -> Draft {
    Draft {
        id: None,
        version: version.into(),
        commit: "abc".into(),
        source: Source::Elsewhere("here".into()),
        configuration: "sha256:0".into(),
    }
}

fn store(folder: &Path) -> (ReleaseStore, BTreeMap<String, PathBuf>) {
    fs::write(folder.join("server"), "binary").unwrap();
    (
        ReleaseStore::new(folder.join("releases")),
        BTreeMap::from([("server".into(), folder.join("server"))]),
    )
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_release_is_found_by_its_version_and_made_once() {
    let folder = tempfile::tempdir().unwrap();
    let (store, artifacts) = store(folder.path());
    assert_eq!(store.find("v1").unwrap(), None);
    let first = store.create(draft("v1"), &artifacts, Timestamp(1)).unwrap();
    let again = store.create(draft("v1"), &artifacts, Timestamp(9)).unwrap();
    assert_eq!(first, again);
    let second = store.create(draft("v2"), &artifacts, Timestamp(2)).unwrap();
    assert_eq!(store.find("v1").unwrap(), Some(first.clone()));
    assert_eq!(store.list().unwrap(), [second, first]);
}

#[test]
fn a_version_names_one_content() {
    let folder = tempfile::tempdir().unwrap();
    let (store, artifacts) = store(folder.path());
    let first = store.create(draft("v1"), &artifacts, Timestamp(1)).unwrap();
    let elsewhere = Draft {
        configuration: "sha256:1".into(),
        ..draft("v1")
    };
    assert_eq!(store.create(elsewhere, &artifacts, Timestamp(2)).unwrap(), first);

    fs::write(folder.path().join("server"), "other").unwrap();
    let taken = store.create(draft("v1"), &artifacts, Timestamp(3)).unwrap_err();
    let words = taken.to_string();
    assert!(
        words.contains(&first.release.id.0) && words.contains("--version"),
        "{words}"
    );
    let shipped = |run: &str| Draft {
        id: Some(ReleaseId(run.into())),
        ..draft("v1")
    };
    let second = store.create(shipped("run-1"), &artifacts, Timestamp(4)).unwrap();
    assert_eq!(second.release.version, "v1+2");
    assert_eq!(
        store.create(shipped("run-1"), &artifacts, Timestamp(5)).unwrap(),
        second
    );
    assert_eq!(
        store.create(shipped("run-2"), &artifacts, Timestamp(6)).unwrap(),
        second
    );
    fs::write(folder.path().join("server"), "third").unwrap();
    let third = store.create(shipped("run-3"), &artifacts, Timestamp(7)).unwrap();
    assert_eq!(third.release.version, "v1+3");
    assert_eq!(store.list().unwrap(), [third, second, first]);
    assert_eq!(names(&folder.path().join("releases")).len(), 4);
}

#[test]
fn a_version_names_one_content_also_when_many_are_made_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = ReleaseStore::new(folder.path().join("releases"));
    let makers = 16;
    let start = std::sync::Barrier::new(makers);
    let made: Vec<Kept> = std::thread::scope(|scope| {
        let make = |number: usize| {
            let (store, start, path) = (&store, &start, folder.path().join(format!("of-{number}")));
            fs::create_dir(&path).unwrap();
            fs::write(path.join("server"), format!("build {}", number % 2)).unwrap();
            scope.spawn(move || {
                let id = Some(ReleaseId(format!("run-{number}")));
                let artifacts = BTreeMap::from([("server".to_owned(), path)]);
                start.wait();
                store
                    .create(Draft { id, ..draft("v1") }, &artifacts, Timestamp(1))
                    .unwrap()
            })
        };
        let running: Vec<_> = (0..makers).map(make).collect();
        running.into_iter().map(|maker| maker.join().unwrap()).collect()
    });
    let all = store.list().unwrap();
    let versions: std::collections::BTreeSet<&str> = all.iter().map(|kept| kept.release.version.as_str()).collect();
    assert_eq!((all.len(), versions), (2, ["v1", "v1+2"].into()));
    for (number, kept) in made.iter().enumerate() {
        assert_eq!(kept, &made[number % 2]);
    }
}

#[test]
fn a_release_that_cannot_be_made_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (store, mut artifacts) = store(folder.path());
    let releases = folder.path().join("releases");
    artifacts.insert("web".into(), folder.path().join("absent"));
    let error = store.create(draft("v1"), &artifacts, Timestamp(1)).unwrap_err();
    assert!(matches!(error, ReleaseError::File { .. }), "{error}");
    assert_eq!(names(&releases), [""; 0]);

    artifacts.remove("web");
    let blocked = Draft {
        id: Some(ReleaseId("run".into())),
        ..draft("v1")
    };
    fs::write(releases.join("run"), "in the way").unwrap();
    store.create(blocked, &artifacts, Timestamp(1)).unwrap_err();
    assert_eq!(names(&releases), [TURN, "run"]);
}

#[test]
fn a_version_is_a_plain_name() {
    for version in ["v1", "1.2.3-rc.1+b5", "release/2026-01", "shop@1.0", "v1-3-gabc-dirty"] {
        assert!(is_version(version), "{version}");
    }
    for version in ["", "a/../b c", "a b", "../a", "-v1", "v1\n", &"v".repeat(101)] {
        assert!(!is_version(version), "{version}");
    }
}

#[test]
fn a_changed_artifact_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (store, artifacts) = store(folder.path());
    let release = store.create(draft("v1"), &artifacts, Timestamp(1)).unwrap().release;
    let place = store.artifact(&release, "server").unwrap();
    fs::write(place.join("server"), "other").unwrap();
    assert!(matches!(
        store.artifact(&release, "server"),
        Err(ReleaseError::Tampered { .. })
    ));
    assert!(matches!(
        store.artifact(&release, "client"),
        Err(ReleaseError::NoArtifact { .. })
    ));
}
