//! A project whose workflow takes no time: its program is built already.

use std::fs;
use std::path::Path;

use super::fixture::{self, git};

/// A job that hands the program on.
pub(crate) const BUILD: &str = "  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: cp built shop
      - uses: actions/upload-artifact@v4
        with: { name: shop, path: shop }
";

/// How it is delivered, when the test does not begin with `init`.
pub(crate) const DELIVERY: &str = "\
version: 1
project: shop
artifact: shop
run: ./shop
health: { probe: /health, interval: 200ms, deadline: 60s }
strategy: { blue-green: { soak: 1s, drain: 5s } }
replaces: { jobs: [deploy] }
";

/// Writes a repository with one commit, whose workflow has these jobs and one that deploys.
pub(crate) fn write(project: &Path, jobs: &str) {
    fs::create_dir_all(project.join(".github/workflows")).unwrap();
    fs::copy(fixture::release("v1"), project.join("built")).unwrap();
    fs::write(project.join("Cargo.toml"), "[package]\nname = \"shop\"\n").unwrap();
    let workflow = format!(
        "on:\n  push:\n  workflow_dispatch:\njobs:\n{jobs}  deploy:\n    needs: build\n    runs-on: ubuntu-latest\n    \
         steps: [{{ run: exit 1 }}]\n"
    );
    fs::write(project.join(".github/workflows/ci.yml"), workflow).unwrap();
    git(project, &["init", "--quiet", "--initial-branch", "main"]);
    commit(project, "A shop");
}

/// Commits everything.
pub(crate) fn commit(project: &Path, message: &str) {
    git(project, &["add", "."]);
    git(project, &["commit", "--quiet", "--message", message]);
}
