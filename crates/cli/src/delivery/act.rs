//! The commands that change an environment: deploy, rollback, continue, abort.

use std::path::Path;

use lockgate_adapters::release::Kept;
use lockgate_core::machine::replay;
use lockgate_core::{InputId, Machine};
use lockgate_delivery::definition::Origin;
use lockgate_delivery::environment::{Actor, Target, WhileRunning};
use lockgate_delivery::plan::Movement;
use lockgate_delivery::{
    ApplicationDefinition, Environment, EnvironmentInput, EnvironmentStart, Intent, RolloutPlan, dry_run,
};
use lockgate_engine::Clock;

use super::follow::{Following, Wants, follow};
use super::refused::Refused;
use super::underway::Underway;
use super::{Place, fresh_id, listening, outcome};
use crate::arguments::{DeployArguments, EnvironmentArgument, RollbackArguments, Wait};
use crate::driver::client::{Answer, DriverClient};
use crate::exit::{Exit, Failure};
use crate::home::Home;
use crate::project::CONFIGURATION;
use crate::render::out;
use crate::{host_command, user};

/// An intent on its way to an environment.
struct Order<'a> {
    place: &'a Place,
    environment: &'a str,
    intent: Intent,
    wait: Wait,
    wants: Wants,
}

pub(crate) async fn deploy(directory: &Path, arguments: &DeployArguments) -> Result<Exit, Failure> {
    let place = Place::find(directory)?;
    let configuration = place.configuration()?;
    let (environment, definition) = configuration.environment(arguments.environment.given())?;
    let release = release(&place, arguments.version.as_deref())?.release;
    let mut definition = definition.clone();
    definition.origin = Some(Origin {
        file: format!("{CONFIGURATION} of the working tree"),
        digest: configuration.digest.clone(),
    });
    listening::refuse(&place, environment, &definition)?;
    let intent = deploy_intent(release, definition, arguments.supersede);
    if arguments.dry_run {
        return print_plan(&place, environment, &intent, arguments.json).await;
    }
    let order = Order {
        place: &place,
        environment,
        intent,
        wait: arguments.wait,
        wants: Wants::Forward,
    };
    order.announce().await;
    order.carry_out(Form::of(arguments.json)).await
}

pub(crate) async fn rollback(directory: &Path, arguments: &RollbackArguments) -> Result<Exit, Failure> {
    let place = Place::find_despite_mistakes(directory)?;
    let environment = &place.environment_named(arguments.environment.given()).await?;
    let to = arguments.version.clone().map_or(Target::LastGood, Target::Version);
    let intent = Intent::Rollback { to };
    if arguments.dry_run {
        return print_plan(&place, environment, &intent, arguments.json).await;
    }
    Order {
        place: &place,
        environment,
        intent,
        wait: Wait::Soaked,
        wants: Wants::Back,
    }
    .carry_out(Form::of(arguments.json))
    .await
}

pub(crate) async fn proceed(directory: &Path, argument: &EnvironmentArgument) -> Result<Exit, Failure> {
    let place = Place::find_despite_mistakes(directory)?;
    let environment = &place.environment_named(argument.environment.given()).await?;
    Order {
        place: &place,
        environment,
        intent: Intent::Continue,
        wait: Wait::Soaked,
        wants: Wants::Forward,
    }
    .carry_out(Form::of(argument.json))
    .await
}

pub(crate) async fn abort(directory: &Path, argument: &EnvironmentArgument) -> Result<Exit, Failure> {
    let place = Place::find_despite_mistakes(directory)?;
    let environment = &place.environment_named(argument.environment.given()).await?;
    let rolls = place
        .environment(environment)
        .await?
        .is_some_and(|known| known.rollout().is_some());
    if !rolls && let Some(ship) = Underway::find(&place, environment).await? {
        let exit = ship.cancel(&place).await?;
        let outcome = outcome::of_cancelled_ship(environment, exit);
        if argument.json {
            out::json(&outcome);
        } else if exit == Exit::Ok {
            out::result("the ship is cancelled: nothing was deployed");
        }
        return Ok(exit);
    }
    Order {
        place: &place,
        environment,
        intent: Intent::Abort,
        wait: Wait::Soaked,
        wants: Wants::Back,
    }
    .carry_out(Form::of(argument.json))
    .await
}

/// Returns the release of a version, or the newest.
fn release(place: &Place, version: Option<&str>) -> Result<Kept, Failure> {
    let store = place.releases();
    let all = store
        .list()
        .map_err(|error| Failure::unavailable("cannot read the releases").because(&error))?;
    let known = || {
        all.iter()
            .map(|kept| kept.release.version.clone())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let found = match version {
        Some(version) => all
            .iter()
            .find(|kept| kept.release.version == version || kept.release.id.0 == version),
        None => all.first(),
    };
    found.cloned().ok_or_else(|| match version {
        Some(version) if !all.is_empty() => {
            Failure::usage(format!("there is no release `{version}`")).help(format!("there are: {}", known()))
        }
        _ => Failure::usage("there is no release yet")
            .help("`lockgate ship` makes one of the workflow's artifact, `lockgate release create` of a file"),
    })
}

fn deploy_intent(release: lockgate_delivery::Release, definition: ApplicationDefinition, supersede: bool) -> Intent {
    let running = if supersede {
        WhileRunning::Supersede
    } else {
        WhileRunning::Refuse
    };
    Intent::Deploy {
        release: Box::new(release),
        definition: Box::new(definition),
        running,
    }
}

/// Prints the very value that the intent would store, and changes nothing.
async fn print_plan(place: &Place, environment: &str, intent: &Intent, json: bool) -> Result<Exit, Failure> {
    let plan = plan(place, environment, intent).await?;
    if json {
        out::json(&plan);
    } else {
        out::result(&plan);
    }
    Ok(Exit::Ok)
}

async fn plan(place: &Place, name: &str, intent: &Intent) -> Result<RolloutPlan, Failure> {
    let stream = place.stream(name);
    let mut events = place.events(name).await?;
    if events.is_empty() {
        let start = start(place, name);
        events.push(Environment::create(
            start,
            lockgate_adapters::clock::SystemClock::new().now(),
        ));
    }
    let environment =
        replay::<Environment>(stream, &events).ok_or_else(|| Failure::unavailable("fold the environment"))?;
    dry_run(&environment, intent, &actor()).map_err(|refusal| Failure::refused(refusal.to_string()))
}

fn start(place: &Place, environment: &str) -> EnvironmentStart {
    EnvironmentStart {
        project: place.identity.clone(),
        environment: environment.to_owned(),
    }
}

fn actor() -> Actor {
    Actor::Person(user::name())
}

/// In which form an outcome is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Words,
    Json,
}

impl Form {
    fn of(json: bool) -> Self {
        if json { Self::Json } else { Self::Words }
    }
}

impl Order<'_> {
    /// Says what is about to happen, unless it will be refused.
    async fn announce(&self) {
        let Ok(plan) = plan(self.place, self.environment, &self.intent).await else {
            return;
        };
        let version = &plan.release.version;
        out::progress(format_args!("deploying {version} to {}", self.environment));
        for note in &plan.notes {
            out::progress(format_args!("note: {note}"));
        }
    }

    async fn carry_out(self, form: Form) -> Result<Exit, Failure> {
        let (exit, intent) = self.submit_and_follow().await?;
        match form {
            Form::Json => out::json(&outcome::of(self.place, self.environment, &intent).await?),
            Form::Words => close(self.place, self.environment, exit, self.wants).await?,
        }
        Ok(exit)
    }

    fn refused(&self, words: String) -> Failure {
        let what = match &self.intent {
            Intent::Deploy { release, .. } => format!("the deploy of {}", release.version),
            Intent::Rollback { .. } => "the rollback".to_owned(),
            Intent::Continue => "the continue".to_owned(),
            Intent::Abort => "the abort".to_owned(),
        };
        let now = lockgate_adapters::clock::SystemClock::new().now().wall;
        Refused::new(what, words.clone(), user::name(), now).keep(self.place, self.environment);
        Failure::refused(words)
    }

    async fn submit_and_follow(&self) -> Result<(Exit, InputId), Failure> {
        let host = self.place.host();
        Home::create(self.place.home.folder())?;
        host_command::ensure(&host).await?;
        let stream = self.place.stream(self.environment);
        let mut client = DriverClient::connect(&host)?;
        client.begin(&stream, &start(self.place, self.environment)).await?;
        let id = fresh_id("intent")?;
        let input = EnvironmentInput::Asked {
            id: id.clone(),
            by: actor(),
            intent: self.intent.clone(),
        };
        match client.submit(&stream, &input, id.clone()).await? {
            Answer::Accepted(_) => {}
            Answer::Refused(words) => return Err(self.refused(words)),
        }
        let following = Following {
            stream: &stream,
            intent: &id,
            wait: self.wait,
            wants: self.wants,
        };
        let exit = follow(&mut client, &following).await?;
        Ok((exit, id))
    }
}

/// Prints where the environment answers now, and how to undo what was done.
pub(crate) async fn close(place: &Place, name: &str, exit: Exit, wants: Wants) -> Result<(), Failure> {
    let Some(environment) = place.environment(name).await? else {
        return Ok(());
    };
    match (environment.stable(), environment.address()) {
        (Some(stable), Some(address)) => out::result(format_args!(
            "{name}: {} serves at http://{address}",
            environment.title(stable.number)
        )),
        (None, _) => out::result(format_args!("{name}: nothing serves")),
        (Some(_), None) => {}
    }
    let back = Intent::Rollback { to: Target::LastGood };
    match (exit, dry_run(&environment, &back, &actor())) {
        (Exit::Ok, Ok(back)) if wants == Wants::Forward => {
            let (title, how) = match back.movement {
                Movement::WarmRollback => (environment.title(back.revision), "is kept warm"),
                _ => (back.release.version, "is started anew"),
            };
            out::result(format_args!(
                "undo: `lockgate rollback {name}` brings back {title}, which {how}"
            ));
        }
        (Exit::Refused, _) => out::result(format_args!("why: `lockgate why {name}`")),
        _ => {}
    }
    Ok(())
}
