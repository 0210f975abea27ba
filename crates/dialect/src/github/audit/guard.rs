//! Whether a condition keeps strangers out.
//!
//! The words of a condition say little: `fork` lets other runs pass than `!fork`, and `|| always()` undoes what stands
//! before it. So the condition is tried as the runs of strangers would try it. Only what is certainly false in all of
//! them, whatever the rest turns out to be, is a guard.
//!
//! A login and the name of a fork are taken by whoever comes first. So only a comparison with a whole name says who
//! somebody is; a search in one, by `contains('octo-bot', github.actor)` or `endsWith(github.actor, '-bot')`, keeps
//! nobody out.

mod known;
mod stranger;

use std::cell::RefCell;
use std::collections::BTreeMap;

use lockgate_pipeline::expression::{Condition, ContextUse, Knowledge, Partial};

use super::subject::{Job, Step, Subject};
use crate::yaml::Node;
use known::knowledge;
use stranger::Stranger;

/// What is known of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// Its event, and that the code comes from a fork.
    Origin,
    /// Also that whoever caused it has no rights in the repository.
    Doer,
    /// Also that neither has whoever wrote what it is about: the issue below which is commented.
    Person,
}

/// The conditions of a file, for strangers by one event; that of each job is tried once.
pub(super) struct Guards<'s, 'n> {
    subject: &'s Subject<'n>,
    event: &'s str,
    known: Known,
    jobs: RefCell<BTreeMap<*const Node, OfJob>>,
    /// What became of each job, with those that it waits for.
    kept: RefCell<BTreeMap<*const Node, bool>>,
}

#[derive(Clone, Copy)]
struct OfJob {
    keeps_out: bool,
    /// Whether it may run also behind a job that was skipped.
    asks_status: bool,
}

impl<'s, 'n> Guards<'s, 'n> {
    pub(super) fn of(subject: &'s Subject<'n>, event: &'s str, known: Known) -> Self {
        Self {
            subject,
            event,
            known,
            jobs: RefCell::default(),
            kept: RefCell::default(),
        }
    }

    /// Returns whether a job, or one without which it does not run, has a condition that no stranger passes.
    pub(super) fn keep_out_of(&self, job: &Job<'n>) -> bool {
        let own = self.of_job(job);
        if own.keeps_out || own.asks_status || job.node.get("needs").is_none() {
            return own.keeps_out;
        }
        let known = self.kept.borrow().get(&std::ptr::from_ref(job.node)).copied();
        if let Some(known) = known {
            return known;
        }
        let needed: Vec<OfJob> = self
            .subject
            .with_needed(job)
            .into_iter()
            .map(|job| self.of_job(job))
            .collect();
        let kept = needed.iter().any(|job| job.keeps_out) && !needed.iter().any(|job| job.asks_status);
        self.kept.borrow_mut().insert(std::ptr::from_ref(job.node), kept);
        kept
    }

    /// Returns whether no stranger comes to a step of a job.
    pub(super) fn keep_out_of_step(&self, job: &Job<'n>, step: Step<'n>) -> bool {
        self.is_guard(step.condition()) || self.keep_out_of(job)
    }

    fn of_job(&self, job: &Job<'n>) -> OfJob {
        let condition = job.condition();
        *self
            .jobs
            .borrow_mut()
            .entry(std::ptr::from_ref(job.node))
            .or_insert_with(|| OfJob {
                keeps_out: self.is_guard(condition),
                asks_status: condition.contains('(')
                    && Condition::parse(condition).is_ok_and(|condition| condition.uses_status_function()),
            })
    }

    /// Returns whether a condition is false for every stranger.
    fn is_guard(&self, condition: &str) -> bool {
        let lower = condition.to_ascii_lowercase();
        if !lower.contains("github") {
            return false;
        }
        let Ok(parsed) = Condition::parse(condition) else {
            return false;
        };
        let knows = |found: &ContextUse| match found.name.as_str() {
            "github" => knowledge(&found.path, self.event, self.known),
            _ => Knowledge::Nothing,
        };
        Stranger::all(&lower).all(|stranger| {
            let partial = Partial {
                scope: &stranger.run(self.event),
                knows: &knows,
                knows_status: false,
            };
            parsed.try_in(&partial).holds == Some(false)
        })
    }
}

#[cfg(test)]
mod tests {
    use lockgate_core::SourceFile;

    use super::*;
    use crate::yaml;

    #[track_caller]
    fn check(event: &str, condition: &str, by_origin: bool, by_person: bool) {
        let file = SourceFile::new("a.yml", "a: b\n");
        let root = yaml::parse(&file).0.unwrap();
        let subject = Subject::new(&file, &root, None);
        for (known, expected) in [(Known::Origin, by_origin), (Known::Person, by_person)] {
            let guards = Guards::of(&subject, event, known);
            assert_eq!(guards.is_guard(condition), expected, "{condition} {known:?}");
        }
    }

    #[test]
    fn what_is_false_for_every_stranger_is_a_guard() {
        let own = "github.event.pull_request.head.repo.full_name == github.repository";
        for condition in [
            own,
            &format!("${{{{ always() && {own} }}}}"),
            &format!("github.event_name == 'push' || {own}"),
            "github.event.pull_request.head.repo.full_name == 'octo/app'",
            "github.event.Pull_Request.head.repo.owner.login == github.repository_owner",
            "!github.event.pull_request.head.repo.fork && github.ref != ''",
            "github.event.pull_request.head.repo.fork == false",
            "github.event_name == 'push'",
            "github.event_name != 'pull_request_target'",
            "github.event.pull_request.head.repo.id == github.event.repository.id",
            "github.event.pull_request.head.repo.id == github.event.pull_request.base.repo.id",
            "github.event.pull_request.head.repo.owner.id == github.repository_owner_id",
            "github.repository_id == '1234' && github.event.pull_request.head.repo.id == github.repository_id",
            "github.event.pull_request.head.repo.id == 1234",
            "github.event.pull_request.head.label == 'octo:main'",
            "startsWith(github.event.pull_request.head.label, 'octo:')",
        ] {
            check("pull_request_target", condition, true, true);
        }
        check("workflow_run", "github.event.workflow_run.event == 'push'", true, true);
        check(
            "workflow_run",
            "github.event.workflow_run.head_repository.id == github.event.repository.id",
            true,
            true,
        );
        check("workflow_run", own, true, true);
    }

    #[test]
    fn what_lets_a_stranger_pass_is_none() {
        for condition in [
            "",
            "github.event.pull_request.head.repo.full_name != github.repository",
            "github.event.pull_request.head.repo.fork",
            "github.event_name == 'push' || always()",
            "github.event_name == 'push' || github.ref == 'x'",
            "github.event_name == 'pull_request_target'",
            "github.repository == 'octo/app'",
            "github.repository_owner == 'octo' && github.repository == 'octo/app'",
            "contains(github.event.pull_request.labels.*.name, 'safe')",
            "github.actor != 'somebody'",
            "${{ github.event_name == 'push' }} ",
            "github.event_name == ",
            "github.event.pull_request.author_association != 'NONE'",
            "contains(fromJSON('[\"CONTRIBUTOR\",\"FIRST_TIME_CONTRIBUTOR\"]'), github.event.pull_request.author_association)",
            "github.repository_id == '1234'",
            "github.repository_owner_id == 1234 && github.event.pull_request.head.repo.fork",
            "github.event.pull_request.head.repo.id != github.repository_id",
            "contains(github.event.pull_request.head.label, 'release')",
            "endsWith(github.event.pull_request.head.label, ':main')",
            "!startsWith(github.event.pull_request.head.label, 'octo:')",
        ] {
            check("pull_request_target", condition, false, false);
        }
        for condition in [
            "github.event.workflow_run.event == 'pull_request_review'",
            "github.event.workflow_run.event == 'pull_request_target'",
            "github.event.workflow_run.event != 'pull_request'",
            "startsWith(github.event.workflow_run.event, 'pull_request')",
        ] {
            check("workflow_run", condition, false, false);
        }
        check(
            "workflow_run",
            "github.event.workflow_run.head_repository.fork",
            false,
            false,
        );
        let owner = "github.repository == 'octo/app' && github.event_name == 'push'";
        check("pull_request_target", owner, true, true);
        check(
            "issue_comment",
            "github.event.pull_request.head.repo.fork == false",
            false,
            false,
        );
    }

    #[test]
    fn a_part_of_a_name_keeps_nobody_out() {
        let head = "github.event.pull_request.head";
        for condition in [
            "startsWith(H.label, 'octo')",
            "startsWith(H.label, 'OCTO-')",
            "contains(H.label, 'octo')",
            "endsWith(H.label, 'octo:main')",
            "contains('octo:main, octo:next', H.label)",
            "endsWith(H.repo.full_name, '/app')",
            "endsWith(H.repo.full_name, 'octo/app')",
            "startsWith(H.repo.full_name, 'octo') && endsWith(H.repo.full_name, '-app')",
            "contains(H.repo.full_name, 'app') && github.event_name == 'pull_request_target'",
            "contains('octo/app other/app', H.repo.full_name)",
            "contains(H.repo.full_name, github.repository)",
            "startsWith(H.repo.full_name, github.repository_owner)",
            "endsWith(H.repo.full_name, 'repository') && github.repository == 'octo/repository'",
            "startsWith(H.user.login, 'a') && endsWith(H.user.login, 'b')",
            "contains(H.repo.owner.login, 'octo') && !contains(H.repo.owner.login, 'cat')",
            "contains('alice, bob', H.user.login)",
            "contains(toJSON(fromJSON('[\"alice\"]')), H.user.login)",
            "H.user.login >= 'octo'",
            "contains('1234', H.user.id)",
            "H.repo.name == github.event.repository.name",
            "endsWith(H['label'], 'cat:main')",
            "startsWith(H.user.id, '12')",
            "endsWith(H.user.login, '_acme')",
            "endsWith(H.user.login, '[bot]')",
            "startsWith(H.user.login, '-octo')",
            "contains(H.user.login, '-bot-')",
            "contains('octo_cat', H.user.login)",
            "H.user.login >= 'octo/'",
            "contains(fromJSON('[1]') && 'octocat', H.user.login)",
            "contains(fromJSON('\"octo\\u0063at\"'), H.user.login)",
            "contains(fromJSON('[\"octocat\"]')[0], H.user.login)",
            "H.user.login == 1",
            "!H.user.login",
        ] {
            let condition = condition.replace('H', head);
            check("pull_request_target", &condition, false, false);
        }
        for condition in [
            "startsWith(H.label, 'octo:')",
            "startsWith(H.repo.full_name, 'octo/')",
            "startsWith(H.repo.full_name, 'octo/a') || startsWith(H.repo.full_name, 'b/c') || startsWith(H.repo.full_name, 'd/e')",
            "startsWith(H.repo.full_name, format('{0}/', github.repository_owner))",
            "contains(fromJSON('[\"octo/app\", \"octo/lib\", \"a/b\", \"c/d\", \"e/f\"]'), H.repo.full_name)",
            "contains( fromJSON('[\"octo\",\"cto\"]'), H.user.login )",
            "contains(fromJSON(format('[\"{0}\",\"octo/lib\"]', github.repository)), H.repo.full_name)",
            "contains(fromJSON('[\"octo\\u0063at\"]'), H.user.login) == true",
            "H.repo.full_name == github.repository && contains(github.event.pull_request.labels.*.name, 'ok to test')",
            "startsWith(H.label, 'a:') || startsWith(H.label, 'b:') || startsWith(H.label, 'c:') || startsWith(H.label, 'd:')",
        ] {
            let condition = condition.replace('H', head);
            check("pull_request_target", &condition, true, true);
        }
        for condition in [
            "contains('alice,bob', github.actor)",
            "startsWith(github.triggering_actor, 'octo')",
            "github.event.comment.author_association != 'MEMBER'",
        ] {
            check("issue_comment", condition, false, false);
        }
        check(
            "workflow_run",
            "endsWith(github.event.workflow_run.head_repository.full_name, '/app')",
            false,
            false,
        );
        // Who is a mannequin does nothing.
        check(
            "issue_comment",
            "github.event.comment.author_association == 'MANNEQUIN'",
            false,
            true,
        );
    }

    #[test]
    fn a_job_behind_a_guarded_one_is_guarded_too() {
        let text = "on: pull_request_target\njobs:\n  a: { if: github.event_name == 'push' }\n  b: { needs: a }\n  c: { needs: [b] }\n  \
                    d: { needs: a, if: always() }\n  e: { needs: d }\n";
        let file = SourceFile::new("a.yml", text);
        let root = yaml::parse(&file).0.unwrap();
        let subject = Subject::new(&file, &root, None);
        let guards = Guards::of(&subject, "pull_request_target", Known::Origin);
        let kept: Vec<&str> = subject
            .jobs
            .iter()
            .filter(|job| guards.keep_out_of(job))
            .map(|job| job.id)
            .collect();
        assert_eq!(kept, ["a", "b", "c"]);
    }

    #[test]
    fn who_wrote_what_is_commented_is_not_who_comments() {
        for (event, condition, by_doer) in [
            (
                "issue_comment",
                "github.event.issue.author_association == 'OWNER'",
                false,
            ),
            ("issue_comment", "github.event.issue.user.login == 'octocat'", false),
            ("issue_comment", "github.event.comment.user.login == 'octocat'", true),
            ("issue_comment", "github.event.sender.login == 'octocat'", true),
            ("issues", "github.event.issue.user.login == 'octocat'", true),
            ("discussion_comment", "github.event.discussion.user.id == 1", false),
            ("discussion", "github.event.discussion.user.id == 1", true),
            (
                "pull_request_review_comment",
                "github.event.pull_request.user.login == 'octocat'",
                false,
            ),
            (
                "pull_request_review",
                "github.event.pull_request.author_association == 'OWNER'",
                false,
            ),
            (
                "pull_request_target",
                "github.event.pull_request.user.login == 'octocat'",
                true,
            ),
        ] {
            let file = SourceFile::new("a.yml", "a: b\n");
            let root = yaml::parse(&file).0.unwrap();
            let subject = Subject::new(&file, &root, None);
            for (known, expected) in [(Known::Doer, by_doer), (Known::Person, true)] {
                let guards = Guards::of(&subject, event, known);
                assert_eq!(guards.is_guard(condition), expected, "{event}: {condition} {known:?}");
            }
        }
    }

    #[test]
    fn who_it_is_keeps_out_where_that_counts() {
        for condition in [
            "github.actor == 'somebody'",
            "github.actor == github.repository_owner",
            "contains(fromJSON('[\"OWNER\",\"MEMBER\"]'), github.event.comment.author_association)",
        ] {
            check("issue_comment", condition, false, true);
        }
    }
}
