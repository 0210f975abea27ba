//! Caches: keys, prefixes, paths and their versions.

use std::path::Path;

use lockgate_pipeline::builtin::BuiltinAction::{Cache, CacheRestore, CacheSave};
use lockgate_pipeline::run::effect::{AttemptBody, Phase};
use lockgate_pipeline::run::input::StepEnd;

use crate::support::{Fixture, failed, pairs, succeeded};

async fn after(fixture: &mut Fixture, inputs: &[(&str, &str)], main: &StepEnd) -> StepEnd {
    let body = AttemptBody::Builtin {
        action: Cache,
        inputs: pairs(inputs),
        state: main.state.clone().into_iter().collect(),
        phase: Phase::Post,
    };
    let step = fixture.attempt("build", body);
    fixture.perform(step).await
}

#[tokio::test]
async fn a_cache_is_saved_after_a_miss_and_restored_by_key_and_prefix() {
    let mut fixture = Fixture::new();
    fixture.prepare("build").await;
    let inputs = [
        ("path", "node_modules\n!node_modules/tmp"),
        ("key", "npm-abc"),
        ("restore-keys", "npm-"),
    ];
    let missed = fixture.uses(Cache, &inputs).await;
    succeeded(&missed);
    assert!(!missed.outputs.contains_key("cache-hit"));
    let make = "mkdir -p node_modules/tmp node_modules/empty; echo x > node_modules/a; echo y > node_modules/tmp/b\n\
                ln -s a node_modules/l; chmod 755 node_modules/a; touch -d @1000000 node_modules/a";
    succeeded(&fixture.sh(make).await);
    succeeded(&after(&mut fixture, &inputs, &missed).await);
    fixture.remove("build").await;

    fixture.prepare("build").await;
    let hit = fixture.uses(Cache, &inputs).await;
    assert_eq!(hit.outputs, pairs(&[("cache-hit", "true")]));
    let log = fixture.log("cd node_modules; ls; stat -c '%a %Y' a; readlink l").await;
    assert_eq!(log, "a\nempty\nl\n755 1000000\na\n");
    let end = after(&mut fixture, &inputs, &hit).await;
    succeeded(&end);
    fixture.remove("build").await;

    fixture.prepare("build").await;
    let other = [
        ("path", "node_modules\n!node_modules/tmp"),
        ("key", "npm-def"),
        ("restore-keys", "pip-\nnpm-"),
    ];
    let near = fixture.uses(CacheRestore, &other).await;
    let expected = [
        ("cache-primary-key", "npm-def"),
        ("cache-hit", "false"),
        ("cache-matched-key", "npm-abc"),
    ];
    assert_eq!(near.outputs, pairs(&expected));
    let elsewhere = fixture
        .uses(CacheRestore, &[("path", "other"), ("key", "npm-abc")])
        .await;
    assert!(
        !elsewhere.outputs.contains_key("cache-hit"),
        "another path is another cache"
    );
}

#[tokio::test]
async fn the_newest_entry_of_a_prefix_wins() {
    let mut fixture = Fixture::new();
    fixture.prepare("build").await;
    for key in ["k-1", "k-2"] {
        succeeded(&fixture.sh(&format!("mkdir -p c; echo {key} > c/f; sleep 0.005")).await);
        succeeded(&fixture.uses(CacheSave, &[("path", "c"), ("key", key)]).await);
    }
    succeeded(&fixture.sh("echo changed > c/f").await);
    let end = fixture.uses(CacheSave, &[("path", "c"), ("key", "k-1")]).await;
    succeeded(&end);
    let found = fixture
        .uses(CacheRestore, &[("path", "c"), ("key", "k-"), ("lookup-only", "true")])
        .await;
    assert_eq!(found.outputs["cache-matched-key"], "k-2");
    assert_eq!(fixture.log("cat c/f").await, "changed\n");
    succeeded(&fixture.uses(CacheRestore, &[("path", "c"), ("key", "k-1")]).await);
    assert_eq!(fixture.log("cat c/f").await, "k-1\n", "an entry never changes");
}

#[tokio::test]
async fn a_path_in_the_home_folder_is_kept_in_place() {
    let mut fixture = Fixture::new();
    fixture.prepare("build").await;
    let registry = fixture.options.user.home.join(".cargo/registry");
    let inputs = [("path", "~/.cargo/registry"), ("key", "cargo")];
    let missed = fixture.uses(Cache, &inputs).await;
    std::fs::create_dir_all(&registry).unwrap();
    succeeded(&after(&mut fixture, &inputs, &missed).await);
    let hit = fixture.uses(Cache, &inputs).await;
    assert_eq!(hit.outputs["cache-hit"], "true");
    std::fs::remove_dir_all(&registry).unwrap();
    let gone = fixture.uses(Cache, &inputs).await;
    assert!(!gone.outputs.contains_key("cache-hit"));
    assert!(Path::new(&fixture.options.caches).exists());
}

#[tokio::test]
async fn what_cannot_be_cached_is_said() {
    let mut fixture = Fixture::new();
    fixture.prepare("build").await;
    for (inputs, words) in [
        (vec![("path", "x")], "Input required and not supplied: key"),
        (vec![("path", "/etc"), ("key", "k")], "outside of the job's folder"),
        (vec![("path", "../x"), ("key", "k")], "`..` is not allowed"),
        (vec![("path", "x"), ("key", "a,b")], "cannot contain commas"),
        (
            vec![("path", "x"), ("key", "k"), ("fail-on-cache-miss", "true")],
            "fail-on-cache-miss is set",
        ),
    ] {
        failed(&fixture.uses(Cache, &inputs).await, words);
    }
    let end = fixture.uses(CacheSave, &[("path", "nothing"), ("key", "k")]).await;
    succeeded(&end);
    assert_eq!(end.annotations.warnings, 1);
}
