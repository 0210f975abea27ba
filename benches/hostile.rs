//! Workflow files that are made to hurt who reads them: each at most 1 MiB, or refused for its size.
//!
//! Shared by the test that runs `lockgate` on each of them and by the measurement that times it.

use std::fmt::Write as _;

/// A file with a name that says what is bad about it.
pub(crate) struct Hostile {
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
    /// Whether it is a mistake, or only much.
    pub(crate) is_wrong: bool,
}

/// What strangers write.
const TITLE: &str = "${{ github.event.issue.title }}";

/// As much as is read of one file.
const MOST_BYTES: usize = 1 << 20;

/// Returns all of them.
pub(crate) fn files() -> Vec<Hostile> {
    let wrong = [
        wrong_trees(),
        wrong_signs(),
        wrong_expressions(),
        wrong_jobs(),
        wrong_scripts(),
    ]
    .concat();
    let much = [much_of_jobs(), much_of_expressions()].concat();
    let hostile = |(name, text): (&'static str, String), is_wrong| Hostile {
        name,
        bytes: text.into_bytes(),
        is_wrong,
    };
    let wrong = wrong.into_iter().map(|file| hostile(file, true));
    let much = much.into_iter().map(|file| hostile(file, false));
    let no_text = Hostile {
        name: "no-text",
        bytes: vec![0xFF; MOST_BYTES - 1],
        is_wrong: true,
    };
    wrong.chain(much).chain([no_text]).collect()
}

type Named = Vec<(&'static str, String)>;

/// Returns trees that are too large, too deep, or grow while they are read.
fn wrong_trees() -> Named {
    vec![
        ("alias-bomb", alias_bomb()),
        ("alias-bomb-of-maps", alias_bomb_of_maps()),
        ("alias-of-itself", "a: &a [*a]\n".to_owned()),
        ("anchors-in-anchors", format!("a: {}x\n", "&a [".repeat(90))),
        ("deep-flow", "[".repeat(MOST_BYTES - 1)),
        ("deep-flow-maps", "{a: ".repeat(MOST_BYTES / 4 - 1)),
        ("deep-blocks", deep_blocks()),
        ("deep-list", "- ".repeat(MOST_BYTES / 2 - 1)),
        ("huge-scalar", format!("on: push\nname: {}\n", "x".repeat(50 << 20))),
        (
            "scalar-of-a-mebibyte",
            format!("on: push\nname: {}\n", "x".repeat(MOST_BYTES - 20)),
        ),
        (
            "many-duplicates",
            format!("on: push\n{}", "a: b\n".repeat(MOST_BYTES / 5 - 10)),
        ),
        ("many-keys", numbered("on: push\n", |n| format!("k{n}: v\n"))),
        (
            "many-unknown-keys-of-a-job",
            numbered("on: push\njobs:\n  a:\n", |n| format!("    k{n}: v\n")),
        ),
    ]
}

/// Returns texts of one sign again and again, and of signs that nobody sees.
fn wrong_signs() -> Named {
    vec![
        ("nul", "on: push\njobs:\n  a\0: {}\n".to_owned()),
        ("bidirectional", bidirectional()),
        ("only-quotes", "'".repeat(MOST_BYTES - 1)),
        ("only-brackets", "]".repeat(MOST_BYTES - 1)),
        ("only-tabs", "\t".repeat(MOST_BYTES - 1)),
        ("only-tags", "!a ".repeat(MOST_BYTES / 3 - 1)),
        ("only-colons", ": ".repeat(MOST_BYTES / 2 - 1)),
        ("only-question-marks", "? ".repeat(MOST_BYTES / 2 - 1)),
    ]
}

fn wrong_expressions() -> Named {
    vec![
        ("open-expressions", job(&format!("'{}'", "${{ ".repeat(200_000)))),
        ("unknown-names", job(&format!("'{}'", "${{ x }} ".repeat(110_000)))),
        (
            "deep-expression",
            job(&format!("'${{{{ {}1 }}}}'", "(".repeat(900_000))),
        ),
        (
            "long-expression",
            job(&format!("'${{{{ 1{} }}}}'", " == 1".repeat(180_000))),
        ),
        (
            "deep-properties",
            job(&format!("'${{{{ github{} }}}}'", ".a".repeat(400_000))),
        ),
        ("not-not-not", job(&format!("'${{{{ {}true }}}}'", "!".repeat(900_000)))),
    ]
}

fn wrong_jobs() -> Named {
    vec![
        ("call-with-unknown-inputs", call_with_unknown_inputs()),
        (
            "needs-circle",
            needs(|n, last| format!("j{}", if n == last { 0 } else { n + 1 })),
        ),
        ("needs-nobody", needs(|n, _| format!("nobody{n}"))),
        ("matrix-of-a-million", matrix_of_a_million()),
        ("patterns", patterns()),
        (
            "calls-of-nobody",
            numbered("on: push\njobs:\n", |n| {
                format!("  j{n}: {{ uses: ./.github/workflows/nobody{n}.yml }}\n")
            }),
        ),
        (
            "calls-of-itself",
            numbered("on: workflow_call\njobs:\n", |n| {
                format!("  j{n}: {{ uses: ./.github/workflows/calls-of-itself.yml }}\n")
            }),
        ),
    ]
}

fn much_of_jobs() -> Named {
    vec![
        ("matrix-of-many-includes", matrix_of_many_includes()),
        (
            "many-jobs",
            numbered("on: push\njobs:\n", |n| {
                format!("  j{n}: {{ runs-on: x, steps: [{{ run: x }}] }}\n")
            }),
        ),
        (
            "many-steps",
            numbered("on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n", |n| {
                let before = n.saturating_sub(1);
                format!("    - {{ id: s{n}, run: '${{{{ steps.s{before}.outputs.x }}}}' }}\n")
            }),
        ),
        ("chain-of-needs", needs_chain()),
        ("reads-of-unknown-outputs", reads_of_unknown_outputs()),
        (
            "many-long-scripts",
            numbered("on: issues\njobs:\n  a:\n    runs-on: x\n    steps:\n", |_| {
                format!(
                    "    - run: |\n{}",
                    "        echo \"(${{ github.event.issue.title }}|\n".repeat(400)
                )
            }),
        ),
        (
            "steps-of-strangers",
            numbered("on: issues\njobs:\n  a:\n    runs-on: x\n    steps:\n", |n| {
                format!("    - {{ id: s{n}, run: 'echo {TITLE} >> $GITHUB_OUTPUT', env: {{ A: '{TITLE}' }} }}\n")
            }),
        ),
    ]
}

/// Returns scripts that are longer than GitHub takes and hard to audit: each of their expressions is looked at where it
/// stands in the script.
fn wrong_scripts() -> Named {
    const HEAD: &str = "on: issues\njobs:\n  a:\n    runs-on: x\n    steps:\n    - run: |\n";
    vec![
        (
            "script-of-expressions",
            numbered(HEAD, |n| format!("        echo {n} {TITLE}\n")),
        ),
        (
            "script-of-here-documents",
            numbered(HEAD, |n| format!("        cat <<E{n} {TITLE}\n")),
        ),
        (
            "script-of-brackets",
            numbered(HEAD, |n| format!("        (( [[ $( {n} {TITLE}\n")),
        ),
        (
            "script-of-quotes",
            numbered(HEAD, |n| format!("        \"$(\"$(' {n} {TITLE}\n")),
        ),
        (
            "script-of-all-secrets",
            numbered(HEAD, |_| "        echo ${{ toJSON(secrets) }}\n".to_owned()),
        ),
        (
            "script-of-harmless-expressions",
            numbered(HEAD, |n| {
                format!("        ${{{{ github.sha }}}} {n} ${{{{ env.A{n} }}}}\n")
            }),
        ),
        (
            "script-of-beginnings-of-keys",
            numbered(HEAD, |_| "        -----BEGIN \n".to_owned()),
        ),
        ("script-of-many-variables", script_of_many_variables()),
        (
            "script-that-writes-variables",
            numbered(
                "on: issues\nenv: { T: '${{ github.event.issue.body }}' }\njobs:\n  a:\n    runs-on: x\n    steps:\n    - run: \
                 |\n",
                |n| format!("        echo A{n}=$T >> $GITHUB_ENV\n"),
            ),
        ),
        (
            "script-of-commands",
            numbered(HEAD, |n| {
                format!("        echo \"::set-output name=a{n}::$T\" >> $GITHUB_ENV\n")
            }),
        ),
    ]
}

fn much_of_expressions() -> Named {
    let formats = format!("${{{{ format(''{}'', 1) }}}}", "{0}".repeat(300));
    vec![
        ("format-bomb", format_bomb()),
        (
            "many-formats",
            format!(
                "on: push\nrun-name: '{}'\njobs: {{ a: {{ runs-on: x, steps: [{{ run: x }}] }} }}\n",
                formats.repeat(900_000 / formats.len())
            ),
        ),
        (
            "json-bomb",
            job(&format!("'${{{{ fromJSON(''{}'') }}}}'", "[".repeat(9_000))),
        ),
    ]
}

/// Returns `head` with as many numbered lines as fit.
fn numbered(head: &str, line: impl Fn(usize) -> String) -> String {
    let mut text = head.to_owned();
    for number in 0.. {
        let line = line(number);
        if text.len() + line.len() >= MOST_BYTES {
            break;
        }
        text += &line;
    }
    text
}

/// Returns a workflow of one step with this command.
fn job(run: &str) -> String {
    format!("on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n    - run: {run}\n")
}

fn alias_bomb() -> String {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..40 {
        let inner = vec![format!("*a{}", level - 1); 9].join(", ");
        let _ = writeln!(text, "a{level}: &a{level} [{inner}]");
    }
    text
}

fn alias_bomb_of_maps() -> String {
    let mut text = String::from("on: push\nenv: &a0 { a: x, b: x, c: x, d: x }\n");
    for level in 1..40 {
        let below = level - 1;
        let _ = writeln!(
            text,
            "k{level}: &a{level} {{ a: *a{below}, b: *a{below}, c: *a{below}, d: *a{below} }}"
        );
    }
    text
}

fn deep_blocks() -> String {
    let mut text = String::new();
    for depth in 0..1_400 {
        let _ = writeln!(text, "{}a:", " ".repeat(depth));
    }
    text
}

fn bidirectional() -> String {
    "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n    - rnu: \"\u{202E}\u{2066}// admin\u{2069} \u{2066}\"\n"
        .to_owned()
}

fn needs(of: impl Fn(usize, usize) -> String) -> String {
    const JOBS: usize = 15_000;
    let mut text = String::from("on: push\njobs:\n");
    for number in 0..JOBS {
        let need = of(number, JOBS - 1);
        let _ = writeln!(
            text,
            "  j{number}: {{ needs: {need}, runs-on: x, steps: [{{ run: x }}] }}"
        );
    }
    text
}

fn needs_chain() -> String {
    const JOBS: usize = 10_000;
    let mut text = String::from("on: push\njobs:\n  j0: { runs-on: x, steps: [{ run: x }] }\n");
    for number in 1..JOBS {
        let _ = writeln!(
            text,
            "  j{number}: {{ needs: j{}, runs-on: x, if: \"needs.j{}.outputs.x != ''\", steps: [{{ run: x }}] }}",
            number - 1,
            number - 1
        );
    }
    text
}

/// How many names are declared where as many others are read.
const DECLARED: usize = 27_000;

fn reads_of_unknown_outputs() -> String {
    let mut head = String::from("on: push\njobs:\n  a:\n    runs-on: x\n    steps: [{ run: x }]\n    outputs:\n");
    for number in 0..DECLARED {
        let _ = writeln!(head, "      output{number}: x");
    }
    head += "  b:\n    needs: a\n    runs-on: x\n    steps:\n";
    numbered(&head, |number| {
        format!("    - run: ${{{{ needs.a.outputs.outcome{number} }}}}\n")
    })
}

fn call_with_unknown_inputs() -> String {
    let mut head = String::from("on:\n  workflow_call:\n    inputs:\n");
    for number in 0..DECLARED / 2 {
        let _ = writeln!(head, "      input{number}: {{ type: string }}");
    }
    head += "jobs:\n  a:\n    uses: ./.github/workflows/call-with-unknown-inputs.yml\n    with:\n";
    numbered(&head, |number| format!("      inward{number}: x\n"))
}

fn script_of_many_variables() -> String {
    let mut head = String::from("on: issues\nenv:\n");
    for number in 0..DECLARED {
        let _ = writeln!(head, "  A{number}: x");
    }
    head += "jobs:\n  a:\n    runs-on: x\n    steps:\n    - run: |\n";
    numbered(&head, |number| format!("        ${{{{ env.B{number} }}}}\n"))
}

fn matrix_of_a_million() -> String {
    let values: Vec<String> = (0..10).map(|value| value.to_string()).collect();
    let mut axes = String::new();
    for axis in 0..6 {
        let _ = writeln!(axes, "        a{axis}: [{}]", values.join(", "));
    }
    format!("on: push\njobs:\n  a:\n    runs-on: x\n    strategy:\n      matrix:\n{axes}    steps: [{{ run: x }}]\n")
}

fn matrix_of_many_includes() -> String {
    let head = "on: push\njobs:\n  a:\n    runs-on: x\n    steps: [{ run: x }]\n    strategy:\n      matrix:\n        \
                a: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]\n        \
                b: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]\n        include:\n";
    numbered(head, |number| {
        format!("        - {{ c: {number} }}\n        - {{ a: {number}, d: 1 }}\n")
    })
}

fn patterns() -> String {
    let long = "*a".repeat(40_000);
    let stars = "**/".repeat(40_000);
    let classes = "[a-z]+".repeat(40_000);
    format!(
        "on: {{ push: {{ branches: ['{long}', '{stars}', '{classes}', '[', '{}'] }} }}\n\
         jobs: {{ a: {{ runs-on: x, steps: [{{ run: x }}] }} }}\n",
        "a?".repeat(100_000)
    )
}

fn format_bomb() -> String {
    let inner = (0..8).fold("''0123456789''".to_owned(), |inner, _| {
        format!("format(''{}'', {inner})", "{0}".repeat(30))
    });
    format!("on: push\nrun-name: '${{{{ {inner} }}}}'\njobs: {{ a: {{ runs-on: x, steps: [{{ run: x }}] }} }}\n")
}
