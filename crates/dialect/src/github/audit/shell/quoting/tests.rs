//! How places in scripts are quoted, and what becomes of what stands there.

use super::scan::{IN_COMMENT, IN_DOCUMENT};
use super::*;

fn at(script: &str, start: usize) -> Quoting {
    standing(&mut Script::of(script), start).quoting
}

fn standing(script: &mut Script<'_>, start: usize) -> Standing {
    script.at(start, start + "${{ x }}".len(), &|name| name == "GIVEN").0
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

fn doubt(script: &str) -> Option<&'static str> {
    let found = standing(&mut Script::of(script), script.find("${{ x }}").unwrap());
    assert!(!matches!(found.quoting, Quoting::Unclear(_)), "{script}: {found:?}");
    found.doubt
}

#[test]
fn a_value_stays_data_where_everything_that_gets_it_takes_texts() {
    for script in [
        "echo \"a ${{ x }}\"",
        "echo ${{ x }} 2>/dev/null >&2",
        "printf '%s\\n' \"${{ x }}\"",
        "a && echo \"$(echo \"${{ x }}\" | tr c d)\" || b",
        "echo \"`printf %s \"${{ x }}\"`\"",
        "A=$(echo \"${{ x }}\" | grep -oE '[0-9]+' | head -n 1 || true)\necho \"a=$A\" >> \"$GITHUB_OUTPUT\"",
        "A=\"b ${{ x }}\"; B=${A##*/}; B=\"${B^^}\"\necho \"${#B} $A\" | sed -E 's#^(a/)?(m[0-9]+).*#\\2#'",
        "if [ -n \"${{ x }}\" ]; then a > b; elif ! test \"${{ y }}\" == b; then c; fi",
        "[ \"$(echo \"${{ x }}\" | wc -c)\" -gt 5 ] 2>/dev/null",
        "if [[ \"${{ x }}\" == a* && $N -gt 1 ]] || [[ ! \"${{ x }}\" =~ ^(a|b)$ ]]; then a; fi",
        "A=\"${{ x }}\"; [[ $A =~ ^v([0-9]+) ]] && echo \"${BASH_REMATCH[1]}\"",
        "case \"${{ x }}\" in a|b) c;; esac",
        "for i in \"${{ x }}\" a; do echo \"$i\"; done",
        "{ echo 'a<<E'; echo \"${{ x }}\"; echo E; } >> $GITHUB_OUTPUT",
        "echo \"${{ x }}\" | tee -a \"$GITHUB_STEP_SUMMARY\" | cat\ncat \"$GITHUB_STEP_SUMMARY\"",
        "if echo \"${{ x }}\" | grep -q b; then c; fi",
        "cut -d/ -f1 <<< \"${{ x }}\" | awk -F 'A#' '{print $2}'",
        "git commit -am \"${{ x }}\" && git push origin HEAD:\"${{ x }}\"",
        "git -C site fetch origin \"refs/heads/${{ x }}\"",
        "gh pr comment 1 --body \"${{ x }}\" --repo a/b",
        "gh api repos/a/b/issues -f title=\"${{ x }}\"",
        "curl -X POST -d \"{\\\"text\\\": \\\"${{ x }}\\\"}\" https://example.com | jq .id",
        "docker build -t \"app:${{ x }}\" . && docker push \"app:${{ x }}\"",
        "jq -n --arg t \"${{ x }}\" '{ title: $t }'",
        "set -euo pipefail; python3 a.py; echo a | bash\necho \"${{ x }}\"",
        "cat <<E\n$(a)\nE\necho \"${{ x }}\"",
        "version=\"${{ x }}\"; npm version patch; jq -r '.version' a\necho \"$version\" # $version",
        "a=\"${{ x }}\"; jq -n --arg a \"$a\" '{ a: $a }'",
        "git commit -m \"(a) ${{ x }}\" --author \"$(a)\"",
    ] {
        assert_eq!(doubt(script), None, "{script}");
    }
}

#[track_caller]
fn doubted(scripts: &[&str]) {
    for script in scripts {
        assert!(doubt(script).is_some(), "{script}");
    }
}

#[test]
fn a_value_of_a_program_that_may_run_it_is_left_to_people() {
    doubted(&[
        "eval \"${{ x }}\"",
        "./deploy \"${{ x }}\"",
        "bash -c \"echo ${{ x }}\"",
        "python3 -c \"print('${{ x }}')\"",
        "sudo -u app \"${{ x }}\"",
        "sudo -u app $A \"${{ x }}\"",
        "stdbuf -o L \"${{ x }}\"",
        "retry 3 \"${{ x }}\"",
        "\"${{ x }}\" --version",
        "printf \"${{ x }}\"",
        "printf -v \"${{ x }}\" a",
        "[ {-v,\"${{ x }}\"} ]",
        "printf '%s%n' a \"${{ x }}\"",
        "read \"${{ x }}\"",
        "unset \"${{ x }}\"",
        "wait -p \"${{ x }}\"",
        "test -v \"${{ x }}\"",
        "[ \"${{ x }}\" \"${{ y }}\" ]",
        "[ a = b -o \"${{ x }}\" b ]",
        "[[ -v \"${{ x }}\" ]]",
        "[[ \"${{ x }}\" -eq 1 ]]",
        "[[ 1 -eq \"${{ x }}\" ]]",
        "git fetch origin \"${{ x }}\"",
        "git rebase --exec \"a ${{ x }}\"",
        "git -c core.pager=\"${{ x }}\" log",
        "git log $FLAGS \"a${{ x }}\"",
        "git log -m \"${{ x }}\"",
        "git fetch \"ext::a ${{ x }}\"",
        "gh alias set a \"b ${{ x }}\"",
        "curl -K \"${{ x }}\"",
        "docker run \"a:${{ x }}\"",
        "jq --arg a b \"${{ x }}\"",
        "A=(\"${{ x }}\")",
        "export -n A=\"${{ x }}\"",
        "declare -i A=\"${{ x }}\"",
    ]);
}

#[test]
fn a_value_whose_output_may_be_run_is_left_to_people() {
    doubted(&[
        "echo \"${{ x }}\" | bash",
        "echo \"${{ x }}\" | (bash)",
        "(echo \"${{ x }}\") | bash",
        "echo \"${{ x }}\" | cat $(bash)",
        "echo \"${{ x }}\" | tee >(bash)",
        "echo \"${{ x }}\" > >(bash)",
        "echo \"${{ x }}\" | tee run.sh",
        "echo \"${{ x }}\" > a.txt",
        "echo \"${{ x }}\" > \"$A\"",
        "echo \"${{ x }}\" >& a",
        "echo \"${{ x }}\" >> $GITHUB_PATH",
        "echo \"${{ x }}\" |\n  cat | sh",
        "echo \"${{ x }}\" | while read A; do $A; done",
        "echo \"${{ x }}\" | sed s/a/b/e",
        "echo \"${{ x }}\" | sed \"s/a/$A/\"",
        "echo \"${{ x }}\" | sed 's/a/b/;e'",
        "echo \"${{ x }}\" | awk '{ system($1) }'",
        "echo \"${{ x }}\" | sort -o run.sh",
        "echo \"${{ x }}\" | xargs -n1 bash",
        "bash <(echo \"${{ x }}\")",
        "$(echo \"${{ x }}\")",
        "bash -c \"$(echo \"${{ x }}\")\"",
        "for i in a; do\n  echo \"${{ x }}\"\ndone | /bin/sh",
        "{ if a; then echo \"${{ x }}\"; fi; } > run.sh",
        "curl -d \"${{ x }}\" https://example.com | bash",
        "echo \"A<<E\" >> $GITHUB_ENV; echo \"${{ x }}\" >> $GITHUB_ENV",
        "echo \"${{ x }}\" >> $GITHUB_OUTPUT; bash $GITHUB_OUTPUT",
        "echo \"${{ x }}\" >> $GITHUB_OUTPUT; bash <> $GITHUB_OUTPUT",
        "echo \"${{ x }}\" >> $GITHUB_OUTPUT; while read A; do $A; done < $GITHUB_OUTPUT",
        "GITHUB_OUTPUT=run; echo \"${{ x }}\" >> $GITHUB_OUTPUT",
        "echo \"${{ x }}\" >> $GITHUB_STEP_SUMMARY; cat $GITHUB_STEP_SUMMARY | bash",
    ]);
}

#[test]
fn a_value_in_a_variable_that_may_be_run_is_left_to_people() {
    doubted(&[
        "A=\"${{ x }}\"; $A",
        "A=\"${{ x }}\"; B=\"$A\"; bash -c \"$B\"",
        "A=\"${{ x }}\"; cat > s <<E\n$A\nE\nbash s",
        "A=\"${{ x }}\"; cat <<E | bash\n${A}\nE",
        "A=\"${{ x }}\"; echo $((A + 1))",
        "A=\"${{ x }}\"; (( A > 1 ))",
        "A=\"${{ x }}\"; [[ A -gt 1 ]]",
        "A=\"${{ x }}\"; echo ${B:A}",
        "A=\"${{ x }}\"; echo ${B:$A}",
        "A=\"${{ x }}\"; echo ${B[A]}",
        "A=\"${{ x }}\"; B[A]=1",
        "A=\"${{ x }}\"; unset 'B[A]'",
        "A=\"${{ x }}\"; let A++",
        "A=\"${{ x }}\"; declare -n B=A; $B",
        "A=\"${{ x }}\"; echo \"${A@P}\"",
        "A=\"${{ x }}\"; B=A; echo \"${!B}\"",
        "A=\"${{ x }}\"; read \"$A\"",
        "A=\"${{ x }}\"; mapfile -C \"$A\" B",
        "A=\"${{ x }}\"; [ $A = b ]",
        "A=\"${{ x }}\"; git commit -m $A",
        "A=\"${{ x }}\"; echo a > \"$A\"",
        "A=\"${{ x }}\"; trap 'bash -c \"$A\"' EXIT",
        "PS4=\"${{ x }}\"; set -x",
        "RANDOM=\"${{ x }}\"",
        "GITHUB_TOKEN=\"${{ x }}\"; make",
        "GIVEN=\"${{ x }}\"; make",
        "TITLE=\"${{ x }}\" make",
        "export TITLE=\"${{ x }}\"; make",
        "TITLE=\"${{ x }}\"; export TITLE; make",
        "export TITLE=a; TITLE=\"${{ x }}\"; make",
        "TITLE=\"${{ x }}\"; TITLE+=a make",
        "echo \"TITLE=${{ x }}\" >> $GITHUB_ENV",
        "A=\"${{ x }}\"; B='eval $A'; $B",
        "A=\"${{ x }}\"; B='let A'; $B",
        "A=\"${{ x }}\"; B=A; let $B",
        "A=\"${{ x }}\"; for B in A; do let $B; done",
        "A=\"${{ x }}\"; $LET A",
        "A=\"${{ x }}\"; read B <<E\nA\nE\nlet $B",
        "for i in \"${{ x }}\"; do $i; done",
        "[[ \"${{ x }}\" =~ (.*) ]] && ${BASH_REMATCH[1]}",
    ]);
}

#[test]
fn a_value_in_a_script_that_may_run_any_text_is_left_to_people() {
    doubted(&[
        "f() { a; }; echo \"${{ x }}\"",
        "f ( ) { a; }; echo \"${{ x }}\"",
        "function echo { eval \"$1\"; }; echo \"${{ x }}\"",
        "alias echo=eval; echo \"${{ x }}\"",
        "exec > >(bash); echo \"${{ x }}\"",
        "set -a; echo \"${{ x }}\"",
        "set -- a; echo \"${{ x }}\"",
        "echo \"${{ x }}\"; $_",
        "env > .env; echo \"${{ x }}\"",
        "set | bash; echo \"${{ x }}\"",
        "declare -p | bash; echo \"${{ x }}\"",
        "coproc bash; echo \"${{ x }}\" >&${COPROC[1]}",
        "echo \"${{ x }}\"; a \"",
        "echo \"${{ x }}\" \u{c}# | bash",
        "A=\"${{ x }}\"; B=\"`echo \\\"$A # \\\" | bash`\"\n`\"",
        "echo `a 'b`' \"${{ x }}\" # '",
    ]);
}

#[test]
fn a_variable_is_followed_to_no_more_places_than_anybody_has() {
    let script = |count: usize| format!("A=\"${{{{ x }}}}\"; echo {}", "\"$A\" ".repeat(count));
    assert_eq!(doubt(&script(150)), None);
    assert!(doubt(&script(1000)).is_some());
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
        "echo \\${{ x }}",
        "echo \"\\${{ x }}\"",
        "[[ ${{ x }} == a ]]",
        "echo ${A:-${{ x }}}",
        "echo \"${A[\"${{ x }}\"]}\"",
        "echo \"${A:-$(echo \"${{ x }}\")}\"",
        "echo $(( \"${{ x }}\" ))",
        "echo `make ${{ x }}`",
        "echo $((1 + ${{ x }}))",
    ] {
        let start = script.find("${{ x }}").unwrap();
        let found = at(script, start);
        assert!(matches!(found, Quoting::Unclear(_)), "{script}: {found:?}");
    }
}
