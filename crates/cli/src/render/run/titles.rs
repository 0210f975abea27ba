//! What jobs are called on the screen.
//!
//! Two jobs may have one name: legs of a matrix whose name does not say which, or jobs that somebody named alike. GitHub
//! shows them apart by a link; a line of text has only its words, so there the leg, or the job, stands behind the name.

use std::collections::BTreeMap;

use lockgate_pipeline::run::effect::JobKey;
use lockgate_pipeline::run::{JobView, Run};

use crate::render::out;

/// The names of the jobs of a run, told apart.
pub(super) struct Titles {
    /// Those that are not simply the name of the job.
    given: BTreeMap<JobKey, String>,
}

impl Titles {
    /// Returns the titles of all jobs.
    pub(super) fn of(run: &Run) -> Self {
        let mut by_name: BTreeMap<&str, Vec<JobView<'_>>> = BTreeMap::new();
        for job in run.jobs() {
            by_name.entry(job.name()).or_default().push(job);
        }
        let strange = run.jobs().filter(|job| job.name().contains(char::is_control));
        let strange: Vec<_> = strange
            .map(|job| (job.key(), out::name(job.name()).into_owned()))
            .collect();
        let shared = by_name.into_iter().filter(|(_, jobs)| jobs.len() > 1);
        let titles = shared.flat_map(|(name, jobs)| {
            jobs.into_iter().map(move |job| {
                let key = job.key();
                let title = apart(name, key.as_str(), job.id());
                (key, out::name(&title).into_owned())
            })
        });
        Self {
            given: strange.into_iter().chain(titles).collect(),
        }
    }

    /// Returns the title of a job.
    pub(super) fn get<'t>(&'t self, job: &JobView<'t>) -> &'t str {
        self.given.get(&job.key()).map_or(job.name(), String::as_str)
    }
}

/// Returns a name that others have too, with what tells it apart: the leg of a matrix, else the whole key.
fn apart(name: &str, key: &str, id: &str) -> String {
    match key.strip_prefix(id) {
        Some(leg) if leg.starts_with(" (") => format!("{name}{leg}"),
        _ => format!("{name} ({key})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_name_says_which_leg_or_which_job_it_is() {
        assert_eq!(apart("Test main", "test (1, linux)", "test"), "Test main (1, linux)");
        assert_eq!(apart("Test", "test (a) #2", "test"), "Test (a) #2");
        assert_eq!(apart("Test", "other", "other"), "Test (other)");
        assert_eq!(
            apart("Test / unit", "call (b) / unit", "unit"),
            "Test / unit (call (b) / unit)"
        );
    }
}
