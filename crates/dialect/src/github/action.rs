//! Action files: `action.yml` and `action.yaml`.

use lockgate_core::{Diagnostic, Severity, SourceFile, Span};
use lockgate_pipeline::action::{ActionDefinition, ActionInput, ActionRuns, NodeAction};
use lockgate_pipeline::definition::Entries;
use lockgate_pipeline::expression::Condition;

use super::LocalUse;
use super::availability::{ACTION_IF, ACTION_INPUT_DEFAULT, ACTION_OUTPUT};
use super::lowering::Lowering;
use super::step::Owner;
use crate::codes;
use crate::yaml::{self, Fields, Node};

/// What became of an action file.
#[derive(Clone, Debug)]
pub struct LoweredAction {
    /// The action; `None` when a diagnostic is an error.
    pub action: Option<ActionDefinition>,
    /// Everything that is wrong or doubtful, in the order of the file.
    pub diagnostics: Vec<Diagnostic>,
    /// The inputs, in the order of the file.
    pub inputs: Vec<DeclaredInput>,
    /// The steps that use actions of the repository itself, in the order of the file.
    pub uses: Vec<LocalUse>,
}

/// An input as far as those have to know it who use the action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredInput {
    /// The name.
    pub name: String,
    /// Whether it says that it has to be given.
    pub is_required: bool,
    /// Whether it has a value of its own when it is not given.
    pub has_default: bool,
}

/// Returns the action that `file` defines, and everything that is wrong with it.
pub fn lower(file: &SourceFile) -> LoweredAction {
    let (node, mut diagnostics) = yaml::parse(file);
    let Some(node) = node.filter(|node| !node.is_null()) else {
        if diagnostics.is_empty() {
            let empty = Diagnostic::error(codes::EMPTY_FILE, file, Span::new(0, 0), "the file is empty");
            diagnostics.push(empty.help("an action has at least `name` and `runs`"));
        }
        return LoweredAction {
            action: None,
            diagnostics,
            inputs: Vec::new(),
            uses: Vec::new(),
        };
    };
    let mut lowering = Lowering::new(file);
    for diagnostic in diagnostics {
        lowering.reader.report(diagnostic);
    }
    let action = lowering.action(&node);
    let uses = std::mem::take(&mut lowering.uses);
    let diagnostics = lowering.reader.into_diagnostics();
    let has_error = diagnostics.iter().any(|found| found.severity == Severity::Error);
    LoweredAction {
        action: action.filter(|_| !has_error),
        diagnostics,
        inputs: declared_inputs(&node),
        uses,
    }
}

fn declared_inputs(action: &Node) -> Vec<DeclaredInput> {
    let inputs = action.get("inputs").and_then(Node::as_mapping).unwrap_or_default();
    let declared = inputs.iter().map(|entry| DeclaredInput {
        name: entry.key.name.clone(),
        is_required: entry
            .value
            .get("required")
            .and_then(Node::as_scalar)
            .is_some_and(|scalar| scalar.text == "true"),
        has_default: entry.value.get("default").is_some(),
    });
    declared.collect()
}

impl Lowering {
    fn action(&mut self, node: &Node) -> Option<ActionDefinition> {
        let mut fields = self.reader.fields(node, "an action")?;
        let name = fields.take("name").and_then(|name| self.reader.text(name, "`name`"));
        let inputs = fields
            .take("inputs")
            .map(|node| self.action_inputs(node))
            .unwrap_or_default();
        self.known.inputs = Some(inputs.iter().map(|input| input.name.clone()).collect());
        let runs = fields.require("runs", &mut self.reader);
        self.known.steps = runs.and_then(|runs| runs.get("steps")).map(Self::step_ids);
        let runs = runs.and_then(|runs| self.runs(runs));
        // What describes the action and what other versions of the file know has no effect here: any key may stand.
        let outputs = fields
            .take("outputs")
            .map(|node| self.action_outputs(node))
            .unwrap_or_default();
        Some(ActionDefinition {
            name: name.unwrap_or_else(|| self.reader.file().path.to_string()),
            inputs,
            outputs,
            runs: runs?,
            unsupported: std::mem::take(&mut self.unsupported),
        })
    }

    fn action_inputs(&mut self, node: &Node) -> Vec<ActionInput> {
        let Some(fields) = optional_fields(self, node, "`inputs`") else {
            return Vec::new();
        };
        let mut inputs = Vec::new();
        for entry in fields.rest() {
            let mut input = ActionInput {
                name: entry.key.name.clone(),
                default: None,
                deprecation: None,
            };
            if let Some(mut fields) = optional_fields(self, &entry.value, "an input") {
                let default = fields.take("default");
                input.default = default.and_then(|node| self.template(node, "`default`", &ACTION_INPUT_DEFAULT));
                let deprecation = fields.take("deprecationMessage").and_then(Node::as_scalar);
                input.deprecation = deprecation.map(yaml::Scalar::to_text);
            }
            inputs.push(input);
        }
        inputs
    }

    fn action_outputs(&mut self, node: &Node) -> Entries {
        let Some(fields) = optional_fields(self, node, "`outputs`") else {
            return Entries::new();
        };
        let mut outputs = Entries::new();
        for entry in fields.rest() {
            let value = optional_fields(self, &entry.value, "an output").and_then(|mut fields| fields.take("value"));
            if let Some(template) = value.and_then(|value| self.template(value, "`value`", &ACTION_OUTPUT)) {
                outputs.push((entry.key.name.clone(), template));
            }
        }
        outputs
    }

    fn runs(&mut self, node: &Node) -> Option<ActionRuns> {
        let mut fields = self.reader.fields(node, "`runs`")?;
        let using = fields.require("using", &mut self.reader)?;
        let name = self.reader.text(using, "`using`")?;
        match name.to_ascii_lowercase().as_str() {
            "composite" => {
                let steps = fields.require("steps", &mut self.reader);
                fields.finish(&mut self.reader);
                let steps = self.steps(steps?, Owner::Composite);
                Some(ActionRuns::Composite { steps })
            }
            "docker" => {
                let why = "actions in containers are not supported by this version";
                self.note_unsupported(using.span, "using: docker", why, "run the program in a `run` step");
                Some(ActionRuns::Composite { steps: Vec::new() })
            }
            other => {
                let version = other.strip_prefix("node").and_then(|version| version.parse().ok());
                if let Some(version @ 12..) = version {
                    return self.node_runs(fields, version);
                }
                let message = format!("an action cannot run with `{name}`");
                let help = "possible are `composite`, `node20` and `node24` (older versions of Node too) and `docker`";
                self.error_with_help(codes::WRONG_ACTION_FILE, using.span, message, help);
                None
            }
        }
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

    /// Returns a condition without an implied `success()`.
    fn exact_condition(&mut self, node: &Node) -> Option<Condition> {
        let condition = self.condition(node, &ACTION_IF)?;
        // The text was parsed above, so that this cannot fail.
        Condition::parse_exact(condition.source()).ok()
    }
}

/// Returns the fields of a mapping that may be left empty.
fn optional_fields<'n>(lowering: &mut Lowering, node: &'n Node, what: &'static str) -> Option<Fields<'n>> {
    if node.is_null() {
        return None;
    }
    lowering.reader.fields(node, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> LoweredAction {
        lower(&SourceFile::new("action.yml", text))
    }

    #[test]
    fn a_node_action_is_read_with_its_hooks() {
        let lowered = read(
            "name: n\ninputs:\n  a: { default: '${{ github.token }}' }\n  b:\nruns:\n  using: node20\n  main: m.js\n  \
             post: p.js\n  post-if: success()\n  pre-if: runner.os == 'Linux'\n",
        );
        assert_eq!(lowered.diagnostics, []);
        let action = lowered.action.unwrap();
        assert_eq!(action.inputs.len(), 2);
        let ActionRuns::Node(node) = action.runs else {
            panic!("no Node action");
        };
        assert_eq!(
            (node.version, node.main.as_str(), node.post.as_deref()),
            (20, "m.js", Some("p.js"))
        );
        assert!(node.pre_if.unwrap().uses_status_function());
    }

    #[test]
    fn a_composite_action_needs_a_shell_for_each_command() {
        let lowered = read("name: n\nruns:\n  using: composite\n  steps:\n    - run: echo\n");
        assert!(lowered.action.is_none());
        assert_eq!(lowered.diagnostics[0].code, codes::MISSING_KEY);
        let lowered = read(
            "name: n\noutputs:\n  o: { value: '${{ steps.s.outputs.x }}' }\nruns:\n  using: composite\n  steps:\n    \
             - { id: s, run: echo, shell: bash }\n",
        );
        assert_eq!(lowered.diagnostics, []);
        assert_eq!(lowered.action.unwrap().outputs.len(), 1);
    }

    #[test]
    fn a_docker_action_is_refused_only_when_it_runs() {
        let lowered = read("name: n\nruns:\n  using: docker\n  image: Dockerfile\n");
        assert_eq!(lowered.diagnostics[0].code, codes::NOT_YET_SUPPORTED);
        assert_eq!(lowered.action.unwrap().unsupported[0].what, "using: docker");
    }
}
