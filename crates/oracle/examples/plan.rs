//! Times the plan of a workflow of 500 jobs, and beside it the library's reading of the same text.
//!
//! Prints one JSON object. Both are in their own process, whose start is not counted, for the first time and then warm.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement reads the clock, prints, and stops where it cannot go on"
)]

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use lockgate_core::SourceFile;
use lockgate_dialect::github;
use lockgate_oracle::{Oracle, Script};
use lockgate_pipeline::expression::{Object, Value};
use lockgate_pipeline::plan::{Plan, PlanRequest, Trigger};
use serde_json::json;

const JOBS: usize = 500;
const ROUNDS: usize = 15;

/// As the binary has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let text = workflow();
    let ours = measure(|| plan(&text));
    let question = json!({ "text": text, "rounds": ROUNDS });
    let answers = Oracle::install().and_then(|oracle| oracle.ask(Script::PLAN, &[question]));
    let theirs = answers.map(|answers| {
        assert_eq!(answers[0]["jobs"], JOBS);
        let times = answers[0]["milliseconds"].as_array().unwrap().iter();
        Times {
            first: answers[0]["first"].as_f64().unwrap(),
            later: median(times.map(|time| time.as_f64().unwrap()).collect()),
        }
    });
    let figures = match theirs {
        Ok(theirs) => json!({
            "jobs": JOBS,
            "rounds": ROUNDS,
            "ours": "read, checked, lowered and planned",
            "theirs": "parsed and converted by @actions/workflow-parser",
            "ours_milliseconds": ours.first,
            "theirs_milliseconds": theirs.first,
            "ratio": ours.first / theirs.first,
            "warm": {
                "ours_milliseconds": ours.later,
                "theirs_milliseconds": theirs.later,
                "ratio": ours.later / theirs.later,
            },
        }),
        Err(missing) => json!({ "left_out": missing.to_string(), "ours_milliseconds": ours.first }),
    };
    println!("{figures:#}");
}

/// How long the same work took, in milliseconds.
struct Times {
    /// The first time in a process, as a command does it.
    first: f64,
    /// The median of later times.
    later: f64,
}

/// Returns a workflow in layers: each job needs some of the layer before and has a condition, a matrix or outputs.
fn workflow() -> String {
    let mut text = String::from("name: Many\non:\n  push:\n    branches: [main, 'releases/**']\njobs:\n");
    for job in 0..JOBS {
        let needs = (job >= 20).then(|| {
            format!(
                "    needs: [j{}, j{}]\n",
                job - 20,
                job - 20 + usize::from(job % 20 < 19)
            )
        });
        let _ = write!(
            text,
            "  j{job}:\n    name: Job {job} on ${{{{ matrix.os }}}}\n    runs-on: ${{{{ matrix.os }}}}\n{}    \
             if: github.ref == 'refs/heads/main' || startsWith(github.ref, 'refs/heads/releases/')\n    \
             strategy:\n      matrix:\n        os: [ubuntu-22.04, ubuntu-24.04]\n        \
             version: [1, 2]\n        exclude:\n          - os: ubuntu-22.04\n            version: 2\n    \
             outputs:\n      tag: ${{{{ steps.build.outputs.tag }}}}\n    steps:\n      - uses: actions/checkout@v4\n      \
             - id: build\n        env:\n          SHA: ${{{{ github.sha }}}}\n        \
             run: echo \"tag=${{{{ matrix.version }}}}-$SHA\" >> \"$GITHUB_OUTPUT\"\n      \
             - if: failure()\n        run: echo failed\n",
            needs.unwrap_or_default()
        );
    }
    text
}

fn plan(text: &str) {
    let lowered = github::lower(&SourceFile::new(".github/workflows/many.yml", text));
    let workflow = lowered.workflow.unwrap();
    let request = PlanRequest {
        trigger: Trigger {
            event: "push".to_owned(),
            payload: Value::Object(Object::default()),
            reference: "refs/heads/main".to_owned(),
            repository: "team/many".to_owned(),
            ..Trigger::default()
        },
        ..PlanRequest::default()
    };
    let plan = Plan::make(Arc::new(workflow.pipeline), request).unwrap();
    assert_eq!(plan.jobs.len(), JOBS);
}

fn measure(work: impl Fn()) -> Times {
    let time = || {
        let begun = Instant::now();
        work();
        begun.elapsed().as_secs_f64() * 1_000.0
    };
    Times {
        first: time(),
        later: median((0..ROUNDS).map(|_| time()).collect()),
    }
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
