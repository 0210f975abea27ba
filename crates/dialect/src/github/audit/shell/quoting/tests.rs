//! How places in scripts are quoted, and what becomes of what stands there.

use super::super::program::IS_COMMAND;
use super::scan::{IN_COMMENT, IN_DOCUMENT};
use super::*;

fn at(script: &str, start: usize) -> Quoting {
    standing(&mut Script::of(script), start).quoting
}

fn standing(script: &mut Script<'_>, start: usize) -> Standing {
    script.at(start, start + "${{ x }}".len(), Rc::default).0
}

#[track_caller]
fn check(script: &str, expected: Quoting) {
    let start = script.find("${{ x }}").unwrap();
    assert_eq!(at(script, start), expected, "{script}");
}

#[test]
fn quotes_are_followed() {
    check("echo ${{ x }}", Quoting::Bare);
    check("echo \"a ${{ x }} b\"", Quoting::Double);
    check("echo 'it' \"${{ x }}\"", Quoting::Double);
    check("echo \"a\" ${{ x }}", Quoting::Bare);
    check("A=\"$(build ${{ x }})\"", Quoting::Bare);
    check("A=\"$(build \"${{ x }}\")\"", Quoting::Double);
    check("echo \"${A:-b}${{ x }}\"", Quoting::Double);
    check("echo '${{ x }}'", Quoting::AloneInSingle);
    check("echo \"don't\" ${{ x }}", Quoting::Bare);
    check("echo \\\" ${{ x }}", Quoting::Bare);
    check("# don't\necho \"${{ x }}\"", Quoting::Double);
    check("echo \"${{ y }}'\" ${{ x }}", Quoting::Bare);
    check("(cd a && build ${{ x }})", Quoting::Bare);
    check("cat <<END\nit's\nEND\necho \"${{ x }}\"", Quoting::Double);
    check("cat <<'END' > f\nit's\nEND\necho ${{ x }}", Quoting::Bare);
}

#[test]
fn words_that_are_meant_one_by_one_stay_without_quotes() {
    for script in [
        "for i in ${{ x }}; do echo $i; done",
        "for i in a \\\n  ${{ x }}; do",
        "a; for i in a 'b;c' ${{ x }}",
        "set -- ${{ x }}",
        "set -e; set -- a ${{ x }}",
        "ARGS=(${{ x }})",
        "ARGS+=(a \"b\"\n  ${{ x }}\n)",
    ] {
        check(script, Quoting::Unclear(IN_LIST));
    }
    for script in ["${{ x }}", "build\n${{ x }} a", "build && ${{ x }}", "A=$(${{ x }})"] {
        check(script, Quoting::Unclear(IS_COMMAND));
    }
    for script in [
        "for i in a b; do echo ${{ x }}; done",
        "set -e; echo ${{ x }}",
        "kubectl set image ${{ x }}",
        "ARGS=(a)\necho ${{ x }}",
        "A=${{ x }}",
        "cat a/${{ x }}",
    ] {
        check(script, Quoting::Bare);
    }
    check("for i in \"${{ x }}\"; do", Quoting::Double);
    check("ARGS=(\"${{ x }}\")", Quoting::Double);
}

#[test]
fn what_a_program_reads_as_commands_is_not_safe() {
    for script in [
        "echo \"${{ x }}\" | bash",
        "echo '${{ x }}' | sh",
        "echo \"a ${{ x }}\n b\" | sudo bash -s",
        "echo ${{ x }} |\n  ssh host",
        "echo ${{ x }} \\\n | xargs rm",
        "for i in a; do\n  echo \"${{ x }}\"\ndone | /bin/sh",
        "echo \"${{ x }}\" > >(bash)",
        "echo \"$(bash -c \"${{ x }}\")\"",
        "eval \"${{ x }}\"",
        "echo a | xargs -I{} sh -c \"${{ x }}\"",
        "ssh host \"${{ x }}\"",
        "echo \\${{ x }}",
        "echo \"\\${{ x }}\"",
    ] {
        let start = script.find("${{ x }}").unwrap();
        let found = at(script, start);
        assert!(matches!(found, Quoting::Unclear(_)), "{script}: {found:?}");
    }
    check("echo \"${{ x }}\" | grep a\nbash a.sh", Quoting::Double);
    check("echo \"${{ x }}\" || exit 1", Quoting::Double);
    check("echo a | bash\necho \"${{ x }}\"", Quoting::Double);
}

#[test]
fn a_text_with_more_in_it_may_be_code_for_a_program() {
    let doubt = |script: &str| standing(&mut Script::of(script), script.find("${{ x }}").unwrap()).doubt;
    for script in [
        "a \"puts '${{ x }}'\"",
        "B=\"puts '${{ x }}'\"; a \"$B\"",
        "B=$(echo \"puts '${{ x }}'\"); a \"$B\"",
        "f() { echo \"puts '${{ x }}'\"; }\na \"$(f)\"",
        "a \"$(echo \"b ${{ x }}\" | tr c d)\"",
        "echo \"puts '${{ x }}'\" | sudo tee c | a",
        "f() { a \"$1\"; }; f \"b ${{ x }}\"",
        "a -s \"test ${{ x }}\"",
        "a --define='b '\"${{ x }}\"",
        "a \"b(${{ x }})\"",
        "a \"b \\\"${{ x }}\\\"\"",
        "a \"puts $(echo \"${{ x }}\")\"",
        "sudo a \"run $B ${{ x }}\"",
    ] {
        assert_eq!(doubt(script), Some(AMONG_CODE), "{script}");
    }
    for script in [
        "a \"${{ x }}\"",
        "a --title=\"${{ x }}\" 'b c'",
        "a \"v${{ x }}-$B.${C:-d e}:/f@g=h,i\"",
        "a \"$(echo \"${{ x }}\" | tr c d)\"",
        "echo \"b ${{ x }}\" | sort | docker login",
        "echo \"${{ x }}\" | a",
        "a \"${{ y }}/${{ x }}\"",
        "echo \"b (${{ x }})\"",
        "git commit -m \"b: ${{ x }}\"",
        "f() { echo \"$1\"; }; f \"b ${{ x }}\"",
        "A=\"b ${{ x }}\" c",
        "A=\"b ${{ x }}\"; echo \"$A\"",
        "A=\"${{ x }}\"; b \"c $A\"",
        "docker run -e A=\"b ${{ x }}\" c",
    ] {
        assert_eq!(doubt(script), None, "{script}");
    }
}

#[test]
fn what_is_asked_in_any_order_is_the_same() {
    let script =
        "echo ${{ x }} \"${{ x }}\" '${{ x }} ${{ x }}' # ${{ x }}\ncat <<E\n${{ x }} ${{ x }}\nE\necho \"${{ x }}\"";
    let places: Vec<usize> = script.match_indices("${{ x }}").map(|(at, _)| at).collect();
    let alone: Vec<Quoting> = places.iter().map(|place| at(script, *place)).collect();
    let mut in_order = Script::of(script);
    let mut backwards = Script::of(script);
    for (place, expected) in places.iter().zip(&alone) {
        assert_eq!(standing(&mut in_order, *place).quoting, *expected);
    }
    for (place, expected) in places.iter().zip(&alone).rev() {
        assert_eq!(standing(&mut backwards, *place).quoting, *expected);
    }
    assert_eq!(alone[..2], [Quoting::Bare, Quoting::Double]);
    assert_eq!(
        alone[2..],
        [
            Quoting::Unclear(IN_SINGLE),
            Quoting::Unclear(IN_SINGLE),
            Quoting::Unclear(IN_COMMENT),
            Quoting::Unclear(IN_DOCUMENT),
            Quoting::Unclear(IN_DOCUMENT),
            Quoting::Double,
        ]
    );
}

#[test]
fn a_script_that_runs_texts_may_run_any_of_them() {
    for script in [
        "f() { eval \"$1\"; }; f \"${{ x }}\"",
        "CMD=\"${{ x }}\"; eval \"$CMD\"",
        "CMD=\"${{ x }}\"\n/bin/bash -euc \"$CMD\"",
        "CMD=\"${{ x }}\"\nsh -e -c \"$CMD\"",
        "CMD=\"${{ x }}\"\nbash -o pipefail -c \"$CMD\"",
    ] {
        let start = script.find("${{ x }}").unwrap();
        assert!(matches!(at(script, start), Quoting::Unclear(_)), "{script}");
    }
    check("bash --rcfile a build.sh\necho \"${{ x }}\"", Quoting::Double);
}

#[test]
fn a_command_says_something_where_its_output_is_that_of_the_script() {
    let is_command = |script: &str| Script::of(script).is_command(script.find("echo x").unwrap());
    for script in [
        "echo x",
        "a\n  echo x",
        "if a; then\n  echo x\nfi",
        "# it's\necho x",
        "cat <<E\nE\necho x",
        "f() {\n  echo x\n}\nf",
        "f() {\n  a\n}\necho x\nb=$(f)",
    ] {
        assert!(is_command(script), "{script}");
    }
    for script in [
        "ssh host <<'E'\necho x\nE\n",
        "out=$(\n  echo x\n)",
        "a=`\n  echo x`",
        "a \\\n  echo x",
        "a='\n  echo x'",
        "a=\"\n  echo x\"",
        "for a in b; do\n  echo x\ndone > file",
        "{\n  echo x\n} | tee file",
        "a; echo x",
        "f() {\n  echo x\n}\na=$(f)",
        "function f {\n  if a; then\n    echo x\n  fi\n}\nf | tee b",
    ] {
        assert!(!is_command(script), "{script}");
    }
}

#[test]
fn what_is_not_sure_is_said() {
    check("echo 'a ${{ x }}'", Quoting::Unclear(IN_SINGLE));
    check("# ${{ x }}", Quoting::Unclear(IN_COMMENT));
    check("cat <<END\n${{ x }}\nEND\n", Quoting::Unclear(IN_DOCUMENT));
    check(
        "cat <<-'END' | tee f\n\t${{ x }}\n\tEND\n",
        Quoting::Unclear(IN_DOCUMENT),
    );
    for script in [
        "bash -c \"echo ${{ x }}\"",
        "python3 -c \"\nprint('${{ x }}')\"",
        "docker run a \\\n  sh -c ${{ x }}",
        "echo ${A:-${{ x }}}",
        "echo \"${A[\"${{ x }}\"]}\"",
        "echo \"${A:-$(echo \"${{ x }}\")}\"",
        "echo $(( \"${{ x }}\" ))",
        "echo `make ${{ x }}`",
        "echo $((1 + ${{ x }}))",
        "sed -i 's/a/b/' ${{ x }}",
    ] {
        let start = script.find("${{ x }}").unwrap();
        let found = at(script, start);
        assert!(matches!(found, Quoting::Unclear(_)), "{script}: {found:?}");
    }
}
