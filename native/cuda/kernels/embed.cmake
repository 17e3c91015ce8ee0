# Writes the C++ source OUTPUT with the texts of FILES, paths below ROOT that commas separate.
string(REPLACE "," ";" files "${FILES}")
set(entries "")
foreach(file IN LISTS files)
  file(READ "${ROOT}/${file}" text)
  string(APPEND entries "    {\"${file}\", R\"device(${text})device\"},\n")
endforeach()
file(
  WRITE "${OUTPUT}"
  "#include <array>\n\n#include \"cuda/codegen/source.h\"\n\nnamespace bilevel::cuda {\n\n"
  "std::span<const DeviceHeader> device_headers() {\n"
  "  static constexpr auto all = std::to_array<DeviceHeader>({\n${entries}  });\n"
  "  return all;\n}\n\n}  // namespace bilevel::cuda\n")
