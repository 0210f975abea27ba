#!/usr/bin/env bash
# Times Lockgate beside act on the same workflows and prints the ratios as JSON.
#
#   benches/peers/act.sh LOCKGATE ACT
#
# Runs alternate between the two, so that a busy moment of the machine hits both, and the
# medians are compared. Each run is checked to have done its work. ROUNDS (15) sets how many.
set -euo pipefail

if [ $# -ne 2 ]; then
  echo "usage: act.sh LOCKGATE ACT (the paths of the two programs)" >&2
  exit 2
fi
resolve() { local path; path=$(command -v "$1") || { echo "act.sh: there is no program $1" >&2; exit 2; }; realpath "$path"; }
lockgate=$(resolve "$1")
act=$(resolve "$2")
rounds=${ROUNDS:-15}

room=$(mktemp -d)
cleanup() {
  LOCKGATE_HOME=$room/state "$lockgate" host stop >/dev/null 2>&1 || true
  rm -rf "$room"
}
trap cleanup EXIT

project() { # NAME, the jobs on stdin
  mkdir -p "$room/$1/.github/workflows"
  { printf 'name: peers\non: push\njobs:\n'; cat; } >"$room/$1/.github/workflows/ci.yml"
  printf 'version: 1\nproject: peers-%s\nrun: "true"\n' "$1" >"$room/$1/lockgate.yaml"
  (
    cd "$room/$1"
    git init -q
    git add -A
    git -c user.name=peers -c user.email=peers@example.com -c commit.gpgsign=false commit -q -m peers
  )
}

project echo <<'Y'
  echo:
    runs-on: ubuntu-latest
    steps:
      - run: echo "answer=$((1000 + 1))"
Y
project matrix <<Y
  echo:
    runs-on: ubuntu-latest
    strategy:
      matrix:
        n: [$(seq -s ', ' 1 50)]
    steps:
      - run: echo "answer=\$((1000 + \${{ matrix.n }}))"
Y

run_lockgate() { LOCKGATE_HOME=$room/state "$lockgate" run -C "$1" --event push; }
run_act() { HOME=$room/act "$act" push -C "$1" -P ubuntu-latest=-self-hosted; }
mkdir -p "$room/act/.config/act"
: >"$room/act/.config/act/actrc"

# Prints the milliseconds of one run, having checked that every job gave its answer.
timed() { # TOOL WORKFLOW ANSWERS
  local begin end answers
  begin=$(date +%s%N)
  if ! "run_$1" "$room/$2" >"$room/out" 2>&1 </dev/null; then
    echo "act.sh: $1 failed on $2:" >&2
    tail -30 "$room/out" >&2
    exit 1
  fi
  end=$(date +%s%N)
  answers=$(grep -Eo 'answer=[0-9]{4}' "$room/out" | sort -u | wc -l)
  if [ "$answers" -ne "$3" ]; then
    echo "act.sh: $1 gave $answers answers on $2, not $3" >&2
    tail -30 "$room/out" >&2
    exit 1
  fi
  printf '%s.%03d\n' $(((end - begin) / 1000000)) $(((end - begin) / 1000 % 1000))
}

median() { sort -n "$1" | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }
range() { sort -n "$1" | awk 'NR == 1 { low = $1 } END { printf "[%s, %s]", low, $1 }'; }

compare() { # WORKFLOW ANSWERS GOAL
  local round tool
  for tool in lockgate act; do
    timed "$tool" "$1" "$2" >/dev/null
    : >"$room/$tool.ms"
  done
  for round in $(seq "$rounds"); do
    # Who begins alternates too.
    if [ $((round % 2)) -eq 0 ]; then set -- "$1" "$2" "$3" lockgate act; else set -- "$1" "$2" "$3" act lockgate; fi
    for tool in "$4" "$5"; do timed "$tool" "$1" "$2" >>"$room/$tool.ms"; done
  done
  printf '    "%s": { "lockgate_ms": %s, "act_ms": %s, "ratio": %s, "goal": %s,\n' "$1" \
    "$(median "$room/lockgate.ms")" "$(median "$room/act.ms")" \
    "$(awk -v a="$(median "$room/lockgate.ms")" -v b="$(median "$room/act.ms")" 'BEGIN { printf "%.3f", a / b }')" "$3"
  printf '      "lockgate_range_ms": %s, "act_range_ms": %s }' "$(range "$room/lockgate.ms")" "$(range "$room/act.ms")"
}

echo_figures=$(compare echo 1 0.5)
matrix_figures=$(compare matrix 50 0.25)
printf '{\n  "lockgate": "%s",\n  "act": "%s",\n  "rounds": %s,\n  "processors": %s,\n  "workflows": {\n%s,\n%s\n  }\n}\n' \
  "$("$lockgate" --version)" "$("$act" --version)" "$rounds" "$(nproc)" "$echo_figures" "$matrix_figures"
