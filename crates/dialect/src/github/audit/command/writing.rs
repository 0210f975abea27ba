//! What commands write to a file.

use super::super::subject::{Job, Step, Subject};
use super::{Command, Commands, MOST_TIMES, Part};

/// Returns what the script of a step writes to a file that its commands name by one of `names`; one that has none of them
/// is not looked into.
pub(in super::super) fn written<'n>(
    subject: &Subject<'n>,
    job: &Job<'n>,
    step: Step<'n>,
    names: &[&str],
) -> Vec<Vec<Part<'n>>> {
    if names.iter().any(|name| step.script().contains(name)) {
        subject.commands(job, step).written(names)
    } else {
        Vec::new()
    }
}

impl<'t> Commands<'t> {
    /// Returns what is written to a file that commands name by one of `names`: the parts of each such command, of what
    /// is piped to it, of its here-documents, and of the group that it closes.
    pub(in super::super) fn written(&self, names: &[&str]) -> Vec<Vec<Part<'t>>> {
        let mut budget = MOST_TIMES * self.script.len();
        let mut found = Vec::new();
        let all = self.names(names);
        for (at, command) in self.list.iter().enumerate() {
            if command.writes_to(&all) {
                let from = self.within(&mut budget, self.reaches[at].pipe, at);
                let parts = self.list[from..=at].iter().filter(|command| !command.is_asking());
                found.push(parts.flat_map(|command| command.parts(self.script)).collect());
            }
        }
        found.extend(self.otherwise.iter().flat_map(|otherwise| otherwise.written(names)));
        found
    }

    /// Returns by what commands name a file that is named by one of `names`, also by variables that stand for it.
    pub(in super::super) fn names(&self, names: &[&str]) -> Vec<String> {
        /// More names than a script gives to a file.
        const MOST: usize = 4;
        let of_command = |command: &Command<'t>| {
            let is_named = names.iter().any(|name| command.text.contains(name));
            let (name, value) = is_named.then(|| command.assignment())??;
            let value = value.trim_matches('"').strip_prefix('$')?;
            let file = value.trim_start_matches('{').trim_end_matches('}');
            names
                .contains(&file)
                .then(|| [format!("${name}"), format!("${{{name}}}")])
        };
        let may_be_set = |command: &&Command<'t>| command.text.contains('=') && !command.writes();
        let commands = self.list.iter().filter(may_be_set);
        let others = commands.filter_map(of_command).take(MOST).flatten();
        names.iter().map(|name| (*name).to_owned()).chain(others).collect()
    }
}

impl Command<'_> {
    /// Returns whether it writes to a file that has one of these names.
    pub(super) fn writes_to(&self, names: &[String]) -> bool {
        names.iter().any(|name| self.text.contains(name.as_str())) && self.writes()
    }

    fn writes(&self) -> bool {
        const WRITING: [&str; 6] = [">", "tee", "Out-File", "Add-Content", "Set-Content", "::set-output"];
        WRITING.iter().any(|word| self.text.contains(word))
    }

    /// Returns whether it only decides whether others run.
    fn is_asking(&self) -> bool {
        matches!(
            self.text.split_whitespace().next(),
            Some("if" | "elif" | "while" | "until" | "case")
        ) || matches!(self.word(), "[" | "[[" | "test")
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::shell::Shell;
    use super::*;

    #[track_caller]
    fn writes(script: &str, expected: &[&str]) {
        let names: Vec<&str> = Commands::of(script, Shell::Posix)
            .written(&["OUT"])
            .iter()
            .flatten()
            .flat_map(Part::variables)
            .map(|(at, name)| {
                assert!(script[at..].starts_with(name), "{script}");
                name
            })
            .filter(|name| *name != "OUT")
            .collect();
        assert_eq!(names, expected, "{script}");
    }

    #[test]
    fn groups_in_groups_are_not_looked_at_again_and_again() {
        let groups = 200;
        let line = "$A ".repeat(1000);
        let script = format!("{}echo {line};{}", "{ ".repeat(groups), " } >> $OUT;".repeat(groups));
        let parts = Commands::of(&script, Shell::Posix).written(&["OUT"]);
        assert_eq!(parts.len(), groups);
        let bytes: usize = parts.iter().flatten().map(|part| part.text.len()).sum();
        assert!(bytes <= (MOST_TIMES + 1) * script.len(), "{bytes}");
    }

    #[test]
    fn what_is_written_is_told_from_what_is_asked() {
        writes("echo \"t=$T\" >> \"$OUT\"", &["T"]);
        writes("if [[ \"$T\" == a* ]]; then echo k=a >> $OUT; fi", &[]);
        writes("if [ \"$T\" ]\nthen\n  echo \"$A\"\nfi >> $OUT", &["A"]);
        writes("{ echo 't<<E'\n echo \"$T\"\n echo E\n} >> \"$OUT\"\necho $B", &["T"]);
        writes("(echo \"$A\"; echo $B) | tee -a $OUT; echo $C", &["A", "B"]);
        writes("cat >> $OUT <<E\nZ=$T\nE\necho $B", &["T"]);
        writes("cat >> $OUT <<'E'\nZ=$T\nE", &[]);
        writes("echo '$A' \"\\$B\" \"${C}\" | sort -u | tee $OUT", &["C"]);
        writes("echo $A; echo $OUT; [ $B ] && echo x > $OUT", &[]);
        writes("for x in $A; do echo $x; done >> $OUT", &["A", "x"]);
        writes("echo ok # was: echo \"$A\" >> $OUT", &[]);
        writes("(( n << 2 ))\necho \"$A\" >> $OUT", &["A"]);
        writes("echo $'it\\'s' \"$A\" '$B' >> $OUT", &["A"]);
        writes("f=\"$OUT\"\necho \"$A\" >> \"$f\"; echo $B > g", &["A", "f"]);
        writes("export F=${OUT}; cat >> ${F} <<E\n$A\nE", &["F", "A"]);
        writes("f=$OUT.txt; echo $A >> $f", &[]);
        writes("case $A in a) echo \"$B\" >> $OUT;; esac", &["B"]);
        writes("{ f() { echo; }; echo $A; } >> $OUT", &["A"]);
        writes("{ f () { echo; }; function g { echo; }; echo $A; } >> $OUT", &["A"]);
        writes("function f() { echo $A; } >> $OUT; echo $B", &["A"]);
        writes("f()\n{ echo $A; } >> $OUT", &["A"]);
        writes("{ if f; then echo; fi; echo $A; } >> $OUT; echo $B", &["A"]);
        writes("echo \"$(cat <<'E'\n$A\nE\n)$B\" >> $OUT", &["B"]);
    }
}
