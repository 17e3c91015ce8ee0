#!/usr/bin/env bash
# Unpacks the sources of oneDNN into a folder, trimmed to what native/cpu/onednn uses: products, convolutions and reorders
# of float32 and bfloat16. They are Debian 13's, by their hash, from the mirror that this Debian uses. The system's own
# package lists stay as they are.
set -euo pipefail
folder=${1:?folder to unpack into}
archive=onednn_3.7.2+ds.orig.tar.xz
hash=0cc51ca26c1af6a2bb1e71e378e7046f3ceb3e71791ee9d4e246d50f904a6ea6

mkdir -p "$folder"
cd "$folder"
folder=$PWD
if [ ! -e $archive ]; then
  mkdir -p lists/partial cache/archives/partial parts
  mirror=$(grep -rhEo 'https?://[^ ]+/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null | head -1)
  echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >sources.list
  apt=(apt-get -qq -o Dir::Etc::sourcelist="$folder/sources.list" -o Dir::Etc::sourceparts="$folder/parts"
    -o Dir::State::lists="$folder/lists" -o Dir::Cache="$folder/cache" -o APT::Sandbox::User=root)
  "${apt[@]}" update >&2
  "${apt[@]}" source --download-only --tar-only onednn >&2
fi
echo "$hash  $archive" | sha256sum --check --quiet >&2
rm -rf sources
mkdir sources
tar xf $archive -C sources --strip-components=1

# CMake leaves the other primitives out of the lists that oneDNN chooses from, but still compiles them: half of the time.
cd sources/src/cpu
others='rnn|pool|lrn|softmax|batch_norm|layer_norm|resampling|shuffle|prelu|eltwise|reduction|group_norm|inner_product'
others+='|deconv|concat|sum|binary'
# What products and convolutions use of them, and the lists themselves.
shared='injector|inner_product_utils|jit_prelu_utils|_list\.cpp|/cpu_(sum|concat|batch_normalization_utils)\.cpp'
find . -name '*.cpp' | grep -E "$others" | grep -vE "$shared" | xargs rm

# Likewise the numbers that this package does not compute with: integers, float16, and those of 8 and 4 bits.
sed -i -E '/^ +\{\{.*impl_list_map\(\)\},$/{/(f32, f32|f32, bf16|bf16, data_type::undef), 0/!d}' reorder/cpu_reorder.cpp
find reorder -name 'cpu_reorder_*.cpp' | grep -vE 'regular_(f32_f32|f32_bf16|bf16)\.cpp' | xargs rm
sed -i -E '/CPU_INSTANCE.*(x8s8s32x|int8|sparse)/d' cpu_convolution_list.cpp matmul/cpu_matmul_list.cpp
# Products of integers stay in the table of products, which the linker leaves out as nothing calls them; those of numbers
# ask for one only to be told that they are none.
sed -i '/jump_to_gemv_s8x8s32(arg)/,+1d' x64/gemm/gemm_driver.cpp
find . -name '*.cpp' | grep -E 'x8s8s32x|int8|sparse_matmul|x64/gemm/s8x8s32/' | xargs rm

# The code in these folders writes machine code. How fast it does so matters little, and most of its compilation goes into
# reading the same headers and into optimizing what runs once.
for target in x64 aarch64; do
  {
    echo 'if(NOT MSVC)'
    echo '  target_compile_options(${OBJ_LIB} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-O1>)'
    echo 'endif()'
    echo 'target_precompile_headers(${OBJ_LIB} PRIVATE'
    echo '  $<$<COMPILE_LANGUAGE:CXX>:${PROJECT_SOURCE_DIR}/src/cpu/cpu_convolution_pd.hpp>'
    echo "  \$<\$<COMPILE_LANGUAGE:CXX>:\${PROJECT_SOURCE_DIR}/src/cpu/$target/jit_primitive_conf.hpp>"
    echo "  \$<\$<COMPILE_LANGUAGE:CXX>:\${PROJECT_SOURCE_DIR}/src/cpu/$target/jit_generator.hpp>)"
  } >>"$target/CMakeLists.txt"
done
echo "$folder/sources"
