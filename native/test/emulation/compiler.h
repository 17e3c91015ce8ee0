// The compiler that built the tests, for device code that is to run on the CPU.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace bilevel::emulation {

// Files by the name under which device code includes them.
using Headers = std::span<const std::pair<std::string_view, std::string_view>>;

// A folder of files that device code may include: these, and what stands for CUDA. It includes no others.
void write_headers(const std::filesystem::path& folder, Headers headers);

// Makes `output` of the device code in `source`, or the compiler's words where it is none. The `flags` are for the
// compiler.
std::optional<std::string> compile(const std::filesystem::path& headers, const std::filesystem::path& source,
                                   const std::filesystem::path& output, std::string_view flags);

}  // namespace bilevel::emulation
