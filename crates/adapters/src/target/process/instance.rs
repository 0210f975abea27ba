//! Instances: kept running by the supervisor, and observed.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::time::Duration;

use lockgate_core::{EffectKey, StreamId};
use lockgate_delivery::definition::{Command, Variable};
use lockgate_delivery::environment::{Effect, Run};
use lockgate_delivery::{Report, RevisionNumber};
use lockgate_host::durable::{self, Durability};
use lockgate_host::instance::{InstanceSpec, InstanceState, Observation};
use lockgate_host::wire::WireError;

use super::{ASK_AGAIN, ProcessTarget, Reporter, instance_name, parse_instance_name, persist};

/// What an instance sees of the environment of the driver that first ran its revision; nothing else is ambient.
const INHERITED: [&str; 7] = ["PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ"];

/// How long an orphan may take to end.
const ORPHAN_GRACE: Duration = Duration::from_secs(10);

impl ProcessTarget {
    pub(super) async fn run(&self, stream: &StreamId, run: &Run, reporter: &Reporter<'_>) {
        self.put_back(stream, run).await;
        for number in 1..=run.count {
            let spec = match self.spec(stream, run, number) {
                Ok(spec) => spec,
                Err(reason) => {
                    reporter.once(Report::InstanceRefused { reason });
                    return std::future::pending().await;
                }
            };
            let ensured = persist(|| self.ensure(stream, run.revision, spec.clone())).await;
            if let Err(reason) = ensured {
                reporter.once(Report::InstanceRefused { reason });
            }
        }
        loop {
            if let Err(error) = self.observe(stream, run, reporter).await {
                tracing::debug!(%error, "observing the instances again");
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }

    /// Asks the supervisor to keep an instance running; once asked, it is answered before a stop asks who runs, also when
    /// this is cancelled.
    async fn ensure(&self, stream: &StreamId, revision: RevisionNumber, spec: InstanceSpec) -> Result<(), WireError> {
        let mut supervisor = self.supervisor().await;
        let turn = self.starting.take(&self.placement(stream, revision)).await;
        let asked = tokio::spawn(async move {
            let _turn = turn;
            supervisor.ensure_instance(spec).await
        });
        match asked.await {
            Ok(answer) => answer,
            Err(error) => Err(WireError::Refused(error.to_string())),
        }
    }

    async fn observe(&self, stream: &StreamId, run: &Run, reporter: &Reporter<'_>) -> Result<(), WireError> {
        let mut observations = self.supervisor().await.observe(Some(stream.clone())).await?;
        while let Some(Observation {
            id, incarnation, state, ..
        }) = observations.next().await?
        {
            let Some((_, instance)) = parse_instance_name(&id).filter(|(of, _)| *of == run.revision) else {
                continue;
            };
            match state {
                InstanceState::Running { address, .. } => {
                    reporter.report(
                        incarnation,
                        Report::InstanceStarted {
                            instance,
                            address: address.to_string(),
                        },
                    );
                }
                InstanceState::Exited { ref exit, .. } | InstanceState::Stopped { ref exit } => {
                    let status = exit.as_ref().map_or("nobody knows how".to_owned(), ToString::to_string);
                    reporter.report(incarnation, Report::InstanceExited { instance, status });
                    self.put_back(stream, run).await;
                }
                InstanceState::Starting | InstanceState::Stopping => {}
            }
        }
        Ok(())
    }

    fn spec(&self, stream: &StreamId, run: &Run, number: u32) -> Result<InstanceSpec, String> {
        let id = instance_name(stream, run.revision, number).ok_or_else(|| {
            format!("the name of {stream} is too long for an instance; give the project a shorter one")
        })?;
        let mut working_directory = self.placement(stream, run.revision);
        if let Some(directory) = &run.directory {
            working_directory.push(directory);
        }
        if !working_directory.is_dir() {
            let directory = run.directory.as_deref().unwrap_or(".");
            return Err(format!("artifact `{}` has no directory `{directory}`", run.artifact));
        }
        let mut env = inherited(&self.inherited(stream, run.revision), |name| std::env::var(name).ok())?;
        for (name, variable) in &run.variables {
            let Variable::Text(value) = variable else {
                return Err(format!(
                    "`{name}` is a secret, and the process target has no secret store yet; use a plain value"
                ));
            };
            env.insert(name.clone(), value.clone());
        }
        env.insert("LOCKGATE_VERSION".into(), run.release.version.clone());
        env.insert("LOCKGATE_REVISION".into(), run.revision.to_string());
        env.insert("LOCKGATE_SLOT".into(), run.slot.to_string());
        let line = match &run.command {
            Command::Shell(line) => line.clone(),
            Command::Arguments(arguments) => format!("exec {}", quoted(arguments)),
        };
        Ok(InstanceSpec {
            id,
            stream: stream.clone(),
            program: "/bin/sh".into(),
            args: vec!["-c".into(), line],
            env,
            working_directory,
            port_variable: "PORT".into(),
        })
    }

    pub(super) async fn stop(
        &self,
        stream: &StreamId,
        revision: RevisionNumber,
        grace: Duration,
        reporter: &Reporter<'_>,
    ) {
        let of_revision = |id: &lockgate_host::Name| parse_instance_name(id).is_some_and(|(of, _)| of == revision);
        drop(self.starting.take(&self.placement(stream, revision)).await);
        loop {
            match self.stop_once(stream, of_revision, grace).await {
                Ok(()) => break,
                Err(error) => tracing::debug!(%error, "stopping the instances again"),
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
        reporter.once(Report::InstanceStopped);
    }

    /// Asks the matching instances to end, waits for the last, and forgets them.
    async fn stop_once(
        &self,
        stream: &StreamId,
        matching: impl Fn(&lockgate_host::Name) -> bool,
        grace: Duration,
    ) -> Result<(), WireError> {
        let mut supervisor = self.supervisor().await;
        let known = supervisor.inventory(Some(stream.clone())).await?;
        let mut left: BTreeSet<_> = known
            .into_iter()
            .map(|known| known.id)
            .filter(|id| matching(id))
            .collect();
        if left.is_empty() {
            return Ok(());
        }
        let all = left.clone();
        let mut observations = self.supervisor().await.observe(Some(stream.clone())).await?;
        for id in &all {
            supervisor.stop_instance(id.clone(), grace).await?;
        }
        while !left.is_empty() {
            match observations.next().await? {
                Some(Observation {
                    id,
                    state: InstanceState::Stopped { .. },
                    ..
                }) => {
                    left.remove(&id);
                }
                Some(_) => {}
                None => return Err(WireError::Refused("the supervisor is gone".into())),
            }
        }
        for id in all {
            self.keep_log(stream, &id).await;
            supervisor.forget_instance(id).await?;
        }
        Ok(())
    }

    /// Ends instances that no effect knows: what a decision left behind that was lost with its log.
    pub(super) async fn end_orphans(&self, stream: &StreamId, effects: &BTreeMap<EffectKey, Effect>) {
        let known: BTreeSet<RevisionNumber> = effects.values().filter_map(revision_of_instances).collect();
        let orphan = |id: &lockgate_host::Name| parse_instance_name(id).is_none_or(|(of, _)| !known.contains(&of));
        if let Err(error) = self.stop_once(stream, orphan, ORPHAN_GRACE).await {
            tracing::warn!(%error, %stream, "instances that nobody wants could not be stopped");
        }
    }
}

/// Returns the ambient variables of a revision: those kept at `path`, or the present ones, kept from now on.
///
/// A driver that another shell started has others; with them, a healthy instance would be another than the one that runs.
fn inherited(path: &Path, present: impl Fn(&str) -> Option<String>) -> Result<BTreeMap<String, String>, String> {
    let unusable = |error: io::Error| {
        format!(
            "the variables of the revision cannot be kept in `{}`: {error}; make it readable, or remove it",
            path.display()
        )
    };
    if let Some(kept) = durable::read_json(path).map_err(unusable)? {
        return Ok(kept);
    }
    let present: BTreeMap<String, String> = INHERITED
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), present(name)?)))
        .collect();
    durable::replace_json(path, &present, Durability::Power).map_err(unusable)?;
    Ok(present)
}

fn revision_of_instances(effect: &Effect) -> Option<RevisionNumber> {
    match effect {
        Effect::Run(run) => Some(run.revision),
        Effect::Stop { revision, .. } => Some(*revision),
        _ => None,
    }
}

/// Returns arguments for `sh`, each quoted, with `$PORT` and `${PORT}` left to be replaced.
fn quoted(arguments: &[String]) -> String {
    let quote = |argument: &String| {
        let plain = argument.replace("${PORT}", "$PORT");
        let parts: Vec<String> = plain
            .split("$PORT")
            .map(|part| format!("'{}'", part.replace('\'', r"'\''")))
            .collect();
        parts.join("\"$PORT\"")
    };
    arguments.iter().map(quote).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use lockgate_host::Role;
    use lockgate_host::wire::{SupervisorReply, SupervisorRequest};

    use super::super::fake::Stage;
    use super::*;

    #[test]
    fn a_revision_keeps_the_variables_of_the_driver_that_first_ran_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r1.environment.json");
        let driver = |path: &'static str| move |name: &str| (name == "PATH").then(|| path.to_owned());
        let first = inherited(&path, driver("/usr/bin")).unwrap();
        assert_eq!(first, BTreeMap::from([("PATH".to_owned(), "/usr/bin".to_owned())]));
        assert_eq!(inherited(&path, driver("/opt/bin")).unwrap(), first);
        std::fs::remove_file(&path).unwrap();
        assert_ne!(inherited(&path, driver("/opt/bin")).unwrap(), first);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_stop_comes_after_a_start_that_was_asked_for_and_given_up() {
        let stage = Stage::new();
        let (asked, was_asked) = tokio::sync::oneshot::channel();
        let (answer, may_answer) = std::sync::mpsc::channel::<()>();
        let mut asked = Some(asked);
        stage.play(Role::Supervisor, move |_: SupervisorRequest| {
            asked.take()?.send(()).ok()?;
            may_answer.recv().ok()?;
            Some(SupervisorReply::Done)
        });
        let revision = RevisionNumber::try_from("r1".to_owned()).unwrap();
        let spec = InstanceSpec {
            id: instance_name(&stage.stream, revision, 1).unwrap(),
            stream: stage.stream.clone(),
            program: "/bin/true".into(),
            args: Vec::new(),
            env: BTreeMap::new(),
            working_directory: "/".into(),
            port_variable: "PORT".into(),
        };
        tokio::select! {
            ensured = stage.target.ensure(&stage.stream, revision, spec) => panic!("not answered yet: {ensured:?}"),
            asked = was_asked => asked.unwrap(),
        }
        let place = stage.target.placement(&stage.stream, revision);
        let mut stop = std::pin::pin!(stage.target.starting.take(&place));
        assert!(
            futures_util::poll!(stop.as_mut()).is_pending(),
            "it is still being started"
        );
        answer.send(()).unwrap();
        drop(stop.await);
    }

    #[test]
    fn arguments_are_quoted_but_for_the_port() {
        let arguments = [
            "./serve".to_owned(),
            "--port=${PORT}".to_owned(),
            "it's $HOME".to_owned(),
        ];
        assert_eq!(quoted(&arguments), r#"'./serve' '--port='"$PORT"'' 'it'\''s $HOME'"#);
    }
}
