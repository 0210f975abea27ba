//! Who may use whom, over `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};

use super::{assert_none, root};

/// The arrows of ARCHITECTURE.md. A crate that is not here is not in the house.
const MAY_USE: &[(&str, &[&str])] = &[
    ("core", &[]),
    ("gate", &["core"]),
    ("pipeline", &["core"]),
    ("dialect", &["core", "pipeline"]),
    ("delivery", &["core", "gate"]),
    ("ship", &["core", "pipeline", "gate", "delivery"]),
    ("engine", &["core", "gate", "pipeline", "dialect", "delivery", "ship"]),
    ("proxy", &["core"]),
    ("host", &["core", "proxy"]),
    (
        "adapters",
        &[
            "core", "gate", "pipeline", "dialect", "delivery", "ship", "engine", "proxy", "host",
        ],
    ),
    ("store", &["core", "engine"]),
    (
        "cli",
        &[
            "core", "gate", "pipeline", "dialect", "delivery", "ship", "engine", "proxy", "host", "adapters", "store",
        ],
    ),
    (
        "testkit",
        &["core", "gate", "pipeline", "dialect", "delivery", "ship", "engine"],
    ),
    ("oracle", &["core", "pipeline", "dialect", "testkit"]),
    ("xtask", &[]),
];

/// Tests may also use these.
const MAY_USE_IN_TESTS: &[&str] = &["testkit", "store"];

/// They decide and never act.
const PURE: &[&str] = &["core", "gate", "pipeline", "dialect", "delivery", "ship"];

/// No pure crate may reach one of these, however far away.
const ACTS: &[(&str, &str)] = &[
    ("tokio", "pure code does not wait"),
    ("mio", "pure code does no IO"),
    ("socket2", "pure code has no sockets"),
    ("hyper", "pure code speaks to nobody"),
    ("reqwest", "pure code speaks to nobody"),
    ("sqlx-core", "pure code stores nothing"),
    ("nix", "pure code does not call the system"),
    ("rustix", "pure code does not call the system"),
    ("tempfile", "pure code writes no files"),
    (
        "getrandom",
        "pure code has no randomness: ids derive from parent, key and attempt",
    ),
    ("rand", "pure code has no randomness"),
    ("chrono", "pure code has no clock"),
];

fn metadata() -> Metadata {
    let mut command = MetadataCommand::new();
    command
        .manifest_path(root().join("Cargo.toml"))
        .other_options(["--locked".to_owned()]);
    command.exec().unwrap()
}

/// Returns `core` for `lockgate-core`; the binary is the package `lockgate`.
fn short(package: &str) -> Option<&str> {
    match package {
        "lockgate" => Some("cli"),
        other => other.strip_prefix("lockgate-"),
    }
}

fn members(metadata: &Metadata) -> Vec<(&str, &Package)> {
    let named = |package| {
        (
            short(package_name(package)).unwrap_or("not named lockgate-NAME"),
            package,
        )
    };
    metadata.workspace_packages().into_iter().map(named).collect()
}

fn package_name(package: &Package) -> &str {
    package.name.as_str()
}

#[test]
fn crates_use_only_whom_they_may() {
    let metadata = metadata();
    let table: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    let mut violations = Vec::new();
    for (name, package) in members(&metadata) {
        let Some(allowed) = table.get(name) else {
            violations.push(format!(
                "{} has no row in the table of arrows: give it one, with its reason",
                package.name
            ));
            continue;
        };
        for dependency in &package.dependencies {
            let Some(used) = short(&dependency.name) else {
                continue;
            };
            let in_tests = dependency.kind == DependencyKind::Development;
            if !(allowed.contains(&used) || in_tests && MAY_USE_IN_TESTS.contains(&used)) {
                violations.push(format!(
                    "`{name}` uses `{used}`, but may use only {allowed:?}: move what it needs down, or behind a port"
                ));
            }
        }
    }
    assert_none(&violations);
}

#[test]
fn the_architecture_names_every_crate() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let metadata = metadata();
    let members = members(&metadata);
    let unnamed: Vec<String> = members
        .iter()
        .filter(|(name, _)| !text.contains(&format!("| `{name}` |")))
        .map(|(name, _)| format!("ARCHITECTURE.md has no row for `{name}`"))
        .collect();
    assert_none(&unnamed);
    assert_eq!(
        members.len(),
        MAY_USE.len(),
        "a row in the table of arrows has no crate"
    );
}

#[test]
fn pure_crates_reach_nothing_that_acts() {
    let metadata = metadata();
    let mut violations = Vec::new();
    for (name, package) in members(&metadata) {
        if !PURE.contains(&name) {
            continue;
        }
        for (path, reached) in reachable(&metadata, &package.id) {
            if let Some((_, reason)) = ACTS.iter().find(|(banned, _)| *banned == reached) {
                violations.push(format!("pure `{name}` reaches `{reached}` by {path}: {reason}"));
            }
        }
    }
    assert_none(&violations);
}

/// Returns the names of all packages that `from` is built from, each with a way there.
///
/// Build scripts and procedural macros run at build time, so what only they use does not count.
fn reachable(metadata: &Metadata, from: &PackageId) -> Vec<(String, String)> {
    let resolve = metadata.resolve.as_ref().unwrap();
    let nodes: BTreeMap<&PackageId, _> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let mut seen = BTreeSet::from([from.clone()]);
    let mut open = vec![(String::new(), from.clone())];
    let mut found = Vec::new();
    while let Some((path, id)) = open.pop() {
        for dependency in &nodes[&id].deps {
            let normal = dependency
                .dep_kinds
                .iter()
                .any(|kind| kind.kind == DependencyKind::Normal);
            let package = &metadata[&dependency.pkg];
            let macros = package.targets.iter().any(cargo_metadata::Target::is_proc_macro);
            if normal && !macros && seen.insert(dependency.pkg.clone()) {
                let name = package_name(package).to_owned();
                let way = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path} → {name}")
                };
                found.push((way.clone(), name));
                open.push((way, dependency.pkg.clone()));
            }
        }
    }
    found
}

/// `cargo deny` knows the same; this holds where it is not installed.
#[test]
fn banned_crates_are_nowhere() {
    let metadata = metadata();
    let banned = ["ring", "openssl-sys", "native-tls", "serde_yaml"];
    let names = metadata.packages.iter().map(package_name);
    let found: Vec<String> = names
        .filter(|name| banned.contains(name))
        .map(|name| format!("{name}: deny.toml says why not"))
        .collect();
    assert_none(&found);
    let rules = fs::read_to_string(root().join("deny.toml")).unwrap();
    let unknown = banned
        .iter()
        .filter(|name| !rules.contains(&format!("{{ crate = \"{name}\", reason = ")));
    assert_none(
        &unknown
            .map(|name| format!("deny.toml does not ban {name}"))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn the_ban_on_what_acts_is_a_test_that_can_fail() {
    let metadata = metadata();
    let members = members(&metadata);
    let (_, engine) = members.iter().find(|(name, _)| *name == "engine").unwrap();
    assert!(reachable(&metadata, &engine.id).iter().any(|(_, name)| name == "tokio"));
}

#[test]
fn every_crate_has_the_lints_of_the_house() {
    let metadata = metadata();
    let mut violations = Vec::new();
    for (name, package) in members(&metadata) {
        let manifest = fs::read_to_string(&package.manifest_path).unwrap();
        if !manifest.contains("[lints]\nworkspace = true\n") && name != "host" {
            violations.push(format!("`{name}` lacks `[lints] workspace = true`"));
        }
        if PURE.contains(&name) {
            let own = package.manifest_path.with_file_name("clippy.toml");
            let bans = fs::read_to_string(root().join("clippy-pure.toml")).unwrap();
            if fs::read_to_string(&own).ok() != Some(bans) {
                violations.push(format!(
                    "pure `{name}` lacks the bans: link clippy.toml to clippy-pure.toml"
                ));
            }
        }
    }
    assert_none(&violations);
}
