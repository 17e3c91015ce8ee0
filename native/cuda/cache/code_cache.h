// Compiled kernels kept on disk from one process to the next, because compiling takes seconds.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace bilevel::cuda {

// The folder for caches of this user: bilevel/ in $XDG_CACHE_HOME, or in .cache of $HOME; none without either.
std::optional<std::filesystem::path> user_cache_folder();

// Never throws: what cannot be read or written, is damaged, or belongs to something else is as if it were not there,
// and is compiled again. Processes may share a folder.
class CodeCache {
 public:
  static constexpr int64_t kDefaultLimit = int64_t{256} << 20;

  // `limit`: bytes that the files of the folder may take; those that were not used for longest go.
  explicit CodeCache(std::filesystem::path folder, int64_t limit = kDefaultLimit);

  // What was stored under exactly this key, which is everything that decides the code: all source text, options,
  // compiler and device.
  std::optional<std::string> find(std::string_view key) const noexcept;
  void store(std::string_view key, std::string_view code) const noexcept;

 private:
  std::filesystem::path file_of(std::string_view key) const;
  void make_room() const;

  std::filesystem::path folder_;
  int64_t limit_;
};

}  // namespace bilevel::cuda
