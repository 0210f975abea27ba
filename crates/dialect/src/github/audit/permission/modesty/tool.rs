//! Commands that are known to write nothing to where the repository comes from.
//!
//! A tool that runs tasks of the project, such as `make` and `npm run`, does what their names say, as far as all of a
//! name is known: `build` builds, and what `build:deploy` does nobody knows. Of each of these tools the options are
//! listed too, for another one may name a task, a file of tasks or a program.

/// A tool that builds and tests.
struct Tool {
    /// Its names.
    names: &'static str,
    words: Words,
    /// Options that change nothing of that; `*` at the end stands for anything, and behind one with `=` stands a value.
    options: &'static str,
}

/// Which words of a tool that are no options are known.
enum Words {
    /// All are; they name files.
    Any,
    /// The first one, if it is one of these; what stands behind it names packages, files or tests.
    First(&'static str),
    /// These, and tasks by their names.
    Tasks(&'static str),
}

const TOOLS: [Tool; 17] = [
    Tool {
        names: "cargo",
        words: Words::First(
            "build b check c clippy test t fmt doc bench nextest deny audit fetch tree metadata hack llvm-cov",
        ),
        options: "--release -r --all --workspace --all-targets --all-features --no-default-features --features= -F= --locked \
                  --frozen --offline --verbose -v -vv --quiet -q --package= -p= --exclude= --lib --bin= --bins --test= --tests \
                  --bench= --benches --example= --examples --doc --no-run --no-deps --no-fail-fast --keep-going --target= \
                  --target-dir= --manifest-path= --message-format= --color= --check --jobs= -j= --each-feature \
                  --feature-powerset --html --lcov --json --codecov --output-path= --partition= --retries= --",
    },
    Tool {
        names: "rustup",
        words: Words::First("toolchain component target default update show override set install"),
        options: "--profile= --component= -c= --target= -t= --toolchain= --no-self-update --force",
    },
    Tool {
        names: "go",
        words: Words::First("build test vet fmt mod install list version"),
        options: "-v -race -cover -coverprofile= -covermode= -coverpkg= -count= -timeout= -run= -bench= -benchmem -short -tags= \
                  -ldflags= -trimpath -o= -mod= -p= -parallel= -json -m -failfast -shuffle= -f=",
    },
    Tool {
        names: "npm pnpm yarn",
        words: Words::First("ci install i test t"),
        options: OF_PACKAGES,
    },
    Tool {
        names: "pip pip3",
        words: Words::First("install"),
        options: "-r= --requirement= -e= --editable= -c= --constraint= --upgrade -U --user --no-cache-dir --no-deps --pre -q \
                  --quiet -v --require-hashes --only-binary= --no-binary= --prefer-binary --no-build-isolation",
    },
    Tool {
        names: "dotnet",
        words: Words::First("build test restore format"),
        options: "-c= --configuration= --no-restore --no-build --verbosity= --nologo --logger= --collect= \
                  --results-directory= --verify-no-changes -f= --framework= --filter= --locked-mode",
    },
    Tool {
        names: "bundle",
        words: Words::First("install"),
        options: "--jobs= --retry= --path= --without= --deployment --quiet -j=",
    },
    Tool {
        names: "apt-get",
        words: Words::First("update install"),
        options: "-y -q -qq -qy -yq -qqy -yqq --yes --quiet --assume-yes --no-install-recommends --fix-missing",
    },
    Tool {
        names: "brew",
        words: Words::First("install update"),
        options: "--cask --formula --quiet -q",
    },
    Tool {
        names: "lockgate",
        words: Words::First("check plan"),
        options: "--*",
    },
    Tool {
        names: "cmake",
        words: Words::Any,
        options: "-S* -B* -G* -A* -D* --build --config --parallel -j --clean-first --verbose -v -Wno-dev --fresh",
    },
    Tool {
        names: "ctest",
        words: Words::Any,
        options: "-C --build-config --output-on-failure --parallel -j --test-dir --verbose -V -VV -R -E -L -LE --timeout \
                  --repeat --rerun-failed --no-tests --output-junit",
    },
    Tool {
        names: "make",
        words: Words::Tasks("all fmt clean"),
        options: "-j --jobs -k --keep-going -s --silent -B -O --output-sync --no-print-directory",
    },
    Tool {
        names: "ninja",
        words: Words::Tasks("all clean"),
        options: "-C= -j= -k= -v --verbose --quiet",
    },
    Tool {
        names: "tox",
        words: Words::Tasks("run r p run-parallel py pypy mypy flake ruff black pylint"),
        // Behind `-e` stand tasks.
        options: "-e -v -vv -q -p= --parallel= -r --recreate --skip-missing-interpreters",
    },
    Tool {
        names: "mvn ./mvnw",
        words: Words::Tasks("package verify clean"),
        options: "-B --batch-mode -q --quiet -ntp --no-transfer-progress -U --update-snapshots -e --errors -X -V --show-version \
                  -o --offline -T= --threads= -pl= --projects= -am --also-make -fae --fail-at-end -DskipTests \
                  -Dmaven.test.skip -Dstyle.color",
    },
    Tool {
        names: "gradle ./gradlew",
        words: Words::Tasks("assemble clean"),
        // Behind `-x` stand tasks.
        options: "--no-daemon --daemon --stacktrace --info --warn --quiet -q -i -s -S --scan --parallel --build-cache \
                  --configuration-cache --continue --refresh-dependencies --rerun-tasks --console= --warning-mode= -x \
                  --exclude-task",
    },
];

const OF_PACKAGES: &str = "--no-audit --no-fund --ignore-scripts --legacy-peer-deps --prefer-offline --offline --silent -s --production \
    --omit= --if-present --frozen-lockfile --no-frozen-lockfile --immutable --no-save --save-dev -D -g --global --coverage \
    --ci --watch= --watchAll= --runInBand --";

/// What a task does, word by word.
const TASKS: &str = "build test tests check checks lint linting format formatting typecheck type types compile coverage cov unit e2e \
    integration";

/// Commands whose words name files, tests or texts.
const PLAIN: &str = "echo printf mkdir cd ls cat cp mv rm touch test [ [[ true false : set export exit sleep date uname env printenv pwd \
    grep head tail wc sort diff tar gzip unzip zip df free nproc which chmod tee sha256sum for case return local shift \
    rustc gofmt golangci-lint tsc eslint prettier jest vitest mocha pytest ruff mypy black flake8 pylint rspec rubocop shellcheck \
    yamllint actionlint";

/// Variables from which tools read what they are to do.
const DECIDING: &str = "TOXENV MAKEFLAGS GNUMAKEFLAGS GOFLAGS MAVEN_ARGS BASH_ENV";

/// Options by which plain commands run a program.
const RUNNING: &str = "--to-command --checkpoint-action --use-compress-program --info-script --new-volume-script --rsh-command \
    --rmt-command --compress-program --unzip-command --init-hook -TT -shellcheck -pyflakes";

/// Returns whether a program that gets these words, without their quotes, is known to build and to test.
pub(super) fn is_building(program: &str, words: &[&str]) -> bool {
    const BY_NPX: &str = "tsc eslint prettier jest vitest mocha";
    if is_in(PLAIN, program) {
        return !runs_another(program, words);
    }
    match (program, words) {
        ("npx", ["--yes" | "-y" | "--no-install", rest @ ..]) => return is_building(program, rest),
        ("npx", [by_it, rest @ ..]) => return is_in(BY_NPX, by_it) && is_building(by_it, rest),
        _ => {}
    }
    let tool = TOOLS.iter().find(|tool| is_in(tool.names, program));
    tool.is_some_and(|tool| {
        let others = tool.without_options(words);
        others.is_some_and(|others| tool.knows(program, &others))
    })
}

/// Returns whether a text names a variable from which tools read what they are to do.
pub(super) fn names_deciding(text: &str) -> bool {
    let mut names = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    names.any(|name| is_in(DECIDING, name))
}

impl Tool {
    /// Returns the words that are no options; `None` when one is not known, or may become an option.
    fn without_options<'t>(&self, words: &[&'t str]) -> Option<Vec<&'t str>> {
        let mut found = Vec::new();
        let mut rest = words.iter().filter(|word| !word.starts_with('+'));
        while let Some(word) = rest.next() {
            if word.starts_with(['$', '`', '{']) {
                return None;
            }
            // Only `dotnet` takes `/t:Deploy` for an option.
            let is_option = word.starts_with('-') || (self.names == "dotnet" && word.starts_with('/'));
            if !is_option {
                found.push(*word);
                continue;
            }
            match self.option(word)? {
                // What a script of a package gets is looked at.
                "--" if self.options != OF_PACKAGES => break,
                option if option.ends_with('=') && !is_joined(word) => _ = rest.next(),
                _ => {}
            }
        }
        Some(found)
    }

    /// Returns the option that a word is.
    fn option(&self, word: &str) -> Option<&'static str> {
        // As in `-j4`, `-T1C` and `-j$(nproc)`.
        let ends_short = |c: char| c == '=' || c == '$' || c.is_ascii_digit();
        let end = if word.starts_with("--") {
            word.find('=')
        } else {
            word.find(ends_short)
        };
        let name = end.map_or(word, |end| &word[..end]);
        let is_it = |option: &&str| match option.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => option.trim_end_matches('=') == name,
        };
        self.options.split_ascii_whitespace().find(is_it)
    }

    fn knows(&self, program: &str, words: &[&str]) -> bool {
        match (&self.words, words) {
            (Words::Any, _) => true,
            (Words::First(_), ["run", script]) if self.options == OF_PACKAGES => is_task("", script),
            (Words::First(own), ["hack" | "llvm-cov", rest @ ..]) if self.names == "cargo" => {
                rest.first().is_none_or(|first| is_in(own, first))
            }
            (Words::First(own), [first, ..]) => is_in(own, first),
            (Words::First(_), []) => program == "yarn",
            // Without a goal `make` builds, and what Maven and Gradle do nobody knows.
            (Words::Tasks(_), []) => !self.names.contains("./"),
            (Words::Tasks(own), tasks) => tasks.iter().flat_map(|task| task.split(',')).all(|task| {
                let name = task.rsplit(':').next().unwrap_or(task);
                // The projects of `:app:check`; in Maven a plugin stands there.
                is_task(own, if program.contains("gradle") { name } else { task })
            }),
        }
    }
}

/// Returns whether a value stands in the same word as its option.
fn is_joined(word: &str) -> bool {
    word.contains(['=', '$']) || (!word.starts_with("--") && word.contains(|c: char| c.is_ascii_digit()))
}

/// Returns whether every part of the name of a task says that it builds or tests.
fn is_task(own: &str, task: &str) -> bool {
    let is_known = |part: &str| {
        let without_version = part.trim_end_matches(|c: char| c.is_ascii_digit());
        without_version.is_empty()
            || [TASKS, own]
                .iter()
                .any(|list| is_in(list, part) || is_in(list, without_version))
    };
    is_in(own, task) || (!task.is_empty() && task.split([':', '-', '_', '.']).all(is_known))
}

/// Returns whether a word makes one of the plain commands run a program.
fn runs_another(program: &str, words: &[&str]) -> bool {
    let is_running = |word: &str| {
        let name = word.split('=').next().unwrap_or_default();
        // A long option may be shortened.
        let mut options = RUNNING.split_ascii_whitespace();
        name.len() > 2 && options.any(|option| option == name || (name.starts_with("--") && option.starts_with(name)))
    };
    let is_short = |at: usize, word: &str| at == 0 || (word.starts_with('-') && !word.starts_with("--"));
    words.iter().enumerate().any(|(at, word)| {
        is_running(word)
            || (program == "tar" && is_short(at, word) && word.contains(['I', 'F']))
            || (program == "rustc" && word.contains("linker"))
    })
}

fn is_in(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|listed| listed == word)
}
