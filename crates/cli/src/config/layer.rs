//! What may stand at the top of the file and again in an environment.

use std::collections::BTreeMap;
use std::time::Duration;

use lockgate_core::Span;
use lockgate_delivery::ApplicationDefinition;
use lockgate_delivery::definition::{BlueGreen, Command, HealthCheck, Probe, Variable};
use lockgate_delivery::smoke::SmokeCheck;
use lockgate_dialect::codes;
use lockgate_dialect::yaml::{Fields, Node, Reader};
use lockgate_gate::Rule;

use super::{keys, smoke, texts};

/// The keys that one level of the file gives.
#[derive(Clone, Debug, Default)]
pub(super) struct Layer {
    says_run: bool,
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
    /// Returns whether it says how to run the application, even if not in a way that can be read.
    pub(super) fn says_run(&self) -> bool {
        self.says_run
    }

    /// Returns the address of the proxy, when one is given.
    pub(super) fn listen(&self) -> Option<&Listen> {
        self.listen.as_ref()
    }

    pub(super) fn read(fields: &mut Fields<'_>, reader: &mut Reader) -> Self {
        let run = keys::RUN.take(fields);
        let mut layer = Self {
            says_run: run.is_some(),
            run: run.and_then(|node| command(node, reader)),
            artifact: keys::ARTIFACT_NAME.text(fields, reader),
            directory: keys::DIRECTORY.text(fields, reader),
            env: keys::ENV
                .take(fields)
                .map_or_else(BTreeMap::new, |node| variables(node, reader)),
            instances: keys::INSTANCES.number(fields, reader).map(|count| count as u32),
            health: keys::HEALTH.take(fields).and_then(|node| health(node, reader)),
            smoke: keys::SMOKE.take(fields).and_then(|node| smoke::read(node, reader)),
            strategy: keys::STRATEGY.take(fields).and_then(|node| strategy(node, reader)),
            rollback_when: keys::ROLLBACK_WHEN.take(fields).and_then(|node| rules(node, reader)),
            listen: keys::LISTEN.take(fields).and_then(|node| listen(node, reader)),
            stop_grace: keys::STOP_TIMEOUT.duration(fields, reader),
        };
        // Misspelt it is told as such, and not as missing.
        layer.says_run |= fields.has_slip_of(keys::RUN.name);
        layer
    }

    /// Returns this layer with what it does not say taken from `below`.
    pub(super) fn over(mut self, below: &Self) -> Self {
        let mut env = below.env.clone();
        env.append(&mut self.env);
        Self {
            says_run: self.says_run || below.says_run,
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
        return reader.text(node, &keys::RUN.quoted()).map(Command::Shell);
    }
    let what = keys::RUN.quoted();
    let words: Vec<String> = reader.texts(node, &what)?.into_iter().map(|(word, _)| word).collect();
    if words.is_empty() {
        reader.wrong_type(node, &what, "a command");
        return None;
    }
    Some(Command::Arguments(words))
}

/// Reads the variables of an instance; what could not be set as it is written is refused.
fn variables(node: &Node, reader: &mut Reader) -> BTreeMap<String, String> {
    let all = texts(node, "`env`", reader);
    for entry in node.as_mapping().unwrap_or_default() {
        let name = entry.key.name.as_str();
        let broken = [&keys::form::VARIABLE, &keys::form::FREE_VARIABLE];
        if let Some(form) = broken.into_iter().find(|form| !form.fits(name)) {
            let diagnostic = reader.error(codes::WRONG_VALUE, entry.key.span, form.mistake(name));
            reader.report(diagnostic.help(form.help));
        }
    }
    all
}

/// Reads `health: /path`, `health: tcp`, or a mapping.
fn health(node: &Node, reader: &mut Reader) -> Option<HealthCheck> {
    if node.as_mapping().is_none() {
        let text = keys::HEALTH.text_of(node, reader)?;
        return Some(HealthCheck::of(probe(text)));
    }
    let mut fields = keys::OF_HEALTH.fields(node, reader)?;
    let what = keys::PROBE.text(&mut fields, reader).map(probe);
    let mut check = HealthCheck::of(what.unwrap_or(Probe::Tcp));
    let times = [
        (&keys::INTERVAL, &mut check.interval),
        (&keys::TIMEOUT, &mut check.timeout),
        (&keys::DEADLINE, &mut check.deadline),
    ];
    for (key, slot) in times {
        if let Some(time) = key.duration(&mut fields, reader) {
            *slot = time;
        }
    }
    for (key, slot) in [
        (&keys::PASSES, &mut check.passes),
        (&keys::FAILURES, &mut check.failures),
    ] {
        if let Some(count) = key.number(&mut fields, reader) {
            *slot = u32::try_from(count).unwrap_or(u32::MAX);
        }
    }
    fields.finish(reader);
    Some(check)
}

fn probe(text: String) -> Probe {
    if text == "tcp" {
        Probe::Tcp
    } else {
        Probe::Http { path: text }
    }
}

fn strategy(node: &Node, reader: &mut Reader) -> Option<BlueGreen> {
    if node.as_mapping().is_none() {
        let text = reader.text(node, &keys::STRATEGY.quoted())?;
        if !keys::form::STRATEGY_NAME.fits(&text) {
            only_blue_green(&text, node, reader);
        }
        return Some(BlueGreen::default());
    }
    let mut fields = keys::OF_STRATEGY.fields(node, reader)?;
    let mut strategy = BlueGreen::default();
    if let Some(node) = keys::BLUE_GREEN.take(&mut fields).filter(|node| !node.is_null()) {
        let mut inner = keys::OF_BLUE_GREEN.fields(node, reader)?;
        let times = [
            (&keys::SOAK, &mut strategy.soak),
            (&keys::DRAIN, &mut strategy.drain),
            (&keys::PROGRESS, &mut strategy.progress),
        ];
        for (key, slot) in times {
            if let Some(time) = key.duration(&mut inner, reader) {
                *slot = time;
            }
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
    let form = &keys::form::STRATEGY_NAME;
    reader.report(
        reader
            .error(codes::NOT_YET_SUPPORTED, node.span, form.mistake(found))
            .help(form.help),
    );
}

/// Reads `http-5xx: 5%` or `http-5xx: { share: 5%, over: 20 }`.
fn rules(node: &Node, reader: &mut Reader) -> Option<Vec<Rule>> {
    let mut fields = keys::OF_ROLLBACK_WHEN.fields(node, reader)?;
    let rule = keys::HTTP_5XX.take(&mut fields).and_then(|node| http_5xx(node, reader));
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
        return keys::HTTP_5XX.share(node, reader).map(Rule::http_5xx);
    }
    let mut fields = keys::OF_HTTP_5XX.fields(node, reader)?;
    let limit = fields
        .require(keys::SHARE.name, reader)
        .and_then(|node| keys::SHARE.share(node, reader));
    let over = keys::OVER.number(&mut fields, reader);
    fields.finish(reader);
    let Rule::Http5xx { limit, minimum } = Rule::http_5xx(limit?);
    Some(Rule::Http5xx {
        limit,
        minimum: over.unwrap_or(minimum),
    })
}

/// Returns an address as it may be written: whole, or as a port of the loopback.
pub(super) fn address(text: &str) -> Option<std::net::SocketAddr> {
    if text.chars().all(|c| c.is_ascii_digit()) {
        return format!("127.0.0.1:{text}").parse().ok();
    }
    text.parse().ok()
}

fn listen(node: &Node, reader: &mut Reader) -> Option<Listen> {
    let text = reader.text(node, &keys::LISTEN.quoted())?;
    match address(&text) {
        Some(address) if address.port() != 0 => Some(Listen {
            address: address.to_string(),
            span: node.span,
        }),
        parsed => {
            let form = &keys::form::ADDRESS;
            let help = match parsed {
                Some(_) => "leave `listen` out for a free port of the loopback, which is chosen once",
                None => form.help,
            };
            let diagnostic = reader.error(codes::WRONG_VALUE, node.span, form.mistake(&text));
            reader.report(diagnostic.help(help));
            None
        }
    }
}
