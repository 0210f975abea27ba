//! A run with a fake outside that answers at once, and a transcript of what happened.
//!
//! The scripts of the steps are instructions to the fake, one per line: `fail 3`, `hang`, `vanish`, `out k=v`,
//! `env k=v`, `path /x`, `state k=v`; everything else just succeeds. After every event the state is folded anew from
//! what the log would hold, and has to be the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use lockgate_core::machine::replay;
use lockgate_core::{BootId, EffectKey, Machine, Now, ResultStamp, Standing, Timestamp};
use lockgate_pipeline::action::ActionDefinition;
use lockgate_pipeline::definition::{Called, Job, Pipeline};
use lockgate_pipeline::plan::{Plan, PlanRequest, Trigger};
use lockgate_pipeline::run::effect::{AttemptBody, StepAttempt, WorkspaceWant};
use lockgate_pipeline::run::event::JobEnd;
use lockgate_pipeline::run::input::WorkspacePlace;
use lockgate_pipeline::run::{
    JobEvent, Limits, OnInterrupt, Outcome, Run, RunEffect, RunEvent, RunId, RunInput, RunRejection, RunResult,
    RunStart, Source, SourceFiles, StepEnd, StepExit,
};

use crate::write;

pub(crate) struct Harness {
    pub(crate) run: Run,
    pub(crate) events: Vec<RunEvent>,
    pub(crate) transcript: String,
    pub(crate) actions: BTreeMap<String, ActionDefinition>,
    /// Every step that was ever performed, by its attempt id.
    pub(crate) performed: BTreeMap<String, Arc<StepAttempt>>,
    /// The digests of `hashFiles`, by their patterns joined with `,`.
    pub(crate) digests: BTreeMap<String, String>,
    /// The jobs whose workspace cannot be made.
    pub(crate) homeless: BTreeSet<String>,
    answered: BTreeSet<(EffectKey, String)>,
    held: BTreeMap<EffectKey, Arc<StepAttempt>>,
    clock: Duration,
    sequence: u64,
}

pub(crate) fn plan(pipeline: Pipeline) -> Plan {
    Plan::make(Arc::new(pipeline), request()).unwrap()
}

pub(crate) fn request() -> PlanRequest {
    PlanRequest {
        trigger: Trigger {
            event: "push".into(),
            sha: "abc".into(),
            reference: "refs/heads/main".into(),
            repository: "octo/cat".into(),
            actor: "mona".into(),
            run_id: "7".into(),
            run_number: 1,
            run_attempt: 1,
            server_url: "https://github.com".into(),
            ..Trigger::default()
        },
        secrets: BTreeSet::from(["TOKEN".to_owned()]),
        ..PlanRequest::default()
    }
}

pub(crate) fn start(plan: Plan, slots: u32) -> RunStart {
    RunStart {
        plan: Arc::new(plan),
        limits: Limits::slots(slots),
        source: Arc::new(Source {
            directory: "/repo".into(),
            files: SourceFiles::WorkingTree,
        }),
        on_interrupt: OnInterrupt::Fail,
        grace: Duration::from_secs(10),
    }
}

impl Harness {
    pub(crate) fn of(jobs: Vec<Job>) -> Self {
        Self::with_slots(jobs, 64)
    }

    pub(crate) fn with_slots(jobs: Vec<Job>, slots: u32) -> Self {
        Self::new(start(plan(write::pipeline(jobs)), slots))
    }

    /// A run of jobs that call these workflows.
    pub(crate) fn calling(jobs: Vec<Job>, called: Vec<(&str, Called)>) -> Self {
        let request = PlanRequest {
            called: called
                .into_iter()
                .map(|(path, called)| (path.to_owned(), called))
                .collect(),
            ..request()
        };
        let plan = Plan::make(Arc::new(write::pipeline(jobs)), request).unwrap();
        let stored = serde_json::to_string(&plan).unwrap();
        assert_eq!(serde_json::from_str::<Plan>(&stored).unwrap(), plan);
        Self::new(start(plan, 64))
    }

    pub(crate) fn new(start: RunStart) -> Self {
        let clock = Duration::ZERO;
        let first = Run::create(start, now(clock));
        let first: RunEvent = serde_json::from_str(&serde_json::to_string(&first).unwrap()).unwrap();
        Self {
            run: Run::begin(RunId("r1".into()), &first),
            events: vec![first],
            transcript: String::new(),
            actions: BTreeMap::new(),
            performed: BTreeMap::new(),
            digests: BTreeMap::new(),
            homeless: BTreeSet::new(),
            answered: BTreeSet::new(),
            held: BTreeMap::new(),
            clock,
            sequence: 0,
        }
    }

    /// Runs until nothing more happens by itself.
    pub(crate) fn settle(&mut self) -> &mut Self {
        while self.answer_one() {}
        self
    }

    /// Runs to the end, which has to come by itself.
    pub(crate) fn finish(&mut self) -> &mut Self {
        self.settle();
        assert_eq!(self.run.standing(), Standing::Over, "{}", self.transcript);
        self
    }

    pub(crate) fn pass(&mut self, time: Duration) -> &mut Self {
        self.clock += time;
        writeln!(self.transcript, "-- {} later", lockgate_core::time::Spoken(time)).unwrap();
        self.settle()
    }

    pub(crate) fn want(&mut self, input: RunInput) -> &mut Self {
        writeln!(self.transcript, "-- {input:?}").unwrap();
        self.feed(input).unwrap();
        self.settle()
    }

    /// Ends a step that hangs.
    pub(crate) fn end(&mut self, key: &str, exit: StepExit) -> &mut Self {
        let key = EffectKey::new(key);
        self.held.remove(&key).unwrap_or_else(|| panic!("{key} does not hang"));
        let end = StepEnd {
            exit,
            ..StepEnd::default()
        };
        self.report(&key, RunResult::StepEnded(Box::new(end)));
        self.settle()
    }

    pub(crate) fn report(&mut self, key: &EffectKey, result: RunResult) -> Vec<RunEvent> {
        self.sequence += 1;
        let stamp = ResultStamp {
            key: key.clone(),
            incarnation: 1,
            sequence: self.sequence,
        };
        self.feed(RunInput::Result { stamp, result }).unwrap()
    }

    pub(crate) fn feed(&mut self, input: RunInput) -> Result<Vec<RunEvent>, RunRejection> {
        let events = self.run.decide(input, now(self.clock))?;
        for event in &events {
            let line = serde_json::to_string(event).unwrap();
            let read: RunEvent = serde_json::from_str(&line).unwrap();
            assert_eq!(read, *event, "{line}");
            self.run.evolve(event);
            self.events.push(read);
            if let Some(words) = words(event) {
                writeln!(self.transcript, "{words}").unwrap();
            }
            let replayed: Run = replay(RunId("r1".into()), &self.events).unwrap();
            assert_eq!(format!("{replayed:?}"), format!("{:?}", self.run));
        }
        self.run
            .check()
            .unwrap_or_else(|broken| panic!("{broken}\n{}", self.transcript));
        Ok(events)
    }

    fn answer_one(&mut self) -> bool {
        let open = self
            .run
            .effects()
            .iter()
            .find(|(key, effect)| self.is_unanswered(key, effect));
        let Some((key, effect)) = open.map(|(key, effect)| (key.clone(), effect.clone())) else {
            return false;
        };
        self.answered.insert((key.clone(), format!("{effect:?}")));
        self.perform(&key, &effect);
        true
    }

    fn is_unanswered(&self, key: &EffectKey, effect: &RunEffect) -> bool {
        match effect {
            RunEffect::Wake(wake) => wake.is_due(&now(self.clock)),
            other => !self.answered.contains(&(key.clone(), format!("{other:?}"))),
        }
    }

    fn perform(&mut self, key: &EffectKey, effect: &RunEffect) {
        let result = match effect {
            RunEffect::Wake(_) => {
                self.feed(RunInput::Woken { key: key.clone() }).unwrap();
                return;
            }
            RunEffect::Workspace(workspace) => match workspace.want {
                WorkspaceWant::Remove => RunResult::WorkspaceRemoved,
                WorkspaceWant::Prepare if self.homeless.contains(workspace.job.as_str()) => {
                    RunResult::WorkspaceFailed {
                        reason: "the disk is full".into(),
                    }
                }
                WorkspaceWant::Prepare => RunResult::WorkspaceReady(Box::new(place(&workspace.directory))),
            },
            RunEffect::LoadAction { reference, .. } => match self.actions.get(reference) {
                Some(definition) => RunResult::ActionLoaded {
                    definition: Arc::new(definition.clone()),
                    directory: format!("/action/{}", reference.trim_start_matches("./")),
                },
                None => RunResult::ActionMissing {
                    reason: format!("there is no `{reference}/action.yml`"),
                },
            },
            RunEffect::HashFiles { patterns, .. } => match self.digests.get(&patterns.join(",")) {
                Some(digest) => RunResult::Hashed { digest: digest.clone() },
                None => RunResult::HashFailed {
                    reason: "permission denied".into(),
                },
            },
            RunEffect::Step(attempt) => return self.perform_step(key, attempt),
            RunEffect::Stop(_) => {
                self.held.remove(key);
                let end = StepEnd {
                    exit: StepExit::Cancelled,
                    ..StepEnd::default()
                };
                RunResult::StepEnded(Box::new(end))
            }
        };
        self.report(key, result);
    }

    fn perform_step(&mut self, key: &EffectKey, attempt: &Arc<StepAttempt>) {
        let before = self.performed.insert(attempt.attempt.to_string(), Arc::clone(attempt));
        assert!(before.is_none(), "{} was performed twice", attempt.attempt);
        self.report(key, RunResult::StepStarted);
        if let Some(end) = end_of(attempt) {
            self.report(key, RunResult::StepEnded(Box::new(end)));
        } else {
            self.held.insert(key.clone(), Arc::clone(attempt));
        }
    }

    /// Returns the step that was performed for `job` at `path`.
    pub(crate) fn attempt(&self, job: &str, path: &str) -> &StepAttempt {
        self.performed
            .values()
            .find(|attempt| attempt.job.as_str() == job && attempt.path.as_str() == path)
            .unwrap_or_else(|| panic!("{job}/{path} was not performed"))
    }
}

/// Returns what the instructions of a step make of it; `None` when it hangs.
fn end_of(attempt: &StepAttempt) -> Option<StepEnd> {
    let script = match &attempt.body {
        AttemptBody::Run { script, .. } => script.clone(),
        AttemptBody::Node { entry, .. } => format!("state from={entry}"),
        AttemptBody::Builtin { .. } => "state key=hit".to_owned(),
    };
    let mut end = StepEnd::default();
    for line in script.lines() {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let pair = rest
            .split_once('=')
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        match (word, pair) {
            ("hang", _) => return None,
            ("vanish", _) => end.exit = StepExit::Unknown,
            ("fail", _) => {
                end.exit = StepExit::Failure {
                    code: rest.parse().unwrap_or(1),
                };
            }
            ("out", Some(pair)) => end.outputs.extend([pair]),
            ("env", Some(pair)) => end.env.extend([pair]),
            ("state", Some(pair)) => end.state.extend([pair]),
            ("path", _) => end.path.push(rest.to_owned()),
            _ => {}
        }
    }
    Some(end)
}

pub(crate) fn now(clock: Duration) -> Now {
    Now {
        wall: Timestamp(clock.as_millis() as i64),
        boot: BootId("boot".into()),
        monotonic: clock,
    }
}

fn place(directory: &str) -> WorkspacePlace {
    WorkspacePlace {
        workspace: format!("/w/{directory}/work"),
        temp: format!("/w/{directory}/temp"),
        tool_cache: "/tools".into(),
        runner: "here".into(),
        os: "Linux".into(),
        arch: "X64".into(),
        event_path: format!("/w/{directory}/event.json"),
    }
}

/// Returns the line of an event, or nothing for those that only carry facts.
fn words(event: &RunEvent) -> Option<String> {
    Some(match event {
        RunEvent::Created { .. } | RunEvent::Begun => return None,
        RunEvent::JobAdmitted { id, expansion, .. } => match expansion {
            Some(expansion) => format!("{id}: admitted, expands to {}", expansion.legs.len()),
            None => format!("{id}: admitted"),
        },
        RunEvent::JobPassedOver {
            id, outcome, reason, ..
        } => format!("{id}: {outcome}: {reason}"),
        RunEvent::CallBegun { job, spec, .. } => {
            let inputs = serde_json::to_string(&spec.inputs).unwrap();
            match &spec.secrets {
                Some(secrets) => format!("{job}: called with {inputs}, {:?}", secrets.keys().collect::<Vec<_>>()),
                None => format!("{job}: called with {inputs} and all secrets"),
            }
        }
        RunEvent::CallStopping { job, why, .. } => format!("{job}: stopping: {why}"),
        RunEvent::CallEnded { job, end } => format!("{job}: {}", end_words(end)),
        RunEvent::Job { job, event } => format!("{job}: {}", job_words(event)?),
        RunEvent::CancelRequested { by, .. } => format!("cancelled by {by}"),
        RunEvent::KillRequested { by, .. } => format!("killed by {by}"),
        RunEvent::Concluded { conclusion, .. } => format!("run: {conclusion}"),
        RunEvent::TimerRearmed { key, .. } => format!("{key} counts anew"),
        RunEvent::Frozen { broken, .. } => format!("frozen: {broken}"),
    })
}

fn job_words(event: &JobEvent) -> Option<String> {
    let because = |reason: &Option<String>| reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    Some(match event {
        JobEvent::Started(_) => "started".into(),
        JobEvent::WorkspaceReady { .. }
        | JobEvent::WorkspaceRemoved { .. }
        | JobEvent::StepStarted { .. }
        | JobEvent::ActionLoaded { .. }
        | JobEvent::HashFailed { .. }
        | JobEvent::ActionMissing { .. } => return None,
        JobEvent::WorkspaceFailed { reason, .. } => format!("no workspace: {reason}"),
        JobEvent::ActionWanted { path, reference } => format!("{path} asks for {reference}"),
        JobEvent::HashWanted { number, patterns } => format!("asks #{number} for the hash of {patterns:?}"),
        JobEvent::Hashed { digest, .. } => format!("hash {digest}"),
        JobEvent::StepSkipped { step, reason, .. } => format!("{} skipped: {reason}", step.path),
        JobEvent::StepRefused {
            step,
            reason,
            conclusion,
            ..
        } => format!("{} refused, counts as {conclusion}: {reason}", step.path),
        JobEvent::StepBegun(spec) => format!("{} begins: {}", spec.step.path, spec.step.name),
        JobEvent::StepStopping { why, grace } => {
            format!(
                "step told to stop within {}: {why}",
                lockgate_core::time::Spoken(*grace)
            )
        }
        JobEvent::StepRetried { attempt, .. } => format!("step is tried again, #{attempt}"),
        JobEvent::StepEnded {
            outcome,
            conclusion,
            reason,
            ..
        } => format!("  {}{}", counted(*outcome, *conclusion), because(reason)),
        JobEvent::CompositeEntered(spec) => format!("{} enters {:?}", spec.step.path, spec.inputs),
        JobEvent::CompositeTimedOut { path, .. } => format!("{path} timed out"),
        JobEvent::CompositeLeft {
            path,
            outputs,
            outcome,
            conclusion,
            reason,
            ..
        } => format!(
            "{path} leaves {outputs:?}: {}{}",
            counted(*outcome, *conclusion),
            because(reason)
        ),
        JobEvent::Stopping { why, .. } => format!("stopping: {why}"),
        JobEvent::Killed { why } => format!("killed: {why}"),
        JobEvent::Ended(end) => end_words(end),
    })
}

fn end_words(end: &JobEnd) -> String {
    let reason = end
        .reason
        .as_ref()
        .map(|reason| format!(": {reason}"))
        .unwrap_or_default();
    let outputs = if end.outputs.is_empty() {
        String::new()
    } else {
        format!(" {:?}", end.outputs)
    };
    format!("{}{outputs}{reason}", counted(end.outcome, end.conclusion))
}

fn counted(outcome: Outcome, conclusion: Outcome) -> String {
    if outcome == conclusion {
        outcome.to_string()
    } else {
        format!("{outcome}, counts as {conclusion}")
    }
}
