#!/usr/bin/env bash
# Builds the addon for a platform with oneDNN and the runtime of C++ inside, as build/prebuilt/PLATFORM/bilevel.node, and
# prints its path. Where the C++ compiler is ccache's business, CMAKE_CXX_COMPILER_LAUNCHER says so.
set -euo pipefail
platform=${1:?one of linux-x64, linux-arm64, linuxmusl-x64, darwin-arm64, darwin-x64, win32-x64}
jobs=${2:-$(getconf _NPROCESSORS_ONLN)}
cd "$(dirname "$0")/../.."

# The compiler for another platform than this one; that of Debian's package g++-aarch64-linux-gnu for linux-arm64.
target=()
case $platform in
  linux-arm64)
    if [ "$(uname -m)" != aarch64 ]; then
      target=(-DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64
        -DCMAKE_C_COMPILER=aarch64-linux-gnu-gcc -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++)
    fi
    ;;
  darwin-*) target=("-DCMAKE_OSX_ARCHITECTURES=$([ "$platform" = darwin-arm64 ] && echo arm64 || echo x86_64)") ;;
esac

folder=$PWD/build/prebuilt
onednn=$folder/onednn-$platform
if [ ! -e "$onednn/install/include/dnnl.hpp" ]; then
  sources=$folder/onednn/sources
  [ -d "$sources" ] || scripts/prebuilt/onednn-sources.sh "$folder/onednn" >&2
  sections='-ffunction-sections -fdata-sections -fvisibility=hidden'
  [[ $platform == win32-* ]] && sections=
  cmake -S "$sources" -B "$onednn" "${target[@]}" -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_LIBDIR=lib \
    -DCMAKE_INSTALL_PREFIX="$onednn/install" -DCMAKE_POSITION_INDEPENDENT_CODE=ON \
    -DCMAKE_C_FLAGS="$sections" -DCMAKE_CXX_FLAGS="$sections" \
    -DONEDNN_LIBRARY_TYPE=STATIC -DONEDNN_CPU_RUNTIME=THREADPOOL -DONEDNN_ENABLE_PRIMITIVE='CONVOLUTION;MATMUL;REORDER' \
    -DONEDNN_BUILD_GRAPH=OFF -DONEDNN_BUILD_TESTS=OFF -DONEDNN_BUILD_EXAMPLES=OFF -DONEDNN_VERBOSE=OFF \
    -DONEDNN_ENABLE_JIT_PROFILING=OFF -DONEDNN_ENABLE_ITT_TASKS=OFF >&2
  cmake --build "$onednn" --config Release --parallel "$jobs" --target install >&2
fi

modules=$PWD/node_modules
cmake -S . -B "$folder/$platform" "${target[@]}" -DCMAKE_BUILD_TYPE=Release -DBILEVEL_OWN_THREADS=ON \
  -DBILEVEL_STATIC_RUNTIME=ON -DCMAKE_PREFIX_PATH="$onednn/install" \
  -DCMAKE_JS_INC="$modules/node-api-headers/include;$modules/node-addon-api" >&2
cmake --build "$folder/$platform" --config Release --parallel "$jobs" --target bilevel >&2
find "$folder/$platform" -name bilevel.node -print -quit
