//! `lockgate ship`: the commit goes to an environment. The driver does it; this command begins it and tells the story.

use std::path::Path;
use std::sync::Arc;

use lockgate_adapters::clock::SystemClock;
use lockgate_adapters::run::{RunFolders, RunRecord};
use lockgate_core::{Machine, Sequence, Standing, StreamId};
use lockgate_delivery::Environment;
use lockgate_delivery::environment::{Actor, WhileRunning};
use lockgate_engine::Clock;
use lockgate_engine::domain::decode;
use lockgate_pipeline::builtin::BuiltinAction;
use lockgate_pipeline::definition::StepBody;
use lockgate_pipeline::plan::Plan;
use lockgate_pipeline::run::Run;
use lockgate_ship::gate::Content;
use lockgate_ship::ship::{deploy_of, run_of};
use lockgate_ship::{Fact, GatePolicy, Ship, ShipEvent, ShipStart};

use crate::arguments::{Progress, ShipArguments, Wait, WorkflowArguments};
use crate::config::Configuration;
use crate::delivery::follow::{Following, Wants, follow};
use crate::delivery::release::version;
use crate::delivery::{Place, listening, outcome, unreadable};
use crate::driver::client::DriverClient;
use crate::exit::{Exit, Failure};
use crate::home::Home;
use crate::planning::{self, Context, Request, fresh_run};
use crate::render::out;
use crate::render::run::{Output, RunScreen};
use crate::{host_command, run, user};

/// How many changed files are named when a tree is not clean.
const NAMED: usize = 10;

/// A ship that was begun.
struct Voyage<'a> {
    place: &'a Place,
    environment: &'a str,
    stream: StreamId,
    wait: Wait,
    json: bool,
    /// The options with which a job of the run runs again.
    again: String,
}

pub(crate) async fn ship(directory: &Path, arguments: &ShipArguments) -> Result<Exit, Failure> {
    let place = Place::find(directory)?;
    let configuration = place.configuration()?;
    let (environment, definition) = configuration.environment(arguments.environment.given())?;
    refuse_changes(&place)?;
    listening::refuse(&place, environment, definition)?;
    let id = fresh_run(SystemClock::new().now().wall)?;
    let stream = StreamId::new("ship", format_args!("{}/{id}", place.identity));
    let host = place.host();
    Home::create(place.home.folder())?;
    host_command::ensure(&host).await?;
    let mut client = DriverClient::connect(&host)?;
    let begun = async {
        let start = prepare(&place, &configuration, environment, arguments, &stream)?;
        out::progress(format_args!(
            "shipping {} ({}) to {environment}",
            start.version,
            &start.commit[..12.min(start.commit.len())]
        ));
        if !arguments.supersede {
            forewarn(&place, environment).await?;
        }
        client.begin(&stream, &start).await
    };
    if let Err(failure) = begun.await {
        // What was not begun has nobody who would remove its secrets.
        RunFolders::new(place.home.folder()).forget_secrets(&StreamId::new("run", run_of(&stream)));
        return Err(failure);
    }
    Voyage {
        place: &place,
        environment,
        stream,
        wait: arguments.wait,
        json: arguments.json,
        again: run::again::options(&workflow_of(arguments)),
    }
    .tell(&mut client)
    .await
}

/// Says before the run what would refuse the ship behind it.
async fn forewarn(place: &Place, environment: &str) -> Result<(), Failure> {
    let now = place.environment(environment).await?;
    if let Some(rollout) = now.as_ref().and_then(Environment::rollout) {
        out::progress(format_args!(
            "{environment} is busy with {}: {}; unless that is over when the run is, this ship is refused",
            rollout.plan.release.version,
            rollout.doing()
        ));
    }
    Ok(())
}

/// A ship takes a commit; what is not committed would not come along.
fn refuse_changes(place: &Place) -> Result<(), Failure> {
    let changes = place
        .project
        .repository()?
        .changes()
        .map_err(|error| Failure::unavailable("look for changes").because(&error))?;
    if changes.is_empty() {
        return Ok(());
    }
    let more = if changes.len() > NAMED {
        format!(" and {} more", changes.len() - NAMED)
    } else {
        String::new()
    };
    let named = changes[..changes.len().min(NAMED)].join(", ");
    Err(
        Failure::usage(format!("the working tree differs from its commit: {named}{more}"))
            .help("commit or stash the changes; `lockgate run` runs the workflow with them"),
    )
}

/// Returns what is to be run, and with what.
fn workflow_of(arguments: &ShipArguments) -> WorkflowArguments {
    WorkflowArguments {
        workflow: arguments.workflow.clone(),
        event: "push".to_owned(),
        secret: arguments.secret.clone(),
        secret_file: arguments.secret_file.clone(),
        var: arguments.var.clone(),
        var_file: arguments.var_file.clone(),
        env: arguments.env.clone(),
        env_file: arguments.env_file.clone(),
        ..WorkflowArguments::default()
    }
}

/// Makes the run's plan and folder, and returns what the ship begins with.
fn prepare(
    place: &Place,
    configuration: &Configuration,
    environment: &str,
    arguments: &ShipArguments,
    stream: &StreamId,
) -> Result<ShipStart, Failure> {
    let definition = configuration.environment(Some(environment))?.1;
    let run_stream = StreamId::new("run", run_of(stream));
    let workflow = workflow_of(arguments);
    let replaced = planning::replaced_by(configuration, &place.project, workflow.workflow.as_deref())?;
    let request = Request {
        project: &place.project,
        arguments: &workflow,
        replaced,
        is_draft: false,
        run: stream.rest(),
    };
    let mut context = Context::read(&request)?;
    context.trigger.run_number = run::run_number(&RunFolders::new(place.home.folder()), &place.identity);
    let (file, plan) = only(planning::plans(planning::candidates(&request, &context)?, "push")?)?;
    let commit = context.trigger.sha.clone();
    let record = RunRecord {
        directory: place.project.repository()?.root.clone(),
        commit: Some(commit.clone()),
        repository: context.trigger.repository.clone(),
        event: planning::payload(&plan),
        system_changes: false,
        debug: false,
        marker_key: plan.contexts.marker_key.clone(),
        user: user::environment(),
    };
    let content = if uploads(&plan) {
        Content::Artifact(definition.artifact.clone())
    } else {
        Content::Tree
    };
    let folders = RunFolders::new(place.home.folder());
    let unusable = |error| Failure::unavailable("cannot make the run's folder").because(&error);
    Home::create(&place.home.project(&place.identity))?;
    folders
        .prepare(&run_stream, &record, &context.secrets)
        .map_err(unusable)?;
    let run_start = run::start(Arc::clone(&plan), &record, run::slots(arguments.jobs));
    folders.keep_start(&run_stream, &run_start).map_err(unusable)?;
    Ok(ShipStart {
        project: place.identity.clone(),
        version: version(place, &commit)?,
        commit,
        environment: environment.to_owned(),
        workflow: file,
        plan: digest(&plan),
        definition: Box::new(definition.clone()),
        configuration: configuration.digest.clone(),
        policy: GatePolicy { content },
        running: if arguments.supersede {
            WhileRunning::Supersede
        } else {
            WhileRunning::Refuse
        },
        by: Actor::Person(user::name()),
    })
}

fn only(mut plans: Vec<(String, Arc<Plan>)>) -> Result<(String, Arc<Plan>), Failure> {
    if plans.len() > 1 {
        let files: Vec<_> = plans.iter().map(|(file, _)| file.as_str()).collect();
        let message = format!("a push starts several workflows: {}", files.join(", "));
        return Err(Failure::usage(message).help("name the one that builds the release with --workflow FILE"));
    }
    plans
        .pop()
        .ok_or_else(|| Failure::usage("no workflow starts on `push`"))
}

/// Returns whether a job that may run uploads anything.
fn uploads(plan: &Plan) -> bool {
    let planned = plan.jobs.iter().enumerate().filter(|(_, job)| job.fate.may_run());
    let mut steps = planned.flat_map(|(place, _)| &plan.definition(place).steps);
    steps.any(|step| match &step.body {
        StepBody::Uses { reference, .. } => BuiltinAction::named(reference) == Some(BuiltinAction::UploadArtifact),
        StepBody::Run { .. } => false,
    })
}

fn digest(plan: &Plan) -> String {
    use sha2::Digest;
    let bytes = serde_json::to_vec(plan).unwrap_or_default();
    format!("sha256:{}", lockgate_adapters::tree::hex(&sha2::Sha256::digest(bytes)))
}

impl Voyage<'_> {
    /// Tells the story until the end that the caller waits for. Ctrl-C detaches: the driver goes on.
    async fn tell(&self, client: &mut DriverClient) -> Result<Exit, Failure> {
        let exit = tokio::select! {
            exit = self.follow(client) => exit?,
            _ = tokio::signal::ctrl_c() => {
                let environment = self.environment;
                out::progress(format_args!("detached: the ship goes on; `lockgate status {environment}` shows it, `lockgate abort {environment}` stops it"));
                if !self.json {
                    return Ok(Exit::Cancelled);
                }
                Exit::Cancelled
            }
        };
        if self.json {
            out::json(&outcome::of_ship(self.place, self.environment, &self.stream, exit).await?);
        } else {
            crate::delivery::act::close(self.place, self.environment, exit, Wants::Forward).await?;
        }
        Ok(exit)
    }

    async fn follow(&self, client: &mut DriverClient) -> Result<Exit, Failure> {
        client.tail(&self.stream, Sequence(0)).await?;
        let mut run_exit = Exit::Ok;
        while let Some(recorded) = client.next_event().await? {
            let event: ShipEvent = decode::<Ship>(&self.stream, &recorded).map_err(unreadable)?;
            match &event.fact {
                Fact::ShipStarted(_) => {
                    run_exit = self.show_run().await?;
                    if run_exit == Exit::Failed {
                        let run = run_of(&self.stream).0;
                        let name = run.rsplit('/').next().unwrap_or_default();
                        out::progress(format_args!("its output: `lockgate logs --run {name}`"));
                    }
                }
                Fact::RolloutStarted { .. } => {
                    let exit = self.show_rollout().await?;
                    if self.wait == Wait::Promoted && exit == Exit::Ok {
                        return Ok(exit);
                    }
                }
                Fact::Promoted { .. } | Fact::RunEnded { .. } => {}
                fact => out::progress(format_args!("ship: {}", lockgate_ship::sentence(fact))),
            }
            if let Some(exit) = ended(&event.fact, run_exit) {
                return Ok(exit);
            }
        }
        Err(Failure::unavailable("the ship's stream has ended before the ship"))
    }

    /// Shows the run from its first to its last event.
    async fn show_run(&self) -> Result<Exit, Failure> {
        let stream = StreamId::new("run", run_of(&self.stream));
        let folders = RunFolders::new(self.place.home.folder());
        let logs = folders.of(&stream).join("logs");
        let mut screen = RunScreen::new(Progress::Auto, Output::Folded, logs, self.again.clone());
        let mut client = self.tail_of(&stream).await?;
        let mut folded: Option<Run> = None;
        while let Some(recorded) = client.next_event().await? {
            let event = decode::<Run>(&stream, &recorded).map_err(unreadable)?;
            let run = match folded.take() {
                None => Run::begin(stream.clone().into(), &event),
                Some(mut run) => {
                    run.evolve(&event);
                    run
                }
            };
            let run = folded.insert(run);
            screen.update(run);
            if run.standing() == Standing::Over {
                break;
            }
        }
        let run = folded.ok_or_else(|| Failure::unavailable("the run has no events"))?;
        screen.finish(&run);
        Ok(run::exit_of(&run))
    }

    /// Returns a tail of a stream that the driver is about to begin.
    async fn tail_of(&self, stream: &StreamId) -> Result<DriverClient, Failure> {
        const PATIENCE: u32 = 200;
        for _ in 0..PATIENCE {
            let mut client = DriverClient::connect(&self.place.host())?;
            client.tail(stream, Sequence(0)).await?;
            if client.has_begun().await? {
                return Ok(client);
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        Err(Failure::unavailable("the driver does not begin the run")
            .help("its log is in the folder that `lockgate host status` names"))
    }

    async fn show_rollout(&self) -> Result<Exit, Failure> {
        let (stream, intent) = (self.place.stream(self.environment), deploy_of(&self.stream));
        let mut client = DriverClient::connect(&self.place.host())?;
        let following = Following {
            stream: &stream,
            intent: &intent,
            wait: self.wait,
            wants: Wants::Forward,
        };
        follow(&mut client, &following).await
    }
}

/// Returns the exit code of a fact that ends a ship.
fn ended(fact: &Fact, run: Exit) -> Option<Exit> {
    match fact {
        Fact::Shipped { .. } => Some(Exit::Ok),
        Fact::GateRefused { .. } if run == Exit::Failed => Some(Exit::Failed),
        Fact::GateRefused { .. } | Fact::RolledBack { .. } | Fact::Refused { .. } => Some(Exit::Refused),
        Fact::Failed { .. } | Fact::Frozen(_) => Some(Exit::Unavailable),
        Fact::Cancelled { .. } => Some(Exit::Cancelled),
        _ => None,
    }
}
