//! Action files: `action.yml` and `action.yaml`.

use lockgate_core::{Diagnostic, Severity, SourceFile, Span};
use lockgate_pipeline::action::{ActionDefinition, ActionInput};
use lockgate_pipeline::definition::Entries;

use super::LocalUse;
use super::action_runs::RunsForm;
use super::availability::{ACTION_INPUT_DEFAULT, ACTION_OUTPUT as ACTION_OUTPUT_VALUE};
use super::lowering::Lowering;
use super::shapes::{ACTION, ACTION_INPUT, ACTION_OUTPUT};
use crate::codes;
use crate::yaml::{self, Content, Fields, Node, Resolved};

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
    let (node, diagnostics) = yaml::parse(file);
    lower_parsed(file, node.as_ref(), diagnostics)
}

/// Returns the action that `file` defines; `node` and `diagnostics` are what [`yaml::parse`] has returned of it.
pub fn lower_parsed(file: &SourceFile, node: Option<&Node>, mut diagnostics: Vec<Diagnostic>) -> LoweredAction {
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
    lowering.check_case(node);
    let action = lowering.action(node);
    let uses = std::mem::take(&mut lowering.uses);
    let diagnostics = lowering.reader.into_diagnostics();
    let has_error = diagnostics.iter().any(|found| found.severity == Severity::Error);
    LoweredAction {
        action: action.filter(|_| !has_error),
        diagnostics,
        inputs: declared_inputs(node),
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
        let mut fields = self.reader.shaped(node, &ACTION)?;
        let name = self.heading(&mut fields, "name");
        self.heading(&mut fields, "description");
        if let Some(author) = fields.take("author") {
            self.plain_or_empty(author, "`author`");
        }
        let inputs = fields
            .take("inputs")
            .map(|node| self.action_inputs(node))
            .unwrap_or_default();
        self.known.inputs = Some(inputs.iter().map(|input| input.name.clone()).collect());
        let written = fields.require("runs", &mut self.reader);
        self.known.steps = written.and_then(|runs| runs.get("steps")).map(Self::step_ids);
        let form = written.and_then(RunsForm::of);
        let runs = written.and_then(|runs| self.runs(runs));
        let outputs = fields
            .take("outputs")
            .map(|node| self.action_outputs(node, form))
            .unwrap_or_default();
        if let Some(branding) = fields.take("branding") {
            self.branding(branding);
        }
        if written.is_some() {
            self.other_keys(fields);
        } else {
            fields.finish(&mut self.reader);
        }
        Some(ActionDefinition {
            name: name.unwrap_or_else(|| self.reader.file().path.to_string()),
            inputs,
            outputs,
            runs: runs?,
            unsupported: std::mem::take(&mut self.unsupported),
        })
    }

    /// Returns a text that describes the action; a runner does without.
    fn heading(&mut self, fields: &mut Fields<'_>, key: &'static str) -> Option<String> {
        let Some(node) = fields.take(key) else {
            if !fields.has_slip_of(key) {
                let message = format!("an action should have the key `{key}`");
                let help = format!("GitHub's syntax requires it, and lists no action without; add `{key}: …`");
                self.warning(codes::MISSING_KEY, fields.first_key(), message, help);
            }
            return None;
        };
        self.plain_or_empty(node, &format!("`{key}`"))
            .filter(|text| !text.is_empty())
    }

    /// Warns of the keys at the top that GitHub does not know: its runner passes over them.
    fn other_keys(&mut self, fields: Fields<'_>) {
        for entry in fields.rest() {
            self.refuse_expressions(&entry.value, &entry.key.name);
        }
        fields.finish_with(&mut self.reader, |entry, diagnostic| Diagnostic {
            severity: if entry.key.name.contains("${{") {
                Severity::Error
            } else {
                Severity::Warning
            },
            ..diagnostic
        });
    }

    fn action_inputs(&mut self, node: &Node) -> Vec<ActionInput> {
        let Some(fields) = self.reader.fields(node, "`inputs`") else {
            return Vec::new();
        };
        let mut inputs = Vec::new();
        for entry in fields.rest() {
            self.plain_name(entry, "`inputs`");
            let Some(mut fields) = self.reader.shaped(&entry.value, &ACTION_INPUT) else {
                continue;
            };
            if let Some(description) = fields.take("description") {
                self.plain_or_empty(description, "`description`");
            }
            if let Some(required) = fields.take("required") {
                self.required_input(required);
            }
            let default = fields.take("default");
            let default = default.and_then(|node| self.template(node, "`default`", &ACTION_INPUT_DEFAULT));
            let deprecation = fields.take("deprecationMessage");
            for other in fields.rest() {
                if other.key.name.contains("${{") {
                    let message = "no expression is evaluated in the keys of an input";
                    self.error(codes::EXPRESSION_NOT_ALLOWED, other.key.span, message);
                }
                self.refuse_expressions(&other.value, &other.key.name);
            }
            inputs.push(ActionInput {
                name: entry.key.name.clone(),
                default,
                deprecation: deprecation.and_then(|node| self.plain_or_empty(node, "`deprecationMessage`")),
            });
        }
        inputs
    }

    /// Notes expressions in what is not read: there, too, a runner evaluates none and refuses the file.
    fn refuse_expressions(&mut self, node: &Node, key: &str) {
        match &node.content {
            Content::Scalar(_) => {
                self.plain_or_empty(node, &format!("`{key}`"));
            }
            Content::Sequence(items) => {
                for item in items {
                    self.refuse_expressions(item, key);
                }
            }
            Content::Mapping(entries) => {
                for entry in entries {
                    self.refuse_expressions(&entry.value, key);
                }
            }
        }
    }

    /// Checks `required`, which the runner does not read: a text is only told.
    fn required_input(&mut self, node: &Node) {
        self.refuse_expressions(node, "required");
        let is_boolean = node
            .as_scalar()
            .is_some_and(|scalar| matches!(scalar.resolved, Resolved::Boolean(_)));
        if !is_boolean && !node.has_expression() {
            let message = format!("`required` must be `true` or `false`, not {}", node.kind());
            let help = "write it without quotes: `required: true`";
            self.warning(codes::WRONG_TYPE, node.span, message, help);
        }
    }

    fn action_outputs(&mut self, node: &Node, form: Option<RunsForm>) -> Entries {
        let Some(fields) = self.reader.fields(node, "`outputs`") else {
            return Entries::new();
        };
        let mut outputs = Entries::new();
        for entry in fields.rest() {
            self.plain_name(entry, "`outputs`");
            let Some(mut fields) = self.reader.shaped(&entry.value, &ACTION_OUTPUT) else {
                continue;
            };
            if let Some(description) = fields.take("description") {
                self.plain_or_empty(description, "`description`");
            }
            let value = fields.take("value");
            if value.is_none() && form == Some(RunsForm::Composite) && !fields.has_slip_of("value") {
                let message = format!("the output `{}` of a composite action has no `value`", entry.key.name);
                let help = "say what it is, for example `value: ${{ steps.build.outputs.digest }}`";
                self.error_with_help(codes::MISSING_KEY, entry.key.span, message, help);
            }
            if let Some(template) = value.and_then(|value| self.template(value, "`value`", &ACTION_OUTPUT_VALUE)) {
                outputs.push((entry.key.name.clone(), template));
            }
            fields.finish(&mut self.reader);
        }
        outputs
    }
}

#[cfg(test)]
mod tests {
    use lockgate_pipeline::action::ActionRuns;

    use super::*;

    fn read(text: &str) -> LoweredAction {
        lower(&SourceFile::new("action.yml", text))
    }

    #[test]
    fn a_node_action_is_read_with_its_hooks() {
        let lowered = read(
            "name: n\ndescription: d\ninputs:\n  a: { default: '${{ github.token }}' }\n  b: {}\nruns:\n  using: node20\n  main: m.js\n  \
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
        let lowered = read("name: n\ndescription: d\nruns:\n  using: composite\n  steps:\n    - run: echo\n");
        assert!(lowered.action.is_none());
        assert_eq!(lowered.diagnostics[0].code, codes::MISSING_KEY);
        let lowered = read(
            "name: n\ndescription: d\noutputs:\n  o: { value: '${{ steps.s.outputs.x }}' }\nruns:\n  using: composite\n  steps:\n    \
             - { id: s, run: echo, shell: bash }\n",
        );
        assert_eq!(lowered.diagnostics, []);
        assert_eq!(lowered.action.unwrap().outputs.len(), 1);
    }

    #[test]
    fn a_docker_action_is_refused_only_when_it_runs() {
        let lowered = read("name: n\ndescription: d\nruns:\n  using: docker\n  image: Dockerfile\n");
        assert_eq!(lowered.diagnostics[0].code, codes::NOT_YET_SUPPORTED);
        assert_eq!(lowered.action.unwrap().unsupported[0].what, "using: docker");
    }
}
