#!/usr/bin/env bash
# Fails when an addon for Linux needs more of a system than is promised: a library beside those of C, or a glibc newer than
# the floor that docs/installing.md states.
set -euo pipefail
addon=${1:?file of an addon}
floor=${2:-2.34}
libraries=$(objdump -p "$addon" | awk '$1 == "NEEDED" { print $2 }')
foreign=$(grep -vE '^(lib(c|m)\.so\.6|libdl\.so\.2|libpthread\.so\.0|libgcc_s\.so\.1|ld-linux-.*|libc\.musl-.*)$' <<<"$libraries" || true)
newest=$(objdump -T "$addon" | grep -oE 'GLIBC_[0-9.]+' | sort -uV | tail -1)
echo "$addon needs ${libraries//$'\n'/, }; ${newest:-no glibc}"
if [ -n "$foreign" ]; then
  echo "It must not need ${foreign//$'\n'/, }."
  exit 1
fi
if [ "$(printf '%s\n' "${newest#GLIBC_}" "$floor" | sort -V | tail -1)" != "$floor" ]; then
  echo "It must run on glibc $floor."
  exit 1
fi
