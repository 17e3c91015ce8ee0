#!/usr/bin/env bash
# Everything that is to be known of a GPU, in one command of less than ten minutes.
#   scripts/cuda/device.sh FOLDER [--quick]
# Parts in order of their value, each in a process and a time of its own: one that fails, or whose tool is missing, says
# so, and the others go on. Each writes JSON into FOLDER; the tables come last. Status 1 when a part failed. --quick: a
# few cases of each, in about a minute over the fake driver. It needs a folder that carry.sh has filled, or a built
# working tree; of the machine a driver and NVRTC (docs/cuda.md).
set -uo pipefail
[ $# -ge 1 ] || { echo "Usage: scripts/cuda/device.sh FOLDER [--quick]" >&2; exit 2; }
mkdir -p "$1"
folder=$(cd "$1" && pwd)
quick=${2:-}
cd "$(dirname "$0")/../.."
# What carry.sh has brought.
[ -d carried ] && export PATH=$PWD/carried:$PATH LD_LIBRARY_PATH=$PWD/carried${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
failed=0

# part NAME SECONDS COMMAND...
part() {
  local name=$1 seconds=$2 status=0 begin=$SECONDS
  shift 2
  echo "== $name"
  timeout --kill-after=5 "$seconds" "$@" || status=$?
  case $status in
    0) echo "$name: done in $((SECONDS - begin)) s" ;;
    124 | 137) echo "$name: FAILED, not done in $seconds s" ;;
    *) echo "$name: FAILED with status $status" ;;
  esac
  if ((status != 0)); then failed=1; fi
}

# has COMMAND NAME: whether there is a tool of a part, which else is skipped.
has() { command -v "$1" >/dev/null || { echo "== $2"; echo "$2: skipped, there is no $1 here"; return 1; }; }

measure() { part "$1" "$2" node "scripts/cuda/device/$1.mjs" "$folder" $quick; }

# engine_tests FLAG-OR-FILE...: the tests of the engine, on the device.
engine_tests() {
  if [ -f node_modules/ava/entrypoints/cli.mjs ]; then
    part 'engine tests' 80 env BILEVEL_TEST_DEVICE=cuda node node_modules/ava/entrypoints/cli.mjs "$@"
  else
    echo '== engine tests'; echo 'engine tests: skipped, there is no AVA here'
  fi
}

nvidia-smi --query-gpu=name,driver_version,clocks.sm,power.draw --format=csv 2>/dev/null
has node 'all parts' || exit 1
measure results 60
measure costs 70
measure shapes 100
if [ -n "$quick" ]; then engine_tests --match '*softmax regression*' test/engine/programs.test.ts
else engine_tests test/engine/run.test.ts test/engine/programs.test.ts test/engine/errors.test.ts test/solvers/state.test.ts; fi
measure steps 150
if has compute-sanitizer 'compute-sanitizer'; then
  for tool in memcheck racecheck; do
    mkdir -p "$folder/$tool"
    part "compute-sanitizer, $tool" 45 compute-sanitizer --tool $tool --error-exitcode 9 \
      node scripts/cuda/device/results.mjs "$folder/$tool" --quick
  done
fi

echo
node scripts/cuda/device/tables.mjs "$folder" | tee "$folder/tables.md"
exit $failed
