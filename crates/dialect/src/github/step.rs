//! Steps of a job and of a composite action.

use std::collections::BTreeMap;

use lockgate_core::Span;
use lockgate_pipeline::builtin::BuiltinAction;
use lockgate_pipeline::definition::{Step, StepBody};
use lockgate_pipeline::expression::Template;

use super::availability::{COMPOSITE_IF, COMPOSITE_KEY, STEP_IF, STEP_KEY};
use super::local::Brought;
use super::lowering::Lowering;
use super::reference::Reached;
use super::step_form::Form;
use crate::codes;
use crate::shape::Availability;
use crate::yaml::{Entry, Fields, Node};

/// Whose steps they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    Job,
    Composite,
}

/// The longest script.
const MOST_CHARACTERS: usize = 21_000;

impl Owner {
    pub(super) fn key(self) -> &'static Availability {
        match self {
            Self::Job => &STEP_KEY,
            Self::Composite => &COMPOSITE_KEY,
        }
    }

    fn condition(self) -> &'static Availability {
        match self {
            Self::Job => &STEP_IF,
            Self::Composite => &COMPOSITE_IF,
        }
    }
}

impl Lowering {
    /// Returns the ids of the steps in `node`, none of which has run yet.
    pub(super) fn step_ids(node: &Node) -> BTreeMap<String, Reached> {
        let items = node.as_sequence().unwrap_or_default();
        let ids = items.iter().filter_map(|step| step.get("id")?.as_scalar());
        ids.map(|id| (id.to_text().to_ascii_lowercase(), Reached::Later))
            .collect()
    }

    /// Returns the steps in `node`; afterwards every id of them counts as reached.
    pub(super) fn steps(&mut self, node: &Node, owner: Owner) -> Vec<Step> {
        let Some(items) = self.reader.list(node, "`steps`") else {
            return Vec::new();
        };
        let mut ids: BTreeMap<String, Span> = BTreeMap::new();
        let mut steps = Vec::with_capacity(items.len());
        let mut brought = Brought::default();
        for item in items {
            let step = self.step(item, owner);
            self.note_local_use(item, &brought);
            brought.add(item);
            if let Some((id, span)) = item.get("id").and_then(|id| Some((id.as_scalar()?.to_text(), id.span))) {
                let name = id.to_ascii_lowercase();
                if let Some(reached) = self.known.steps.as_mut().and_then(|steps| steps.get_mut(&name)) {
                    *reached = Reached::Before;
                }
                if let Some(first) = ids.get(&name).copied() {
                    let message = format!("two steps have the id `{id}`");
                    let diagnostic = self.reader.error(codes::DUPLICATE_ID, span, message);
                    self.reader.report(diagnostic.related(first, "the first one"));
                }
                ids.entry(name).or_insert(span);
            }
            steps.extend(step);
        }
        steps
    }

    fn step(&mut self, node: &Node, owner: Owner) -> Option<Step> {
        if node.as_mapping().is_none() {
            self.reader.wrong_type(node, "a step", "a mapping of keys to values");
            return None;
        }
        let form = Form::of(node, owner);
        let mut fields = self.reader.shaped(node, form.shape(owner))?;
        if !matches!(form, Form::Run | Form::Uses) {
            self.background_step(fields, form);
            return None;
        }
        let place = self.place(fields.first_key());
        let key = owner.key();
        let id = fields.take("id").and_then(|id| self.id(id, "the id of a step"));
        let name = fields.take("name").and_then(|name| self.template(name, "`name`", key));
        let condition = fields
            .take("if")
            .and_then(|node| self.condition(node, owner.condition()));
        let env = fields
            .take("env")
            .map(|env| self.entries(env, "`env`", key))
            .unwrap_or_default();
        let continue_on_error = fields
            .take("continue-on-error")
            .and_then(|node| self.boolean_template(node, "`continue-on-error`", key));
        let mut timeout_minutes = None;
        if owner == Owner::Job {
            timeout_minutes = fields
                .take("timeout-minutes")
                .and_then(|node| self.step_limit(node, key));
            self.background(&mut fields);
        }
        let body = self.body(&mut fields, owner);
        fields.finish_with(&mut self.reader, |entry, diagnostic| match entry.key.name.as_str() {
            "with" => diagnostic.help("inputs belong to a step with `uses`; a command gets values by `env`"),
            "shell" | "working-directory" => diagnostic.help("it belongs to a step with `run`"),
            _ => diagnostic,
        });
        Some(Step {
            id,
            name,
            condition,
            body: body?,
            env,
            continue_on_error,
            timeout_minutes,
            place,
        })
    }

    fn body(&mut self, fields: &mut Fields<'_>, owner: Owner) -> Option<StepBody> {
        let run = fields.take_unsuggested("run");
        let uses = fields.take_unsuggested("uses");
        match (run, uses) {
            (Some(run), Some(uses)) => {
                let message = "a step has either `run` or `uses`, not both";
                let diagnostic = self
                    .reader
                    .error(codes::STEP_BODY, uses.key.span, message)
                    .help("make two steps of it")
                    .related(run.key.span, "`run` is here");
                self.reader.report(diagnostic);
                self.run_body(fields, run, owner);
                self.uses_body(fields.take_unsuggested("with").map(|with| &with.value), uses, owner);
                None
            }
            (Some(run), None) => self.run_body(fields, run, owner),
            (None, Some(uses)) => self.uses_body(fields.take("with"), uses, owner),
            (None, None) => {
                if !fields.has_slip_of("run") && !fields.has_slip_of("uses") {
                    let message = "a step needs `run` (a command) or `uses` (an action)";
                    let help = "add one of them, for example `run: make` or `uses: actions/checkout@v4`";
                    self.error_with_help(codes::STEP_BODY, fields.first_key(), message, help);
                }
                // They belong to the `run` or `uses` that is missing.
                for name in ["with", "shell", "working-directory"] {
                    fields.take_unsuggested(name);
                }
                None
            }
        }
    }

    fn run_body(&mut self, fields: &mut Fields<'_>, run: &Entry, owner: Owner) -> Option<StepBody> {
        let key = owner.key();
        let script = self.template(&run.value, "`run`", key);
        self.check_length(&run.value);
        let shell = match owner {
            Owner::Job => fields.take("shell").and_then(|node| {
                self.check_shell(node);
                self.plain(node, "`shell` of a step").map(Template::literal)
            }),
            Owner::Composite => fields.require("shell", &mut self.reader).and_then(|shell| {
                self.check_shell(shell);
                self.template(shell, "`shell`", key)
            }),
        };
        let working_directory = fields
            .take("working-directory")
            .and_then(|node| self.template(node, "`working-directory`", key));
        Some(StepBody::Run {
            script: script?,
            shell,
            working_directory,
        })
    }

    fn check_length(&mut self, script: &Node) {
        let length = script.as_scalar().map_or(0, |scalar| scalar.text.chars().count());
        if length > MOST_CHARACTERS {
            let message = format!("the script has {length} characters, but GitHub takes {MOST_CHARACTERS} at most");
            let help = "put it into a file of the repository, and run that";
            self.error_with_help(codes::WRONG_VALUE, script.span, message, help);
        }
    }

    fn uses_body(&mut self, inputs: Option<&Node>, uses: &Entry, owner: Owner) -> Option<StepBody> {
        let with = inputs.map(|with| self.entries(with, "`with`", owner.key()));
        let reference = self.plain(&uses.value, "`uses`")?;
        self.check_action(&reference, uses.value.span);
        if let Some(action) = BuiltinAction::named(&reference) {
            self.check_builtin_inputs(action, uses.value.span, inputs);
        }
        Some(StepBody::Uses {
            reference,
            with: with.unwrap_or_default(),
        })
    }

    fn check_action(&mut self, reference: &str, span: Span) {
        let is_twice = reference.matches('@').count() > 1;
        let is_builtin = BuiltinAction::named(reference).is_some() && !reference.ends_with('@') && !is_twice;
        if is_builtin || reference.starts_with("./") || reference == "." {
            return;
        }
        if let Some(path) = reference.strip_prefix("$/") {
            return self.check_own_action(path, span);
        }
        if reference == "docker://" {
            let help = "name the image, such as `docker://alpine:3`";
            return self.error_with_help(codes::WRONG_ACTION, span, "`docker://` names no action", help);
        }
        if reference.starts_with("docker://") {
            let why = "actions in containers are not supported by this version";
            let remedy = "run the program in a `run` step";
            return self.note_unsupported(span, &format!("uses: {reference}"), why, remedy);
        }
        let Some((path, version)) = reference.split_once('@') else {
            let message = format!("`{reference}` names no action");
            let version = |(action, last): (&str, &str)| {
                let digits = last.strip_prefix('v').unwrap_or(last);
                let is_version = digits.starts_with(|c: char| c.is_ascii_digit());
                (is_version && action.contains('/')).then(|| format!("write `{action}@{last}`"))
            };
            let help = if let Some(help) = reference.rsplit_once('/').and_then(version) {
                help
            } else if reference.split('/').count() >= 2 && !reference.starts_with('.') {
                format!("add a version, such as `{reference}@v4`; an action of this repository starts with `./`")
            } else {
                "write `owner/repository@version`, or `./path` for an action of this repository".to_owned()
            };
            return self.error_with_help(codes::WRONG_ACTION, span, message, help);
        };
        if is_twice {
            let message = format!("`{reference}` names no action");
            let version = version.split('@').find(|part| !part.is_empty()).unwrap_or("v4");
            let help = format!("one `@` stands before the version, such as `{path}@{version}`");
            return self.error_with_help(codes::WRONG_ACTION, span, message, help);
        }
        let mut parts = path.split('/');
        let names = (parts.next(), parts.next());
        if !matches!(names, (Some(owner), Some(name)) if !owner.is_empty() && !name.is_empty()) || version.is_empty() {
            let message = format!("`{reference}` names no action");
            let help = "write `owner/repository@version`, such as `actions/checkout@v4`";
            return self.error_with_help(codes::WRONG_ACTION, span, message, help);
        }
        let builtin: Vec<&str> = BuiltinAction::ALL.into_iter().map(BuiltinAction::name).collect();
        let why = "actions from other repositories are not supported by this version";
        let remedy = format!(
            "copy the action into the repository and use `./path`; built in are {}",
            builtin.join(", ")
        );
        self.note_unsupported(span, &format!("uses: {reference}"), why, &remedy);
    }

    /// Checks an action of the repository itself at the commit that runs.
    fn check_own_action(&mut self, path: &str, span: Span) {
        if path.contains('@') || path.is_empty() {
            let message = format!("`$/{path}` names no action");
            let help = "`$/` and a path name an action of this repository at the commit that runs, without a version";
            return self.error_with_help(codes::WRONG_ACTION, span, message, help);
        }
        let why = "actions are not read from the commit that runs by this version";
        let remedy = format!("check the repository out and write `./{path}`");
        self.note_unsupported(span, &format!("uses: $/{path}"), why, &remedy);
    }

    /// Returns an id of a job or step.
    pub(super) fn id(&mut self, node: &Node, what: &str) -> Option<String> {
        let id = self.plain(node, what)?;
        self.check_id(&id, node.span, what);
        Some(id)
    }

    pub(super) fn check_id(&mut self, id: &str, span: Span, what: &str) {
        let starts_well = id.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && !id.starts_with("__");
        let is_word = id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
        if !starts_well || !is_word || id.len() >= 100 {
            let message = format!("{what} cannot be `{id}`");
            let help = "an id has letters, digits, `-` and `_`, starts with a letter or one `_`, and has fewer than 100 \
                        characters; a title for people belongs into `name`";
            self.error_with_help(codes::WRONG_ID, span, message, help);
        }
    }
}
