//! Artifacts: patterns, names, folders, and no way out.

use lockgate_pipeline::builtin::BuiltinAction::{DownloadArtifact, UploadArtifact};

use crate::support::{Fixture, failed, succeeded};

#[tokio::test]
async fn what_is_uploaded_is_downloaded_by_another_job() {
    let mut fixture = Fixture::new();
    fixture.prepare("build").await;
    let make = "mkdir -p dist/sub dist/.cache foo..bar; echo app > dist/app; chmod 755 dist/app; echo m > dist/app.map\n\
                echo s > dist/sub/s; echo h > dist/.cache/h; echo f > foo..bar/f; ln -s app dist/link";
    succeeded(&fixture.sh(make).await);
    let upload = [
        ("name", "dist"),
        ("path", "dist\n!dist/**/*.map"),
        ("if-no-files-found", "error"),
    ];
    let end = fixture.uses(UploadArtifact, &upload).await;
    succeeded(&end);
    let [artifact] = end.artifacts.as_slice() else {
        panic!("{end:?}");
    };
    assert_eq!(artifact.digest, format!("sha256:{}", end.outputs["artifact-digest"]));
    let stored = fixture.executor.artifacts().find("dist").unwrap().unwrap();
    assert_eq!(stored.files, ["app", "link", "sub/s"]);
    succeeded(
        &fixture
            .uses(UploadArtifact, &[("name", "one"), ("path", "foo..bar/f")])
            .await,
    );
    succeeded(
        &fixture
            .uses(UploadArtifact, &[("name", "two"), ("path", "dist/app\nfoo..bar/f")])
            .await,
    );
    let names = |name: &str| fixture.executor.artifacts().find(name).unwrap().unwrap().files;
    assert_eq!(names("one"), ["f"], "a single file is stored without its folders");
    assert_eq!(
        names("two"),
        ["dist/app", "foo..bar/f"],
        "several searches share their common folder"
    );
    fixture.remove("build").await;

    fixture.prepare("build").await;
    let end = fixture
        .uses(DownloadArtifact, &[("name", "dist"), ("path", "out")])
        .await;
    succeeded(&end);
    assert!(end.outputs["download-path"].ends_with("/out"));
    assert_eq!(
        fixture.log("cd out; find . -type f | sort; stat -c %a app").await,
        "./app\n./link\n./sub/s\n755\n"
    );
    succeeded(&fixture.uses(DownloadArtifact, &[("path", "all")]).await);
    assert_eq!(fixture.log("ls all; cat all/one/f").await, "dist\none\ntwo\nf\n");
    let merged = [("pattern", "[ot]*"), ("merge-multiple", "true"), ("path", "merged")];
    succeeded(&fixture.uses(DownloadArtifact, &merged).await);
    assert_eq!(
        fixture.log("cd merged; find . -type f | sort").await,
        "./dist/app\n./f\n./foo..bar/f\n"
    );
}

#[tokio::test]
async fn a_name_is_given_once() {
    let mut fixture = Fixture::new();
    fixture.prepare("build").await;
    succeeded(&fixture.sh("echo 1 > a; echo 2 > b").await);
    succeeded(&fixture.uses(UploadArtifact, &[("name", "x"), ("path", "a")]).await);
    failed(
        &fixture.uses(UploadArtifact, &[("name", "x"), ("path", "b")]).await,
        "already uploaded",
    );
    succeeded(
        &fixture
            .uses(UploadArtifact, &[("name", "x"), ("path", "b"), ("overwrite", "true")])
            .await,
    );
    let stored = fixture.executor.artifacts().find("x").unwrap().unwrap();
    assert_eq!(stored.files, ["b"]);
}

#[tokio::test]
async fn each_artifact_has_an_id_of_its_own() {
    let mut fixture = Fixture::new();
    fixture.prepare("build").await;
    succeeded(&fixture.sh("echo 1 > file; echo 2 > other").await);
    let mut ids = std::collections::BTreeSet::new();
    // The later ones come before the first in the order of names; the last two are the same bytes.
    for (name, path) in [("c", "other"), ("b", "file"), ("a", "file")] {
        let end = fixture.uses(UploadArtifact, &[("name", name), ("path", path)]).await;
        let id: u64 = end.outputs["artifact-id"].parse().unwrap();
        assert!(ids.insert(id) && id < 1 << 53, "{name}: {id}");
        let again = fixture.uses(UploadArtifact, &[("name", name), ("path", path)]).await;
        assert_eq!(
            again.outputs["artifact-id"],
            id.to_string(),
            "what a crash repeats is the same"
        );
    }
    let changed = [("name", "a"), ("path", "other"), ("overwrite", "true")];
    let end = fixture.uses(UploadArtifact, &changed).await;
    assert!(ids.insert(end.outputs["artifact-id"].parse().unwrap()), "{ids:?}");
}

#[tokio::test]
async fn nothing_found_is_a_warning_unless_it_is_an_error() {
    let mut fixture = Fixture::new();
    fixture.prepare("build").await;
    let end = fixture.uses(UploadArtifact, &[("path", "none/**")]).await;
    succeeded(&end);
    assert_eq!(end.annotations.warnings, 1);
    let ignored = fixture
        .uses(UploadArtifact, &[("path", "none"), ("if-no-files-found", "ignore")])
        .await;
    assert_eq!(ignored.annotations.warnings, 0);
    let refused = fixture
        .uses(UploadArtifact, &[("path", "none"), ("if-no-files-found", "error")])
        .await;
    failed(&refused, "No files were found with the provided path: none");
}

#[tokio::test]
async fn no_path_leads_out() {
    let mut fixture = Fixture::new();
    let place = fixture.prepare("build").await;
    let outside = fixture.folder.path().join("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("private"), "x").unwrap();
    succeeded(
        &fixture
            .sh(&format!("ln -s {} out; echo t > {}/t", outside.display(), place.temp))
            .await,
    );
    let absolute = outside.join("private").to_string_lossy().into_owned();
    for (path, words) in [
        ("../../../../x", "`..` is not allowed"),
        (absolute.as_str(), "outside of the job's folder"),
        ("out/private", "leads out"),
        ("out/**", "leads out"),
    ] {
        failed(&fixture.uses(UploadArtifact, &[("path", path)]).await, words);
    }
    let temp = format!("{}/t", place.temp);
    succeeded(&fixture.uses(UploadArtifact, &[("name", "t"), ("path", &temp)]).await);
    for path in ["../../../x", "/tmp/x", "out/x", "~/x"] {
        failed(
            &fixture.uses(DownloadArtifact, &[("name", "t"), ("path", path)]).await,
            "leads out",
        );
    }
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 1);
    for name in ["a/b", "a:b", "..\\x"] {
        failed(
            &fixture.uses(UploadArtifact, &[("name", name), ("path", &temp)]).await,
            "is not valid",
        );
    }
    failed(
        &fixture.uses(DownloadArtifact, &[("name", "nope")]).await,
        "Artifact not found for name: nope",
    );
    failed(
        &fixture.uses(DownloadArtifact, &[("name", "t"), ("run-id", "7")]).await,
        "another run",
    );
}
