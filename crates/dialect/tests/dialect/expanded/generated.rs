//! Projects of workflows that call each other, made by chance: what the expanded workflow is compared with.

use std::fmt::Write as _;

use super::project::Project;

/// Numbers that only look like chance.
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn of(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }

    fn once_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn pick<'i>(&mut self, items: &[&'i str]) -> &'i str {
        items[self.below(items.len())]
    }
}

/// A project whose top is `top.yml`, with the names of all its scripts.
pub(super) struct Generated {
    pub(super) files: Vec<(String, String)>,
    pub(super) names: Vec<String>,
}

impl Generated {
    pub(super) fn project(&self) -> Project {
        let files: Vec<(&str, &str)> = self
            .files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .collect();
        Project::of(&files)
    }
}

/// Returns a project: a workflow that calls nothing, one that may call it, and one on top that may call both.
pub(super) fn project(chance: &mut Chance) -> Generated {
    let mut generated = Generated {
        files: Vec::new(),
        names: Vec::new(),
    };
    for (index, name) in ["leaf", "middle", "top"].into_iter().enumerate() {
        let callable: &[&str] = &["leaf", "middle"][..index];
        let mut workflow = Workflow {
            name,
            is_called: name != "top",
            jobs: Vec::new(),
            text: String::new(),
            names: Vec::new(),
        };
        let count = 1 + chance.below(5);
        for id in ["a", "b", "c", "d", "e"].into_iter().take(count) {
            workflow.job(id, callable, chance);
        }
        let text = format!("{}jobs:\n{}", workflow.head(chance), workflow.text);
        generated.files.push((format!(".github/workflows/{name}.yml"), text));
        generated.names.extend(workflow.names);
    }
    generated
}

struct Workflow {
    name: &'static str,
    is_called: bool,
    /// The ids so far.
    jobs: Vec<&'static str>,
    text: String,
    names: Vec<String>,
}

impl Workflow {
    fn head(&self, chance: &mut Chance) -> String {
        let mut head = String::new();
        if self.is_called {
            head +=
                "on:\n  workflow_call:\n    inputs:\n      who: { type: string, default: 'no ${{ github.actor }}' }\n";
            head += "      flag: { type: boolean }\n    secrets: { key: {} }\n    outputs:\n";
            let some = self.jobs[chance.below(self.jobs.len())];
            let other = self.jobs[chance.below(self.jobs.len())];
            _ = writeln!(head, "      o: {{ value: '${{{{ jobs.{some}.outputs.o }}}}' }}");
            _ = writeln!(
                head,
                "      mix: {{ value: '${{{{ jobs.{other}.result }}}}/${{{{ inputs.who }}}}/${{{{ jobs.{some}.outputs.o }}}}' }}"
            );
        } else {
            head += "on: push\n";
        }
        _ = writeln!(head, "env: {{ X_OF_{}: '{}' }}", self.name.to_uppercase(), self.name);
        head
    }

    fn job(&mut self, id: &'static str, callable: &[&str], chance: &mut Chance) {
        let mut needs: Vec<&str> = Vec::new();
        for earlier in &self.jobs {
            if chance.once_in(2) {
                needs.push(earlier);
            }
        }
        _ = writeln!(self.text, "  {id}:");
        if !needs.is_empty() {
            _ = writeln!(self.text, "    needs: [{}]", needs.join(", "));
        }
        if let Some(condition) = self.condition(&needs, chance) {
            _ = writeln!(self.text, "    if: ${{{{ {condition} }}}}");
        }
        let has_matrix = chance.once_in(4);
        if has_matrix {
            self.text += "    strategy: { fail-fast: false, matrix: { m: [1, 2] } }\n";
        }
        if !callable.is_empty() && chance.once_in(2) {
            let called = chance.pick(callable);
            self.call(called, &needs, has_matrix, chance);
        } else {
            self.steps(id, &needs, has_matrix);
        }
        self.jobs.push(id);
    }

    fn call(&mut self, called: &str, needs: &[&str], has_matrix: bool, chance: &mut Chance) {
        _ = writeln!(self.text, "    uses: ./.github/workflows/{called}.yml");
        let value = match needs {
            _ if has_matrix && chance.once_in(2) => "leg ${{ matrix.m }}".to_owned(),
            [first, ..] if chance.once_in(2) => format!("${{{{ needs.{first}.outputs.o }}}}"),
            [first, ..] if chance.once_in(2) => format!("after ${{{{ needs.{first}.result }}}}"),
            [first, ..] if chance.once_in(2) => format!("${{{{ needs.{first}.result == 'success' }}}}"),
            _ if self.is_called && chance.once_in(2) => "${{ inputs.who }}".to_owned(),
            _ => "me".to_owned(),
        };
        _ = writeln!(self.text, "    with:\n      who: {value}");
        match needs {
            [first, ..] if chance.once_in(3) => {
                _ = writeln!(self.text, "      flag: ${{{{ needs.{first}.result == 'success' }}}}");
            }
            [first, ..] if chance.once_in(20) => {
                _ = writeln!(self.text, "      flag: ${{{{ needs.{first}.outputs.o }}}}");
            }
            _ if chance.once_in(2) => self.text += "      flag: true\n",
            _ => {}
        }
        self.text += match chance.below(4) {
            0 => "    secrets: inherit\n",
            1 if self.is_called => "    secrets: { key: '${{ secrets.key }}' }\n",
            1 | 2 => "    secrets: { key: 'x-${{ secrets.TOKEN }}' }\n",
            _ => "",
        };
    }

    fn steps(&mut self, id: &str, needs: &[&str], has_matrix: bool) {
        let name = format!("{}.{id}", self.name);
        let mut script = format!("do {name}");
        if has_matrix {
            script += " ${{ matrix.m }}";
        }
        if self.is_called {
            script += " ${{ inputs.who }} ${{ inputs.flag }} ${{ secrets.key }}";
        }
        for need in needs {
            _ = write!(
                script,
                " {need}=${{{{ needs.{need}.result }}}}/${{{{ needs.{need}.outputs.o }}}}/${{{{ needs.{need}.outputs.mix }}}}"
            );
        }
        script += " ${{ join(needs.*.result) }} ${{ secrets.TOKEN && format('{0}', github.job) }}";
        self.text += "    runs-on: x\n    outputs: { o: '${{ steps.s.outputs.o }}' }\n    steps:\n";
        _ = writeln!(self.text, "      - id: s\n        run: {script}");
        self.names.push(name);
    }

    fn condition(&self, needs: &[&str], chance: &mut Chance) -> Option<String> {
        let own = [
            "always()",
            "failure()",
            "success()",
            "!cancelled()",
            "success() || failure()",
            "always() && contains(needs.*.result, 'failure')",
            "!contains(needs.*.result, 'skipped')",
            "failure() || github.actor == 'mona'",
            "github.actor == 'hubot'",
            "cancelled() || success()",
            "!failure() && !cancelled()",
            "!success()",
            "needs.*.result && github.actor == 'mona'",
            "always() && join(needs.*.result) != 'success'",
        ];
        let mut all: Vec<String> = own.iter().map(ToString::to_string).collect();
        if self.is_called {
            all.extend(
                [
                    "inputs.flag",
                    "always() && inputs.flag",
                    "inputs.who != 'me' && !failure()",
                ]
                .map(Into::into),
            );
        }
        for need in needs {
            all.push(format!("needs.{need}.result == 'success'"));
            all.push(format!("always() && needs.{need}.result == 'skipped'"));
            all.push(format!("always() && needs.{need}.result != 'success'"));
            all.push(format!("!cancelled() && startsWith(needs.{need}.outputs.o, 'leaf')"));
            all.push(format!("needs.{need}.outputs.o && success()"));
            all.push(format!("failure() && needs.{need}.result == 'failure'"));
            all.push(format!("always() && needs['{need}']['outputs'].mix"));
            all.push(format!("!(needs.{need}.result == 'failure') || cancelled()"));
        }
        let at = chance.below(all.len());
        chance.once_in(2).then(|| all.swap_remove(at))
    }
}
