#!/usr/bin/env bash
# Makes the example a Git repository of its own: main at v1, and the tags v1, v2 and v3 ahead of it.
#
# Each release is its parent with versions/NAME.patch applied. Authors and dates are fixed, so that
# the hashes are the same on every machine.
set -eEuo pipefail

if [ $# -ne 1 ]; then
  echo "usage: materialise.sh DIR" >&2
  exit 2
fi
destination=$1
if [ -e "$destination" ]; then
  echo "materialise.sh: $destination is already there; name a folder that is not, or remove it" >&2
  exit 2
fi
source=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# Nobody's own settings (signing, hooks, templates, line ends) may change the result.
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_TEMPLATE_DIR= GIT_DEFAULT_HASH=sha1
export GIT_AUTHOR_NAME="Doc Team" GIT_AUTHOR_EMAIL=docs@example.com
export GIT_COMMITTER_NAME="Doc Team" GIT_COMMITTER_EMAIL=docs@example.com

commit() { # NAME DATE MESSAGE
  export GIT_AUTHOR_DATE=$2 GIT_COMMITTER_DATE=$2
  git add -A
  git commit -q -m "$3"
  git tag -a "$1" -m "doc-server $1"
}

mkdir -p "$destination"
cd "$destination"
destination=$(pwd)
trap 'rm -rf "$destination"; echo "materialise.sh: $destination could not be made" >&2' ERR
git init -q
git symbolic-ref HEAD refs/heads/main
for name in .github .gitignore Cargo.lock Cargo.toml README.md benches documents lockgate.yaml \
  rustfmt.toml scripts src tests; do
  cp -R "$source/$name" .
done

commit v1 "2026-01-05T09:00:00+0000" "Answer questions about Rust"
git apply "$source/versions/v2.patch"
commit v2 "2026-01-12T09:00:00+0000" "search: weigh a word of the title more"
git apply "$source/versions/v3.patch"
commit v3 "2026-01-19T09:00:00+0000" "service: keep a journal of the requests"

git reset -q --hard v1
echo "$destination: main is at v1; go on with: git merge --ff-only v2"
