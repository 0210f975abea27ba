//! Names of programs, and of variables that they read.

use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Programs that run an argument of theirs, or read a language of their own; without their versions.
pub(super) static RUNNING: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
    listed(
        "bash sh zsh dash ash ksh mksh fish csh tcsh rbash pwsh powershell cmd nu xonsh elvish wsl python pypy \
    ipython node nodejs deno bun tsx ts-node php perl ruby irb lua luajit rscript julia groovy scala kotlin kotlinc jshell \
    jrunscript elixir erl erlang ghci runghc racket guile sbcl clisp clojure clj bb tclsh expect osascript octave matlab \
    gnuplot awk gawk mawk nawk sed gsed ssh mosh su runuser tmux screen xargs parallel flock systemd-run concurrently \
    hyperfine nodemon unbuffer vim nvim vi emacs emacsclient gdb lldb psql mysql mariadb sqlite mongo mongosh redis-cli \
    duckdb clickhouse clickhouse-client sqlcmd sqlplus snowsql isql ansible ansible-playbook nix-shell vagrant heroku crontab \
    plink watchexec sbt rpmbuild rpmspec run-s run-p npm-run-all",
    )
});

/// The same, whose names are also words and are taken for programs only where a program stands.
pub(super) static RUNNING_IN_ITS_PLACE: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
    listed(
        "eval source . let trap alias exec read mapfile readarray unset getopts wait complete \
    compgen bind coproc builtin enable fc at batch watch make gmake nmake just task rake ant script ex ed sg r wish entr \
    jq gojq jaq yq xq bc dc m4 chroot nsenter unshare setpriv start-stop-daemon bq presto trino hive beeline influx cqlsh",
    )
});

/// Programs that run another one, which their own arguments name.
pub(super) const BEFORE_ANOTHER: &str =
    "sudo doas env command nohup time nice ionice stdbuf timeout setsid xvfb-run busybox winpty";

/// Programs that run one of those that their arguments name, among others of their own.
pub(super) const BESIDE_ANOTHER: &str = "docker podman nerdctl kubectl oc npx bunx pnpm yarn uv uvx poetry pipenv hatch bundle nix \
    find cargo npm gcloud aws az";

/// Programs that take a text as a text, whatever their options are.
pub(super) const HARMLESS: &str = "echo cat cp mv rm mkdir rmdir ls ln touch chmod chown cd pushd popd true false : return exit shift \
    curl grep egrep fgrep head tail wc cut tr uniq tee base64 md5sum sha1sum sha256sum sha512sum cksum date dirname \
    basename realpath readlink sleep seq diff cmp stat file du df id which case gzip gunzip unzip";

/// Programs that read what comes by a pipe as a text, but may run one that an option of theirs names.
pub(super) const TEXT_READING: &str = "sort tac nl rev column paste fold xxd od hexdump shuf comm join iconv expand less more openssl gpg \
    sponge pbcopy mail";

pub(super) const OF_GIT: &str = "add am apply archive branch checkout cherry-pick clean commit describe diff fetch init log ls-files \
    ls-remote ls-tree merge mv pull push remote reset restore rev-list rev-parse revert rm show show-ref stash status \
    switch symbolic-ref tag update-index update-ref worktree";
pub(super) const OF_DOCKER: &str = "build buildx images inspect login logout logs manifest pull push rmi save tag";
pub(super) const OF_GH: &str = "api attestation auth browse cache gist issue label pr project release repo run secret search variable \
    workflow";

/// Variables that shells and programs read commands, options or places of programs from.
const READ_BY_PROGRAMS: &str = "BASH_ENV ENV PS0 PS1 PS2 PS4 IFS SHELLOPTS BASHOPTS SHELL PERL5OPT PERL5DB RUBYOPT LD_PRELOAD \
    GIT_SSH GIT_ASKPASS SSH_ASKPASS GIT_EXTERNAL_DIFF LESSOPEN LESSCLOSE BROWSER VISUAL PYTHONSTARTUP PYTHONINSPECT \
    RUSTC_WRAPPER CC CXX LD MAKEFLAGS ZDOTDIR DOTNET_STARTUP_HOOKS JDK_JAVA_OPTIONS INPUTRC";
const ENDS_OF_SUCH: [&str; 12] = [
    "PATH", "_COMMAND", "_OPTIONS", "_OPTS", "_ARGS", "FLAGS", "EDITOR", "PAGER", "_CMD", "_HOOK", "_WRAPPER",
    "_PRELOAD",
];

/// Returns whether shells and programs read what they are to do from a variable of this name.
pub(in super::super) fn is_read_by_programs(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    is_in(READ_BY_PROGRAMS, &upper) || ENDS_OF_SUCH.iter().any(|end| upper.ends_with(end))
}

fn listed(list: &str) -> BTreeSet<&str> {
    list.split_ascii_whitespace().collect()
}

pub(super) fn is_in(list: &str, name: &str) -> bool {
    list.split_ascii_whitespace().any(|listed| listed == name)
}

/// Returns whether a program is in a list, whatever its version.
pub(super) fn runs(list: &BTreeSet<&str>, name: &str) -> bool {
    let digits = name.find(|c: char| c.is_ascii_digit());
    let versionless = digits.map_or(name, |at| name[..at].trim_end_matches(['-', '_', '.']));
    list.contains(name) || list.contains(versionless)
}
