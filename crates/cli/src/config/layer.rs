//! What may stand at the top of the file and again in an environment.

use std::collections::BTreeMap;
use std::time::Duration;

use lockgate_core::time::parse_duration;
use lockgate_core::{Percent, Span};
use lockgate_delivery::ApplicationDefinition;
use lockgate_delivery::definition::{BlueGreen, Command, HealthCheck, Probe, Variable};
use lockgate_delivery::smoke::SmokeCheck;
use lockgate_dialect::codes;
use lockgate_dialect::yaml::{Fields, Node, Reader};
use lockgate_gate::Rule;

use super::{smoke, texts};

/// The keys that one level of the file gives.
#[derive(Clone, Debug, Default)]
pub(super) struct Layer {
    run: Option<Command>,
    artifact: Option<String>,
    directory: Option<String>,
    env: BTreeMap<String, String>,
    instances: Option<u32>,
    health: Option<HealthCheck>,
    smoke: Option<Vec<SmokeCheck>>,
    strategy: Option<BlueGreen>,
    rollback_when: Option<Vec<Rule>>,
    listen: Option<Listen>,
    stop_grace: Option<Duration>,
}

/// An address, and where the file says it.
#[derive(Clone, Debug)]
pub(super) struct Listen {
    pub(super) address: String,
    pub(super) span: Span,
}

impl Layer {
    /// Returns the address of the proxy, when one is given.
    pub(super) fn listen(&self) -> Option<&Listen> {
        self.listen.as_ref()
    }

    pub(super) fn read(fields: &mut Fields<'_>, reader: &mut Reader) -> Self {
        Self {
            run: fields.take("run").and_then(|node| command(node, reader)),
            artifact: fields.take("artifact").and_then(|node| artifact(node, reader)),
            directory: fields.take("directory").and_then(|node| directory(node, reader)),
            env: fields
                .take("env")
                .map_or_else(BTreeMap::new, |node| variables(node, reader)),
            instances: fields.take("instances").and_then(|node| instances(node, reader)),
            health: fields.take("health").and_then(|node| health(node, reader)),
            smoke: fields.take("smoke").and_then(|node| smoke::read(node, reader)),
            strategy: fields.take("strategy").and_then(|node| strategy(node, reader)),
            rollback_when: fields.take("rollback-when").and_then(|node| rules(node, reader)),
            listen: fields.take("listen").and_then(|node| listen(node, reader)),
            stop_grace: fields
                .take("stop-timeout")
                .and_then(|node| duration(node, "`stop-timeout`", reader)),
        }
    }

    /// Returns this layer with what it does not say taken from `below`.
    pub(super) fn over(mut self, below: &Self) -> Self {
        let mut env = below.env.clone();
        env.append(&mut self.env);
        Self {
            run: self.run.or_else(|| below.run.clone()),
            artifact: self.artifact.or_else(|| below.artifact.clone()),
            directory: self.directory.or_else(|| below.directory.clone()),
            env,
            instances: self.instances.or(below.instances),
            health: self.health.or_else(|| below.health.clone()),
            smoke: self.smoke.or_else(|| below.smoke.clone()),
            strategy: self.strategy.or_else(|| below.strategy.clone()),
            rollback_when: self.rollback_when.or_else(|| below.rollback_when.clone()),
            listen: self.listen.or_else(|| below.listen.clone()),
            stop_grace: self.stop_grace.or(below.stop_grace),
        }
    }

    /// Returns the application with every default; `None` when nothing says how to run it.
    pub(super) fn complete(self, name: &str) -> Option<ApplicationDefinition> {
        let mut definition = ApplicationDefinition::new(name, self.run?);
        let variables = self.env.into_iter().map(|(name, value)| (name, Variable::Text(value)));
        definition.variables = variables.collect();
        definition.directory = self.directory;
        definition.listen = self.listen.map(|listen| listen.address);
        if let Some(artifact) = self.artifact {
            definition.artifact = artifact;
        }
        if let Some(instances) = self.instances {
            definition.instances = instances;
        }
        if let Some(health) = self.health {
            definition.health = health;
        }
        if let Some(smoke) = self.smoke {
            definition.smoke = smoke;
        }
        if let Some(strategy) = self.strategy {
            definition.strategy = strategy;
        }
        if let Some(rules) = self.rollback_when {
            definition.rollback_when = rules;
        }
        if let Some(grace) = self.stop_grace {
            definition.stop_grace = grace;
        }
        Some(definition)
    }
}

fn command(node: &Node, reader: &mut Reader) -> Option<Command> {
    if node.as_sequence().is_none() {
        return reader.text(node, "`run`").map(Command::Shell);
    }
    let words: Vec<String> = reader.texts(node, "`run`")?.into_iter().map(|(word, _)| word).collect();
    if words.is_empty() {
        reader.wrong_type(node, "`run`", "a command");
        return None;
    }
    Some(Command::Arguments(words))
}

/// Reads the name of an artifact, which is also the name of its folder.
fn artifact(node: &Node, reader: &mut Reader) -> Option<String> {
    let name = reader.text(node, "`artifact`")?;
    let is_foreign = |c: char| c.is_control() || matches!(c, '/' | '\\' | ':' | '"' | '<' | '>' | '|' | '*' | '?');
    if !name.is_empty() && !name.starts_with('.') && !name.contains(is_foreign) {
        return Some(name);
    }
    let message = format!("`{name}` cannot name an artifact");
    let help = "write the `name` under which the workflow uploads it, not a path";
    reader.report(reader.error(codes::WRONG_VALUE, node.span, message).help(help));
    None
}

/// Reads the variables of an instance; what could not be set as it is written is refused.
fn variables(node: &Node, reader: &mut Reader) -> BTreeMap<String, String> {
    let all = texts(node, "`env`", reader);
    for entry in node.as_mapping().unwrap_or_default() {
        let name = entry.key.name.as_str();
        let begins = |c: char| c.is_ascii_alphabetic() || c == '_';
        let (message, help) = if !name.starts_with(begins) || !name.chars().all(|c| begins(c) || c.is_ascii_digit()) {
            let message = format!("`{name}` cannot name a variable");
            (message, "begin with a letter or `_`, and go on with those and digits")
        } else if name == "PORT" || name.starts_with("LOCKGATE_") {
            let message = format!("`{name}` is set by Lockgate itself");
            (
                message,
                "leave it out; the instance gets the port to listen at in `PORT`",
            )
        } else {
            continue;
        };
        reader.report(reader.error(codes::WRONG_VALUE, entry.key.span, message).help(help));
    }
    all
}

fn directory(node: &Node, reader: &mut Reader) -> Option<String> {
    let text = reader.text(node, "`directory`")?;
    if text.starts_with('/') || text.split('/').any(|part| part == "..") {
        let message = "`directory` must lie inside the artifact";
        reader.report(
            reader
                .error(codes::WRONG_VALUE, node.span, message)
                .help("write it relative to the artifact's root, without `..`"),
        );
        return None;
    }
    Some(text)
}

fn instances(node: &Node, reader: &mut Reader) -> Option<u32> {
    match reader.whole_number(node, "`instances`")? {
        count @ 1..=100 => Some(count as u32),
        count => {
            let message = format!("`instances` cannot be {count}");
            reader.report(
                reader
                    .error(codes::WRONG_VALUE, node.span, message)
                    .help("1 to 100 instances are possible"),
            );
            None
        }
    }
}

/// Reads `health: /path`, `health: tcp`, or a mapping.
fn health(node: &Node, reader: &mut Reader) -> Option<HealthCheck> {
    if node.as_mapping().is_none() {
        let text = reader.text(node, "`health`")?;
        return probe(&text, node, reader).map(HealthCheck::of);
    }
    let mut fields = reader.fields(node, "`health`")?;
    let what = fields
        .take("probe")
        .and_then(|node| reader.text(node, "`probe`").and_then(|text| probe(&text, node, reader)));
    let mut check = HealthCheck::of(what.unwrap_or(Probe::Tcp));
    let mut take = |name, slot: &mut Duration, reader: &mut Reader| {
        if let Some(value) = fields
            .take(name)
            .and_then(|node| some_time(node, &format!("`{name}`"), reader))
        {
            *slot = value;
        }
    };
    take("interval", &mut check.interval, reader);
    take("timeout", &mut check.timeout, reader);
    take("deadline", &mut check.deadline, reader);
    for (name, slot) in [("passes", &mut check.passes), ("failures", &mut check.failures)] {
        if let Some(count) = fields
            .take(name)
            .and_then(|node| at_least_one(node, &format!("`{name}`"), reader))
        {
            *slot = u32::try_from(count).unwrap_or(u32::MAX);
        }
    }
    fields.finish(reader);
    Some(check)
}

fn probe(text: &str, node: &Node, reader: &mut Reader) -> Option<Probe> {
    match text {
        "tcp" => Some(Probe::Tcp),
        path if path.starts_with('/') => Some(Probe::Http { path: path.to_owned() }),
        other => {
            let message = format!("`{other}` is no health check");
            reader.report(
                reader
                    .error(codes::WRONG_VALUE, node.span, message)
                    .help("write a path such as `/health`, or `tcp`"),
            );
            None
        }
    }
}

fn strategy(node: &Node, reader: &mut Reader) -> Option<BlueGreen> {
    if node.as_mapping().is_none() {
        let text = reader.text(node, "`strategy`")?;
        if text != "blue-green" {
            only_blue_green(&text, node, reader);
        }
        return Some(BlueGreen::default());
    }
    let mut fields = reader.fields(node, "`strategy`")?;
    let mut strategy = BlueGreen::default();
    if let Some(node) = fields.take("blue-green").filter(|node| !node.is_null()) {
        let mut inner = reader.fields(node, "`blue-green`")?;
        for (name, slot) in [("soak", &mut strategy.soak), ("drain", &mut strategy.drain)] {
            if let Some(value) = inner
                .take(name)
                .and_then(|node| duration(node, &format!("`{name}`"), reader))
            {
                *slot = value;
            }
        }
        if let Some(value) = inner
            .take("deadline")
            .and_then(|node| some_time(node, "`deadline`", reader))
        {
            strategy.progress = value;
        }
        inner.finish(reader);
    }
    for other in ["rolling", "canary"] {
        if let Some(entry) = fields.take_unsuggested(other) {
            only_blue_green(other, &entry.value, reader);
        }
    }
    fields.finish(reader);
    Some(strategy)
}

fn only_blue_green(found: &str, node: &Node, reader: &mut Reader) {
    let message = format!("the strategy `{found}` is not supported by this version of lockgate");
    let help = "write `strategy: blue-green`, or leave it out";
    reader.report(reader.error(codes::NOT_YET_SUPPORTED, node.span, message).help(help));
}

/// Reads `http-5xx: 5%` or `http-5xx: { share: 5%, over: 20 }`.
fn rules(node: &Node, reader: &mut Reader) -> Option<Vec<Rule>> {
    let mut fields = reader.fields(node, "`rollback-when`")?;
    let rule = fields.take("http-5xx").and_then(|node| http_5xx(node, reader));
    for other in [
        "error-rate",
        "p95",
        "p99",
        "cpu",
        "memory",
        "circuit-breaker",
        "health",
        "canary",
    ] {
        if let Some(entry) = fields.take_unsuggested(other) {
            let message = format!("the rule `{other}` is not supported by this version of lockgate");
            reader.report(
                reader
                    .error(codes::NOT_YET_SUPPORTED, entry.key.span, message)
                    .help("`http-5xx` is"),
            );
        }
    }
    fields.finish(reader);
    Some(rule.into_iter().collect())
}

fn http_5xx(node: &Node, reader: &mut Reader) -> Option<Rule> {
    if node.as_mapping().is_none() {
        return percent(node, reader).map(Rule::http_5xx);
    }
    let mut fields = reader.fields(node, "`http-5xx`")?;
    let limit = fields.require("share", reader).and_then(|node| percent(node, reader));
    let over = fields
        .take("over")
        .and_then(|node| at_least_one(node, "`over`", reader));
    fields.finish(reader);
    let Rule::Http5xx { limit, minimum } = Rule::http_5xx(limit?);
    Some(Rule::Http5xx {
        limit,
        minimum: over.unwrap_or(minimum),
    })
}

fn percent(node: &Node, reader: &mut Reader) -> Option<Percent> {
    let text = reader.text(node, "the share")?;
    Percent::parse(&text)
        .map_err(|error| reader.report(reader.error(codes::WRONG_VALUE, node.span, error.to_string())))
        .ok()
}

/// Returns an address as it may be written: whole, or as a port of the loopback.
pub(super) fn address(text: &str) -> Option<std::net::SocketAddr> {
    if text.chars().all(|c| c.is_ascii_digit()) {
        return format!("127.0.0.1:{text}").parse().ok();
    }
    text.parse().ok()
}

fn listen(node: &Node, reader: &mut Reader) -> Option<Listen> {
    let text = reader.text(node, "`listen`")?;
    match address(&text) {
        Some(address) if address.port() != 0 => Some(Listen {
            address: address.to_string(),
            span: node.span,
        }),
        parsed => {
            let message = format!("`{text}` is not an address to listen at");
            let help = match parsed {
                Some(_) => "leave `listen` out for a free port of the loopback, which is chosen once",
                None => "write it as `127.0.0.1:8080`, or as a port of the loopback",
            };
            reader.report(reader.error(codes::WRONG_VALUE, node.span, message).help(help));
            None
        }
    }
}

/// Reads a number of which 0 would mean never or at once.
fn at_least_one(node: &Node, what: &str, reader: &mut Reader) -> Option<u64> {
    let number = reader.whole_number(node, what)?;
    if number == 0 {
        let message = format!("{what} cannot be 0");
        reader.report(
            reader
                .error(codes::WRONG_VALUE, node.span, message)
                .help("write 1 or more"),
        );
        return None;
    }
    Some(number)
}

/// Reads a duration in which something has to be possible.
pub(super) fn some_time(node: &Node, what: &str, reader: &mut Reader) -> Option<Duration> {
    let time = duration(node, what, reader)?;
    if time.is_zero() {
        let message = format!("{what} cannot be 0: nothing is done in no time");
        let help = "write some time, such as `5s`, or leave it out for the default";
        reader.report(reader.error(codes::WRONG_VALUE, node.span, message).help(help));
        return None;
    }
    Some(time)
}

pub(super) fn duration(node: &Node, what: &str, reader: &mut Reader) -> Option<Duration> {
    let text = reader.text(node, what)?;
    parse_duration(&text)
        .map_err(|error| reader.report(reader.error(codes::WRONG_VALUE, node.span, format!("{what}: {error}"))))
        .ok()
}
