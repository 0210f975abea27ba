//! What is mended and what is left to people, one rule at a time.

use super::*;

#[test]
fn what_stands_outside_of_anchors_is_mended() {
    let head =
        "on: issues\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    env: &env { A: b }\n    steps:\n";
    let step = "- run: echo \"${{ github.event.issue.title }}\"\n";
    let other = "  b:\n    runs-on: ubuntu-latest\n    env: *env\n    steps:\n";
    let fixed = |text: String| fix(&SourceFile::new("a.yml", text), None, Strictness::Lenient);
    assert_eq!(fixed(format!("{head}      {step}")).done.len(), 1);
    let shared = format!("{head}      - &step\n        {}{other}      - *step\n", &step[2..]);
    assert_eq!(fixed(shared.clone()).text, shared);
    let both = fixed(format!("{shared}      {step}"));
    assert_eq!(both.done.len(), 1);
    assert_eq!(both.text.matches("${{ github.event.issue.title }}").count(), 2);
}

#[test]
fn a_fix_that_would_change_what_is_done_is_not_safe() {
    for line in [
        "for i in ${{ github.event.issue.title }}; do echo; done",
        "set -- ${{ github.event.issue.title }}",
        "ARGS=(${{ github.event.issue.title }})",
        "echo \\${{ github.event.issue.title }}",
        "echo \"${{ github.event.issue.title }}\" | bash",
        "bash -c \"${{ github.event.issue.title }}\"",
        "echo \"${{ github.event.issue.title }}\" | xargs touch",
        "f() { eval \"$1\"; }; f \"${{ github.event.issue.title }}\"",
        "CMD=\"${{ github.event.issue.title }}\"; eval \"$CMD\"",
        "make ${{ github.event.issue.title && format('--title {0}', github.event.issue.title) || '' }} --fast",
        "make ${{ github.event.issue.title }}",
        "echo \"$URL_${{ github.event.issue.title }}\"",
        "echo \"$${{ github.event.issue.title }}\"",
    ] {
        let file = script(&format!("          {line}\n"));
        assert_eq!(audit(&file, None)[0].diagnostic.code, codes::UNTRUSTED_SCRIPT, "{line}");
        assert_eq!(fix(&file, None, Strictness::Strict).text, *file.text, "{line}");
    }
}

#[test]
fn what_is_read_as_commands_by_any_way_stays_and_is_told() {
    const TITLE: &str = "${{ github.event.issue.title }}";
    for line in [
        "python3.11 -c \"print('TEXT')\"",
        "python2 -c \"print('TEXT')\"",
        "nodejs -e \"console.log('TEXT')\"",
        "php8.2 -r \"echo 'TEXT';\"",
        "bun -e \"TEXT\"",
        "lua -e \"TEXT\"",
        "Rscript -e \"TEXT\"",
        "julia -e \"TEXT\"",
        "groovy -e \"TEXT\"",
        "powershell -Command \"TEXT\"",
        "cmd.exe /c \"TEXT\"",
        "script -c \"TEXT\"",
        "runuser -c \"TEXT\"",
        "tmux new \"TEXT\"",
        "nvim -c \"TEXT\"",
        "osascript -e \"TEXT\"",
        "mariadb -e \"TEXT\"",
        "sudo -s \"TEXT\"",
        "unheard-of --eval=\"TEXT\"",
        "docker exec app sh -c \"TEXT\"",
        "echo \"TEXT\" | python3.11",
        "echo \"TEXT\" | at now",
        "echo \"TEXT\" | tee x | sudo -u app bash",
        "{ echo \"TEXT\"; } |\n            python3.11",
        "( echo \"TEXT\" ) | nodejs",
        "echo \"TEXT\" | (bash)",
        "echo \"TEXT\" | (true; (sh))",
        "echo \"TEXT\" | cat $(bash)",
        "A=\"TEXT\"; export PS4=\"$A\"; set -x",
        "for i in a; do\n            echo \"TEXT\"\n          done | lua",
        "CMD=\"echo TEXT\"; $CMD",
        "CMD=\"echo TEXT\"; OTHER=\"$CMD\"\n          \"$OTHER\"",
        "CMD=$(echo \"TEXT\"); sudo $CMD",
        "for CMD in \"TEXT\"; do $CMD; done",
        "f() { \"$@\"; }; f echo \"TEXT\"",
        "N=\"TEXT\"; echo $((N + 1))",
        "N=\"TEXT\"; [[ $N -gt 1 ]]",
        "export BASH_ENV=\"TEXT\"",
        "PS4=\"TEXT\"; set -x",
        "PROMPT_COMMAND=\"TEXT\" bash a.sh",
        "env NODE_OPTIONS=\"TEXT\" ./deploy",
        "test -v \"TEXT\"",
        "local -i n=\"TEXT\"",
        "$(echo \"TEXT\")",
        "\"TEXT\" --version",
        "$TOOL \"TEXT\"",
        "echo \"TEXT\" > run.sh; bash run.sh",
        "echo \"TEXT\" > run; ./run",
        "echo \"TEXT\" | tee tools/run; chmod +x tools/run",
        "exec > >(bash); echo \"TEXT\"",
        "echo \"TEXT\" > >(bash)",
        "bash <(echo \"TEXT\")",
        "git -c core.pager=\"TEXT\" log",
        "git config alias.x \"TEXT\"",
        "X=\"TEXT\"\n          if [[ a &&\n            1 -eq $X ]]; then b; fi",
        "[[ a\n            -eq \"TEXT\" ]]",
        "X=\"TEXT\"\n          ((\n            X > 1\n          )) && b",
        "f() { echo $(( $1 + 1 )); }; f \"TEXT\"",
        "f() { local n=\"$1\"; (( n > 1 )); }; f \"TEXT\"",
        "f() { [[ $2 -gt 1 ]]; }; f a \"TEXT\"",
        "f() {\n            echo \"TEXT\"\n          }\n          N=$(f); $N",
        "f() { echo \"TEXT\"; }; N=\"$(f) a\"\n          M=$N\n          sudo $M",
        "f() { echo \"TEXT\"; }; f | while read N; do $N; done",
        "f() { echo \"TEXT\"; }; f > .env; . ./.env",
        "echo \"A=TEXT\" >> .env.tmp; mv .env.tmp .env; source .env",
        "declare -i N; N=\"TEXT\"",
        "rails runner \"puts 'TEXT'\"",
        "adb shell \"TEXT\"",
        "watchexec \"make TITLE=TEXT\"",
        "cargo watch -s \"TEXT\"",
        "run-s \"build TEXT\"",
        "sbt \"run TEXT\"",
        "plink host \"TEXT\"",
        "rpmbuild --define \"title TEXT\" a.spec",
    ] {
        let file = script(&format!("          {}\n", line.replace("TEXT", TITLE)));
        let fixed = fix(&file, None, Strictness::Strict);
        assert_eq!(fixed.text, *file.text, "{line}");
        assert_eq!(audit(&file, None)[0].diagnostic.code, codes::UNTRUSTED_SCRIPT, "{line}");
    }
}

/// Returns the fix of a script of strangers in a file, and what is told to do.
fn first(file: &SourceFile) -> (Option<Fix>, String) {
    let mut found = audit(file, None).into_iter();
    let found = found.find(|found| found.diagnostic.code == codes::UNTRUSTED_SCRIPT);
    found.map_or_else(Default::default, |found| {
        (found.fix, found.diagnostic.help.unwrap_or_default())
    })
}

#[test]
fn a_text_that_is_not_known_to_stay_data_is_left_to_people() {
    for (line, why) in [
        ("./deploy \"TEXT\"", "it is not known that the program takes it"),
        ("A=(\"TEXT\"); ./deploy \"${A[@]}\"", "what becomes of a list"),
        ("git push origin \"TEXT\"", "for an option"),
        ("A=\"TEXT\"; git commit -m $A", "without quotes"),
        ("echo \"TEXT\" > note", "goes to a program or file"),
        ("echo \"TEXT\" | ./deploy", "goes to a program or file"),
        ("(echo \"TEXT\")", "not followed where"),
        ("export A=\"TEXT\"", "programs may get the variable"),
        (
            "A=\"TEXT\"; cat <<E\n          $A\n          E",
            "may be run in another place",
        ),
        ("f() { a; }; echo \"TEXT\"", "may run any text"),
        ("cat > \"TEXT\"", "which file"),
        ("[[ \"TEXT\" -gt 1 ]]", "calculate"),
        ("\"TEXT\" a", "the command itself"),
    ] {
        let lines = line.replace("TEXT", "${{ github.event.issue.title }}");
        let file = script(&format!("          {lines}\n"));
        assert_eq!(fix(&file, None, Strictness::Strict).text, *file.text, "{line}");
        let (fix, help) = first(&file);
        assert_eq!(fix.map(|fix| fix.safety), Some(Safety::ForPeople), "{line}");
        assert!(help.contains(why), "{line}: {help}");
    }
}

#[test]
fn what_is_only_a_value_becomes_a_variable() {
    const TITLE: &str = "${{ github.event.issue.title }}";
    for line in [
        "echo \"TEXT\"",
        "echo 'TEXT'",
        "printf '%s\\n' \"TEXT\"",
        "make build && echo \"TEXT\"",
        "curl -X POST -d \"{\\\"text\\\": \\\"TEXT\\\"}\" https://example.com | jq .id",
        "git commit -m \"TEXT\" && git push origin HEAD",
        "docker build -t \"app:TEXT\" .",
        "gh pr comment 1 --body \"TEXT\"",
        "if [ \"TEXT\" = \"a\" ]; then echo b; fi",
        "if [[ \"TEXT\" =~ ^a ]]; then echo b; fi",
        "case \"TEXT\" in a) echo b;; esac",
        "TITLE=\"$(echo \"TEXT\" | tr -d ' ')\"\n          echo \"title=$TITLE\" >> \"$GITHUB_OUTPUT\"",
    ] {
        let file = script(&format!("          {}\n", line.replace("TEXT", TITLE)));
        let fixed = fix(&file, None, Strictness::Strict);
        assert_eq!(fixed.text.matches(TITLE).count(), 1, "{line}:\n{}", fixed.text);
        assert!(fixed.text.contains("${ISSUE_TITLE}"), "{line}:\n{}", fixed.text);
    }
}

#[test]
fn a_variable_that_programs_get_is_left_to_people() {
    let set = "          TITLE=\"${{ github.event.issue.title }}\"; make\n";
    let plain = script(set);
    let with = |from: &str, to: &str| SourceFile::new("a.yml", plain.text.replace(from, to));
    for (file, is_mended) in [
        (script(set), true),
        (with("permissions", "env: { TITLE: a }\npermissions"), false),
        (with("permissions", "env: { TITLE_OF: a }\npermissions"), true),
        (
            with("    steps", "    env: '${{ fromJSON(vars.A) }}'\n    steps"),
            false,
        ),
        (
            with("    steps", "    container: { image: a, env: { TITLE: a } }\n    steps"),
            false,
        ),
        (
            with("- run: |", "- run: echo \"TITLE=a\" >> $GITHUB_ENV\n      - run: |"),
            false,
        ),
        (with("- run: |", "- env: { TITLE: a }\n        run: |"), false),
    ] {
        let fixed = fix(&file, None, Strictness::Strict);
        assert_eq!(fixed.done.len(), usize::from(is_mended), "{}", file.text);
    }
}

#[test]
fn a_secret_becomes_a_variable_wherever_that_is_the_same() {
    for (line, is_mended) in [
        ("./deploy --token \"${{ secrets.A }}\"", true),
        ("echo \"${{ secrets.A }}\" > key.json", true),
        ("bash -c \"./deploy ${{ github.token }}\"", true),
        ("./deploy \"${{ secrets.A || github.event.issue.title }}\"", false),
    ] {
        let fixed = fix(&script(&format!("          {line}\n")), None, Strictness::Strict);
        assert_eq!(fixed.done.len(), usize::from(is_mended), "{line}");
    }
}

/// Returns a line whose fix spoils something, as a variable with line breaks would come to all later steps.
fn spoilt(number: usize) -> String {
    format!("          echo \"A{number}=${{{{ github.event.issue.body }}}}\" >> \"$GITHUB_ENV\"\n")
}

#[test]
fn what_cannot_be_mended_keeps_nothing_else_from_it() {
    let pair = |number| {
        format!(
            "{}          echo \"${{{{ github.event.issue.title }}}}\"\n",
            spoilt(number)
        )
    };
    let backwards = |number| {
        format!(
            "          echo \"${{{{ github.event.issue.title }}}}\"\n{}",
            spoilt(number)
        )
    };
    for file in [
        script(&(0..60).map(pair).collect::<String>()),
        script(&(0..60).map(backwards).collect::<String>()),
        script(&format!(
            "{}{}",
            (0..60).map(spoilt).collect::<String>(),
            pair(60).repeat(60)
        )),
    ] {
        let fixed = fix(&file, None, Strictness::Strict);
        assert_eq!(fixed.done.len(), 60);
        assert_eq!(fixed.text.matches("echo \"${ISSUE_TITLE}\"").count(), 60);
        assert_eq!(
            fixed.text.matches("}}\" >> ").count(),
            file.text.matches("}}\" >> ").count()
        );
        let after = SourceFile::new("a.yml", fixed.text.as_str());
        assert_eq!(fix(&after, None, Strictness::Strict).text, fixed.text);
    }
}

#[test]
fn what_several_fixes_spoil_together_is_told_apart() {
    // What is at fault is told for the whole group of commands, at the first variable in it.
    let lines = |count: usize| {
        let spoilt = "            echo \"${{ github.event.issue.body }}\"\n".repeat(count);
        format!(
            "          {{\n            echo \"A<<E\"\n{spoilt}            echo E\n          }} >> \"$GITHUB_ENV\"\n"
        )
    };
    let good = "          echo \"${{ github.event.issue.title }}\"\n".repeat(20);
    let file = script(&format!("{}{good}{}", lines(9), lines(5)));
    let fixed = fix(&file, None, Strictness::Strict);
    assert_eq!(fixed.done.len(), 20);
    let after = SourceFile::new("a.yml", fixed.text.as_str());
    assert_eq!(fix(&after, None, Strictness::Strict).text, fixed.text);
}

/// Returns a file whose only step has a script and, before it, `keys`.
fn step(on: &str, keys: &str, lines: &str) -> SourceFile {
    let head = format!("on: {on}\npermissions: {{}}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n");
    SourceFile::new("a.yml", format!("{head}      - {keys}run: |\n          {lines}\n"))
}

#[test]
fn a_variable_that_the_script_sets_is_no_value_for_it() {
    let keys = "env:\n          SUBJECT: ${{ github.event.issue.title }}\n        ";
    for (before, name) in [
        ("echo $SUBJECT", "SUBJECT"),
        ("SUBJECT=a", "ISSUE_TITLE"),
        ("unset SUBJECT", "ISSUE_TITLE"),
        ("read SUBJECT", "ISSUE_TITLE"),
    ] {
        let lines = format!("{before}\n          echo \"${{{{ github.event.issue.title }}}}\"");
        let fixed = fix(&step("issues", keys, &lines), None, Strictness::Strict).text;
        assert!(fixed.contains(&format!("echo \"${{{name}}}\"")), "{before}: {fixed}");
    }
    let file = step("issues", keys, "SUBJECT=a\n          echo \"${{ env.SUBJECT }}\"");
    assert_eq!(fix(&file, None, Strictness::Strict).text, *file.text);
}

#[test]
fn what_the_shell_makes_of_a_default_is_left_to_people() {
    let on = |default: &str| format!("{{ workflow_dispatch: {{ inputs: {{ folder: {{ default: '{default}' }} }} }} }}");
    for expression in ["inputs.folder", "github.event.inputs.folder"] {
        let script = format!("echo \"${{{{ {expression} }}}}\"");
        for (default, is_mended) in [
            ("build", true),
            ("$HOME/build", false),
            ("`pwd`", false),
            ("a\\b", false),
        ] {
            let file = step(&on(default), "", &script);
            let fixed = fix(&file, None, Strictness::Strict);
            assert_eq!(fixed.done.len(), usize::from(is_mended), "{default} {expression}");
        }
    }
}

#[test]
fn a_command_that_is_not_said_to_the_runner_stays() {
    let said = "echo \"::set-output name=a::b\"";
    let is_mended = |lines: &str| fix(&script(lines), None, Strictness::Strict).done.len() == 1;
    assert!(is_mended(&format!(
        "          if a; then\n            {said}\n          fi\n"
    )));
    for (before, behind) in [
        ("ssh host <<'E'", "E"),
        ("out=$(", ")"),
        ("a \\", "b"),
        ("while a; do", "done | tee log"),
        ("f() {", "}\n          A=$(f)"),
        ("f() {", "}\n          g() { f; }\n          g > log"),
    ] {
        let lines = format!("          {before}\n          {said}\n          {behind}\n");
        assert!(!is_mended(&lines), "{lines}");
    }
}

#[test]
fn no_program_gets_a_variable_that_it_looks_for() {
    for secret in ["GITHUB_TOKEN", "KUBECONFIG", "MAVEN_ARGS"] {
        let lines = format!("          echo \"${{{{ secrets.{secret} }}}}\" | gh auth login --with-token\n");
        let fixed = fix(&script(&lines), None, Strictness::Strict).text;
        let variable = format!("          VALUE_OF_{secret}: ${{{{ secrets.{secret} }}}}\n");
        assert!(fixed.contains(&variable), "{fixed}");
        assert!(
            fixed.contains(&format!("echo \"${{VALUE_OF_{secret}}}\" | gh auth")),
            "{fixed}"
        );
    }
}

#[test]
fn a_file_with_commands_sets_no_variable_of_a_fix() {
    for reading in [
        "source ./env.sh",
        "set -a; . ./env.sh",
        "if true; then . ./env.sh; fi",
        "export $(cat .env | grep =)",
    ] {
        let lines = format!("{reading}\n          echo \"${{{{ env.SUBJECT }}}} ${{{{ github.event.issue.title }}}}\"");
        let file = script(&format!("          {lines}\n"));
        let text = file.text.replace(
            "permissions",
            "env:\n  SUBJECT: ${{ github.event.issue.title }}\npermissions",
        );
        let found = audit(&SourceFile::new("a.yml", text), None);
        let fixes: Vec<Fix> = found.into_iter().filter_map(|found| found.fix).collect();
        let texts: Vec<&str> = fixes.iter().map(|fix| fix.edits[0].text.as_str()).collect();
        assert_eq!(
            texts,
            ["${VALUE_OF_ENV_SUBJECT}", "${VALUE_OF_ISSUE_TITLE}"],
            "{reading}"
        );
    }
}

#[test]
fn what_is_one_word_for_certain_is_mended_without_quotes_too() {
    for (on, expression, is_mended) in [
        ("pull_request", "github.head_ref", true),
        ("[pull_request, push]", "github.head_ref", false),
        ("push", "github.ref_name", true),
        ("push", "github.token", true),
        ("push", "secrets.A", false),
        ("push", "format('{0}', github.ref_name)", false),
        ("push", "github.ref_name || 'a b'", false),
    ] {
        let fixed = fix(
            &step(on, "", &format!("echo ${{{{ {expression} }}}}")),
            None,
            Strictness::Strict,
        );
        assert_eq!(fixed.done.len(), usize::from(is_mended), "{on} {expression}");
    }
}
