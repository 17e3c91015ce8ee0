#!/usr/bin/env bash
# Unpacks the headers of oneDNN 3 into a folder and prints it: those of Debian 13's libdnnl-dev, from the mirror that this
# Debian uses. The system's own packages and package lists stay as they are.
set -euo pipefail
folder=${1:?folder to unpack into}
root="$folder/root"
if [ ! -e "$root/usr/include/oneapi/dnnl/dnnl_version.h" ]; then
  mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial" "$folder/parts"
  mirror=$(grep -rhEo 'https?://[^ ]+/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null | head -1) || true
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$folder/sources.list"
  apt=(apt-get -qq -o Dir::Etc::sourcelist="$folder/sources.list" -o Dir::Etc::sourceparts="$folder/parts"
    -o Dir::State::lists="$folder/lists" -o Dir::Cache="$folder/cache" -o APT::Sandbox::User=root)
  "${apt[@]}" update >&2
  (cd "$folder" && "${apt[@]}" download libdnnl-dev >&2)
  dpkg-deb -x "$folder"/libdnnl-dev_*.deb "$root"
fi
echo "$root/usr/include"
