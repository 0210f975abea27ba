//! Checkout: the working tree with its edits, or a commit.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use lockgate_adapters::executor::{Source, SystemChanges};
use lockgate_pipeline::builtin::BuiltinAction::Checkout;

use crate::support::{Fixture, builtin, environment, failed, git, script, succeeded};

fn repository(folder: &Path) -> String {
    git(folder, &["init", "--quiet"]);
    std::fs::write(folder.join("a.txt"), "one\n").unwrap();
    std::fs::write(folder.join("gone.txt"), "x").unwrap();
    std::fs::write(folder.join(".gitignore"), "target/\n").unwrap();
    std::fs::write(folder.join("run.sh"), "#!/bin/sh\necho ran\n").unwrap();
    std::fs::set_permissions(folder.join("run.sh"), std::fs::Permissions::from_mode(0o755)).unwrap();
    std::os::unix::fs::symlink("a.txt", folder.join("link")).unwrap();
    git(folder, &["add", "."]);
    git(folder, &["commit", "--quiet", "-m", "first"]);
    git(folder, &["tag", "v1"]);
    git(folder, &["rev-parse", "HEAD"])
}

#[tokio::test]
async fn the_working_tree_comes_with_its_edits_and_a_repository() {
    let mut fixture = Fixture::new();
    let source = fixture.source();
    let sha = repository(&source);
    std::fs::write(source.join("a.txt"), "edited\n").unwrap();
    std::fs::write(source.join("new.txt"), "new").unwrap();
    std::fs::remove_file(source.join("gone.txt")).unwrap();
    std::fs::create_dir(source.join("target")).unwrap();
    std::fs::write(source.join("target/big"), "ignored").unwrap();
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
    std::fs::File::options()
        .append(true)
        .open(source.join("a.txt"))
        .unwrap()
        .set_modified(time)
        .unwrap();
    let place = fixture.prepare("build").await;
    let workspace = Path::new(&place.workspace);
    std::fs::write(workspace.join("stale"), "").unwrap();
    let end = fixture.uses(Checkout, &[("fetch-depth", "1")]).await;
    succeeded(&end);
    assert_eq!(end.outputs["commit"], sha);
    let read = |name: &str| std::fs::read_to_string(workspace.join(name));
    assert_eq!(read("a.txt").unwrap(), "edited\n");
    assert_eq!(read("link").unwrap(), "edited\n");
    assert!(workspace.join("link").is_symlink());
    assert_eq!(read("new.txt").unwrap(), "new");
    assert_eq!(workspace.join("a.txt").metadata().unwrap().modified().unwrap(), time);
    for absent in ["gone.txt", "target", "stale"] {
        assert!(!workspace.join(absent).exists(), "{absent}");
    }
    let log = fixture
        .log("git describe --tags; git status --porcelain; git log --oneline | wc -l; ./run.sh")
        .await;
    assert_eq!(log, "v1\n M a.txt\n D gone.txt\n?? new.txt\n1\nran\n");
    succeeded(
        &fixture
            .sh("echo broken > a.txt; git add -A; git -c user.name=t -c user.email=t commit -qm x")
            .await,
    );
    assert_eq!(
        std::fs::read_to_string(source.join("a.txt")).unwrap(),
        "edited\n",
        "the user's tree is untouched"
    );
    assert_eq!(git(&source, &["rev-parse", "HEAD"]), sha);
}

#[tokio::test]
async fn a_commit_comes_as_it_was_on_its_branch() {
    let mut fixture = Fixture::new();
    let source = fixture.source();
    let sha = repository(&source);
    std::fs::write(source.join("a.txt"), "two\n").unwrap();
    git(&source, &["commit", "--quiet", "-am", "second"]);
    std::fs::write(source.join("a.txt"), "edited\n").unwrap();
    fixture.options.source = Source::Commit {
        path: source,
        sha: sha.clone(),
    };
    fixture.restart();
    fixture.prepare("build").await;
    let mut step = fixture.attempt("build", builtin(Checkout, &[]));
    step.env = environment(&[("GITHUB_REF", "refs/heads/main"), ("GITHUB_SHA", &sha)]);
    succeeded(&fixture.perform(step).await);
    let log = fixture
        .log("cat a.txt; git rev-parse HEAD; git branch --show-current; git status --porcelain")
        .await;
    assert_eq!(log, format!("one\n{sha}\nmain\n"));
    succeeded(&fixture.uses(Checkout, &[("ref", "main"), ("path", "again")]).await);
    let log = fixture.log("cat again/a.txt; git -C again log --oneline | wc -l").await;
    assert_eq!(log, "two\n2\n");
    succeeded(&fixture.uses(Checkout, &[("ref", "v1"), ("path", "tagged")]).await);
    assert_eq!(fixture.log("cat tagged/a.txt").await, "one\n");
}

#[tokio::test]
async fn what_checkout_cannot_do_is_refused_in_words() {
    let mut fixture = Fixture::new();
    repository(&fixture.source());
    fixture.prepare("build").await;
    for (input, words) in [
        (("repository", "other/thing"), "another repository"),
        (("submodules", "recursive"), "git submodule update"),
        (("ref", "no-such-branch"), "names no branch, tag or commit"),
        (("path", "../../.."), "leads out of the workspace"),
        (("path", "../../escape"), "leads out of the workspace"),
        (("path", "../sibling"), "leads out of the workspace"),
        (("path", "/tmp"), "leads out of the workspace"),
        (("clean", "maybe"), "must be true or false"),
    ] {
        failed(&fixture.uses(Checkout, &[input]).await, words);
    }
    succeeded(
        &fixture
            .uses(Checkout, &[("repository", "Octo/Hello"), ("path", "foo..bar")])
            .await,
    );
    succeeded(&fixture.sh("test -f foo..bar/a.txt").await);
}

#[tokio::test]
async fn what_has_no_effect_on_a_checkout_is_said() {
    let mut fixture = Fixture::new();
    repository(&fixture.source());
    fixture.prepare("build").await;
    for (input, value, warnings) in [("sparse-checkout", "docs", 1), ("lfs", "true", 1), ("lfs", "false", 0)] {
        let step = fixture.attempt("build", builtin(Checkout, &[(input, value)]));
        let log = fixture.executor.log_of(&step);
        let end = fixture.perform(step).await;
        succeeded(&end);
        assert_eq!(end.annotations.warnings, warnings, "{input}: {value}");
        let text = std::fs::read_to_string(log).unwrap();
        assert_eq!(
            text.contains(&format!("##[warning]`{input}` has no effect")),
            warnings == 1,
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_folder_without_git_is_copied() {
    let mut fixture = Fixture::new();
    std::fs::create_dir(fixture.source().join("sub")).unwrap();
    std::fs::write(fixture.source().join("sub/file"), "x").unwrap();
    fixture.prepare("build").await;
    succeeded(&fixture.uses(Checkout, &[]).await);
    let step = fixture.attempt("build", script("cat sub/file"));
    succeeded(&fixture.perform(step).await);
}

/// A remote with a branch to lose, as the origin of the user's repository.
fn remote_of(fixture: &Fixture) -> String {
    let source = fixture.source();
    repository(&source);
    let remote = fixture.folder.path().join("remote.git").to_string_lossy().into_owned();
    git(
        fixture.folder.path(),
        &["clone", "--quiet", "--bare", "source", "remote.git"],
    );
    git(Path::new(&remote), &["branch", "doomed"]);
    git(&source, &["remote", "add", "origin", &remote]);
    remote
}

fn references(repository: &Path) -> String {
    git(repository, &["for-each-ref", "--format=%(refname) %(objectname)"])
}

const COMMIT: &str = "git -c user.name=t -c user.email=t@example.com commit -qm x --allow-empty; git tag v9";

#[tokio::test]
async fn no_push_of_a_job_reaches_the_remote_or_the_users_repository() {
    let mut fixture = Fixture::new();
    let remote = remote_of(&fixture);
    let before = (references(Path::new(&remote)), references(&fixture.source()));
    fixture.prepare("build").await;
    succeeded(&fixture.uses(Checkout, &[]).await);
    succeeded(&fixture.sh(COMMIT).await);
    let source = fixture.source().to_string_lossy().into_owned();
    let (local, helper) = (remote.as_str(), "lockgate-refuses");
    for push in [
        "git push origin v9".to_owned(),
        "git push --no-verify origin HEAD:gh-pages".to_owned(),
        "git push origin :doomed".to_owned(),
        format!("git push {local} v9"),
        format!("git push --no-verify file://{local} v9"),
        format!("git push {source} HEAD:refs/heads/mine"),
        format!("git remote add other {local}; git push other v9"),
        format!("git remote set-url origin {source}; git push origin v9"),
        // What a user's own configuration rewrites is caught by the hook.
        format!("git -c url.{local}.pushInsteadOf={local}/ push {local}/ v9"),
    ] {
        let log = fixture.log(&push).await;
        assert!(
            log.contains("would change a repository outside of this job"),
            "{push}: {log}"
        );
        assert!(log.contains("--allow-system-changes"), "{push}: {log}");
        assert!(
            log.contains("##[error]Process completed with exit code"),
            "{push}: {log}"
        );
    }
    let log = fixture
        .log(&format!("PATH=/usr/local/bin:/usr/bin:/bin git push {local} v9"))
        .await;
    assert!(log.contains(helper), "without the helper on the PATH: {log}");
    let after = (references(Path::new(&remote)), references(&fixture.source()));
    assert_eq!(after, before);
}

#[tokio::test]
async fn a_job_fetches_from_its_remote_and_pushes_within_its_folder() {
    let mut fixture = Fixture::new();
    remote_of(&fixture);
    fixture.prepare("build").await;
    succeeded(&fixture.uses(Checkout, &[]).await);
    succeeded(&fixture.sh(COMMIT).await);
    let own = "git fetch -q origin doomed && git rev-parse -q --verify FETCH_HEAD && git ls-remote --exit-code origin doomed\n\
               git init -q --bare \"$RUNNER_TEMP/own.git\"\n\
               git push -q \"$RUNNER_TEMP/own.git\" v9; git push -q \"file://$RUNNER_TEMP/own.git\" HEAD:refs/heads/x\n\
               test $(git -C \"$RUNNER_TEMP/own.git\" for-each-ref | wc -l) = 2";
    succeeded(&fixture.sh(own).await);
}

#[tokio::test]
async fn a_push_is_the_users_own_decision() {
    let mut fixture = Fixture::with(|options| options.system = SystemChanges::Allowed);
    let remote = remote_of(&fixture);
    fixture.prepare("build").await;
    succeeded(&fixture.uses(Checkout, &[]).await);
    succeeded(&fixture.sh(&format!("{COMMIT}; git push -q origin v9 :doomed")).await);
    let left = references(Path::new(&remote));
    assert!(left.contains("refs/tags/v9") && !left.contains("doomed"), "{left}");
}
