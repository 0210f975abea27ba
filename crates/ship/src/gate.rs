//! The gate between a run and a release.
//!
//! What a run did not show cannot pass: a run without the artifact that is to be
//! delivered is inconclusive, even when every job succeeded.

use std::collections::BTreeSet;

use lockgate_gate::{Outcome, Verdict};
use lockgate_pipeline::run::Conclusion;
use serde::{Deserialize, Serialize};

use crate::ship::input::{Artifact, FailedJob};

/// What a run must have shown before its commit is released.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatePolicy {
    /// What is delivered.
    pub content: Content,
}

/// What is delivered of a commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content {
    /// The artifact of this name that the run uploads.
    Artifact(String),
    /// The commit's tree, because the workflow uploads nothing that is delivered.
    Tree,
}

/// Returns what an ended run says about its commit.
pub fn judge(
    policy: &GatePolicy,
    conclusion: Conclusion,
    artifacts: &[Artifact],
    failed_jobs: &[FailedJob],
) -> Verdict {
    let verdict = of_conclusion(conclusion, failed_jobs);
    let verdict = match &policy.content {
        Content::Artifact(name) if verdict.allows() => of_artifact(name, artifacts),
        Content::Artifact(_) | Content::Tree => verdict,
    };
    verdict
        .with("artifacts", artifacts.len() as u64)
        .with("failed_jobs", failed_jobs.len() as u64)
}

fn of_conclusion(conclusion: Conclusion, failed_jobs: &[FailedJob]) -> Verdict {
    match conclusion {
        Conclusion::Success => Verdict::new(Outcome::Pass, "the run succeeded"),
        Conclusion::Cancelled => Verdict::new(Outcome::Inconclusive, "the run was cancelled"),
        Conclusion::Failure if failed_jobs.is_empty() => Verdict::new(Outcome::Fail, "the run failed"),
        Conclusion::Failure => {
            let jobs: Vec<_> = failed_jobs.iter().map(|job| format!("`{}`", job.name)).collect();
            let because = &failed_jobs[0].reason;
            Verdict::new(
                Outcome::Fail,
                format!("the run failed in {}: {because}", jobs.join(", ")),
            )
        }
    }
}

fn of_artifact(name: &str, artifacts: &[Artifact]) -> Verdict {
    let digests: BTreeSet<_> = artifacts
        .iter()
        .filter(|artifact| artifact.name == name)
        .map(|artifact| &artifact.digest)
        .collect();
    match digests.iter().collect::<Vec<_>>().as_slice() {
        [digest] => Verdict::new(Outcome::Pass, format!("the run succeeded and left `{name}` ({digest})")),
        [] => Verdict::new(
            Outcome::Inconclusive,
            format!("the run left no artifact `{name}`; {}", what_it_left(artifacts)),
        ),
        _ => Verdict::new(
            Outcome::Inconclusive,
            format!("the run left {} different artifacts `{name}`", digests.len()),
        ),
    }
}

fn what_it_left(artifacts: &[Artifact]) -> String {
    if artifacts.is_empty() {
        return "it left none: add a step that uploads it, or remove `artifact` to deliver the commit's tree"
            .to_owned();
    }
    let names: Vec<_> = artifacts
        .iter()
        .map(|artifact| format!("`{}`", artifact.name))
        .collect();
    format!("it left {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(conclusion: Conclusion, artifacts: &[(&str, &str)], failed: &[&str], expect: &str) {
        let policy = GatePolicy {
            content: Content::Artifact("server".into()),
        };
        let artifacts: Vec<_> = artifacts
            .iter()
            .map(|(name, digest)| Artifact {
                name: (*name).into(),
                digest: (*digest).into(),
            })
            .collect();
        let failed: Vec<_> = failed
            .iter()
            .map(|name| FailedJob {
                name: (*name).into(),
                reason: "step `cargo test` ended with exit code 101".into(),
            })
            .collect();
        assert_eq!(judge(&policy, conclusion, &artifacts, &failed).to_string(), expect);
    }

    #[test]
    fn only_success_with_its_artifact_passes() {
        let success = Conclusion::Success;
        check(
            success,
            &[("server", "sha256:1")],
            &[],
            "pass: the run succeeded and left `server` (sha256:1)",
        );
        check(
            success,
            &[("server", "sha256:1"), ("server", "sha256:1")],
            &[],
            "pass: the run succeeded and left `server` (sha256:1)",
        );
        check(
            success,
            &[("server", "sha256:1"), ("server", "sha256:2")],
            &[],
            "inconclusive: the run left 2 different artifacts `server`",
        );
        check(
            success,
            &[("docs", "sha256:1")],
            &[],
            "inconclusive: the run left no artifact `server`; it left `docs`",
        );
        check(
            success,
            &[],
            &[],
            "inconclusive: the run left no artifact `server`; it left none: add a step that uploads it, or remove \
             `artifact` to deliver the commit's tree",
        );
        check(
            Conclusion::Failure,
            &[("server", "sha256:1")],
            &["test", "lint"],
            "fail: the run failed in `test`, `lint`: step `cargo test` ended with exit code 101",
        );
        check(Conclusion::Cancelled, &[], &[], "inconclusive: the run was cancelled");
    }
}
