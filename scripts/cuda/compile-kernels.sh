#!/usr/bin/env bash
# Compiles kernels with NVIDIA's compiler for the oldest and the newest devices, and reports what they need of them.
#   scripts/cuda/compile-kernels.sh FOLDER [EVERY]
# FOLDER: sources and the options that they are compiled with, as the native tests write them where BILEVEL_DEVICE_SOURCES
# names it. EVERY: of the sources, by number, only each so many-th one; 1 when not given. Needs nvcc, on PATH or in
# /usr/local/cuda; no device and no driver.
set -euo pipefail
folder=$1 every=${2:-1}
nvcc=$(command -v nvcc || echo /usr/local/cuda/bin/nvcc)
architectures='75 80 90 100'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

generate=()
for architecture in $architectures; do generate+=(-gencode "arch=compute_$architecture,code=sm_$architecture"); done
sources=$(find "$folder" -maxdepth 1 -name '*.cu' | sort -V | awk "(NR - 1) % $every == 0")
[ -n "$sources" ] || { echo "there are no sources in $folder" >&2 && exit 1; }
# shellcheck disable=SC2016
echo "$sources" | xargs -P "$(nproc)" -I '{}' sh -c '
  "$0" --options-file "'"$folder"'/options" -fatbin "${@}" -I "'"$folder"'" -Xptxas -v -o "'"$work"'/$(basename "{}").fatbin" "{}" \
    > "'"$work"'/$(basename "{}").log" 2>&1 || { cat "'"$work"'/$(basename "{}").log" >&2; exit 255; }' \
  "$nvcc" "${generate[@]}"

"$nvcc" --version | grep release
cat "$work"/*.log | awk '
  /Compiling entry function/ { match($0, /sm_[0-9]+/); device = substr($0, RSTART, RLENGTH); kernels[device]++ }
  /bytes spill stores/ { if ($0 !~ / 0 bytes spill stores/) spilling[device]++ }
  /Used [0-9]+ registers/ {
    match($0, /Used [0-9]+/); used = substr($0, RSTART + 5, RLENGTH - 5) + 0
    if (used > most[device]) most[device] = used
    sum[device] += used
  }
  END {
    for (device in kernels) {
      printf "%-7s %5d kernels, %5.1f registers on average, %3d at most, %d that spill\n",
        device, kernels[device], sum[device] / kernels[device], most[device], spilling[device]
      if (most[device] == 0) bad = 1
    }
    exit bad
  }' | sort -V
