//! `runs` of an action: how it is carried out, in one of three forms.

use lockgate_core::diagnostic::nearest;
use lockgate_pipeline::action::{ActionRuns, NodeAction};
use lockgate_pipeline::expression::Condition;

use super::availability::{ACTION_IF, DOCKER_ARGUMENT};
use super::branding::{COLORS, ICONS};
use super::lowering::Lowering;
use super::shapes::{BRANDING, COMPOSITE_RUNS, DOCKER_RUNS, NODE_RUNS};
use super::step::Owner;
use crate::codes;
use crate::shape::Shape;
use crate::yaml::{Fields, Node};

/// How an action is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RunsForm {
    Composite,
    Node(u32),
    Docker,
}

/// The versions of Node that GitHub has offered.
const NODES: [u32; 4] = [12, 16, 20, 24];

impl RunsForm {
    /// Returns the form of `runs`, when `using` says one.
    pub(super) fn of(runs: &Node) -> Option<Self> {
        let using = runs.get("using")?.as_scalar()?.to_text().to_ascii_lowercase();
        match using.as_str() {
            "composite" => Some(Self::Composite),
            "docker" => Some(Self::Docker),
            other => {
                let version = other.strip_prefix("node")?.parse().ok()?;
                NODES.contains(&version).then_some(Self::Node(version))
            }
        }
    }

    fn shape(self) -> &'static Shape {
        match self {
            Self::Composite => &COMPOSITE_RUNS,
            Self::Node(_) => &NODE_RUNS,
            Self::Docker => &DOCKER_RUNS,
        }
    }
}

impl Lowering {
    pub(super) fn runs(&mut self, node: &Node) -> Option<ActionRuns> {
        let Some(form) = RunsForm::of(node) else {
            self.refuse_using(node);
            return None;
        };
        let mut fields = self.reader.shaped(node, form.shape())?;
        let using = fields.take_entry("using");
        match form {
            RunsForm::Composite => {
                let steps = fields.require("steps", &mut self.reader);
                fields.finish(&mut self.reader);
                Some(ActionRuns::Composite {
                    steps: self.steps(steps?, Owner::Composite),
                })
            }
            RunsForm::Node(version) => self.node_runs(fields, version),
            RunsForm::Docker => {
                self.docker_runs(fields);
                let why = "actions in containers are not supported by this version";
                let span = using.map_or(node.span, |using| using.value.span);
                self.note_unsupported(span, "using: docker", why, "run the program in a `run` step");
                Some(ActionRuns::Composite { steps: Vec::new() })
            }
        }
    }

    /// Says why `using` names no form.
    fn refuse_using(&mut self, runs: &Node) {
        let Some(using) = runs.get("using") else {
            return self.refuse_without_using(runs);
        };
        let Some(name) = self.reader.text(using, "`using`") else {
            return;
        };
        let message = format!("an action cannot run with `{name}`");
        let help = "possible are `composite`, `docker`, `node24` and `node20`, and the older `node16` and `node12`";
        self.error_with_help(codes::WRONG_ACTION_FILE, using.span, message, help);
    }

    fn refuse_without_using(&mut self, runs: &Node) {
        let Some(entries) = runs.as_mapping() else {
            return self.reader.wrong_type(runs, "`runs`", "a mapping of keys to values");
        };
        let slip = entries
            .iter()
            .find(|entry| nearest(&entry.key.name, ["using"]).is_some());
        if let Some(slip) = slip {
            let message = format!("`runs` has no key `{}`", slip.key.name);
            return self.error_with_help(codes::UNKNOWN_KEY, slip.key.span, message, "did you mean `using`?");
        }
        let first = entries.first().map_or(runs.span, |entry| entry.key.span);
        let help = "add it, for example `using: composite`";
        self.error_with_help(codes::MISSING_KEY, first, "`runs` needs the key `using`", help);
    }

    fn node_runs(&mut self, mut fields: Fields<'_>, version: u32) -> Option<ActionRuns> {
        let main = fields.require("main", &mut self.reader);
        let main = main.and_then(|main| self.plain(main, "`main`"));
        let pre = fields.take("pre").and_then(|node| self.plain(node, "`pre`"));
        let pre_if = fields.take("pre-if").and_then(|node| self.exact_condition(node));
        let post = fields.take("post").and_then(|node| self.plain(node, "`post`"));
        let post_if = fields.take("post-if").and_then(|node| self.exact_condition(node));
        fields.finish(&mut self.reader);
        Some(ActionRuns::Node(Box::new(NodeAction {
            version,
            main: main?,
            pre,
            pre_if,
            post,
            post_if,
        })))
    }

    fn docker_runs(&mut self, mut fields: Fields<'_>) {
        if let Some(image) = fields.require("image", &mut self.reader) {
            self.plain(image, "`image`");
        }
        for (key, what) in [
            ("entrypoint", "`entrypoint`"),
            ("pre-entrypoint", "`pre-entrypoint`"),
            ("post-entrypoint", "`post-entrypoint`"),
        ] {
            if let Some(node) = fields.take(key) {
                self.plain(node, what);
            }
        }
        for key in ["pre-if", "post-if"] {
            if let Some(node) = fields.take(key) {
                self.exact_condition(node);
            }
        }
        let arguments = fields.take("args").and_then(|node| self.reader.list(node, "`args`"));
        for argument in arguments.unwrap_or_default() {
            self.template(argument, "an item of `args`", &DOCKER_ARGUMENT);
        }
        if let Some(env) = fields.take("env") {
            self.entries(env, "`env`", &DOCKER_ARGUMENT);
        }
        fields.finish(&mut self.reader);
    }

    /// Returns a condition without an implied `success()`.
    fn exact_condition(&mut self, node: &Node) -> Option<Condition> {
        let condition = self.condition(node, &ACTION_IF)?;
        // The text was parsed above, so that this cannot fail.
        Condition::parse_exact(condition.source()).ok()
    }

    /// Reads what the marketplace shows.
    pub(super) fn branding(&mut self, node: &Node) {
        let Some(mut fields) = self.reader.shaped(node, &BRANDING) else {
            return;
        };
        for (key, what, possible) in [("icon", "`icon`", ICONS), ("color", "`color`", COLORS)] {
            if let Some(node) = fields.take(key) {
                let choices: Vec<(&str, ())> = possible.iter().map(|name| (*name, ())).collect();
                self.reader.choice(node, what, &choices);
            }
        }
        fields.finish(&mut self.reader);
    }
}
