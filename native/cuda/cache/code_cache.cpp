#include "cuda/cache/code_cache.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

namespace bilevel::cuda {
namespace {

namespace fs = std::filesystem;

// A file is this, the key and the code. With the whole key in it no two keys can be taken for each other.
struct Header {
  std::array<char, 8> magic;
  uint64_t key_bytes, code_bytes, checksum;
};
constexpr std::array<char, 8> kMagic = {'b', 'i', 'l', 'e', 'v', 'c', '0', '1'};

// Fowler, Noll and Vo's hash.
uint64_t hash_of(std::string_view text, uint64_t hash = 14695981039346656037u) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return hash;
}

uint64_t checksum_of(std::string_view key, std::string_view code) { return hash_of(code, hash_of(key)); }

}  // namespace

std::optional<fs::path> user_cache_folder() {
  const auto variable = [](const char* name) -> std::optional<fs::path> {
    const char* const value = std::getenv(name);
    // The XDG specification has relative paths ignored.
    if (value == nullptr || *value != '/') return std::nullopt;
    return value;
  };
  if (const auto folder = variable("XDG_CACHE_HOME")) return *folder / "bilevel";
  if (const auto home = variable("HOME")) return *home / ".cache" / "bilevel";
  return std::nullopt;
}

CodeCache::CodeCache(fs::path folder, int64_t limit) : folder_(std::move(folder)), limit_(limit) {}

fs::path CodeCache::file_of(std::string_view key) const {
  std::array<char, 24> name{};
  std::snprintf(name.data(), name.size(), "%016llx.cubin", static_cast<unsigned long long>(hash_of(key)));
  return folder_ / name.data();
}

std::optional<std::string> CodeCache::find(std::string_view key) const noexcept {
  try {
    const fs::path file = file_of(key);
    std::ifstream in(file, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    Header header{};
    if (bytes.size() < sizeof(header)) return std::nullopt;
    std::memcpy(&header, bytes.data(), sizeof(header));
    const std::string_view rest = std::string_view(bytes).substr(sizeof(header));
    if (header.magic != kMagic || header.key_bytes != key.size() || header.code_bytes > rest.size() ||
        header.key_bytes + header.code_bytes != rest.size()) {
      return std::nullopt;
    }
    const std::string_view code = rest.substr(key.size());
    if (rest.substr(0, key.size()) != key || header.checksum != checksum_of(key, code)) return std::nullopt;
    std::error_code ignored;
    fs::last_write_time(file, fs::file_time_type::clock::now(), ignored);
    return std::string(code);
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

void CodeCache::store(std::string_view key, std::string_view code) const noexcept {
  try {
    if (static_cast<int64_t>(sizeof(Header) + key.size() + code.size()) > limit_) return;
    fs::create_directories(folder_);
    // Others see the file when it is whole.
    static std::atomic<uint64_t> number = 0;
    const fs::path file = file_of(key);
    fs::path unfinished = file;
    unfinished += "." + std::to_string(getpid()) + "-" + std::to_string(number++);
    const Header header{kMagic, key.size(), code.size(), checksum_of(key, code)};
    std::ofstream out(unfinished, std::ios::binary);
    out.write(reinterpret_cast<const char*>(&header), sizeof(header));
    out << key << code;
    out.close();
    if (out.fail()) {
      fs::remove(unfinished);
      return;
    }
    fs::rename(unfinished, file);
    make_room();
  } catch (const std::exception&) {
    // The next process compiles again.
  }
}

void CodeCache::make_room() const {
  struct Entry {
    fs::path path;
    fs::file_time_type used;
    int64_t bytes;
  };
  std::vector<Entry> entries;
  int64_t total = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
    // One that another process removes meanwhile is not there.
    std::error_code gone;
    const auto bytes = static_cast<int64_t>(entry.file_size(gone));
    const auto used = gone ? fs::file_time_type() : entry.last_write_time(gone);
    if (gone) continue;
    entries.push_back({entry.path(), used, bytes});
    total += bytes;
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.used < b.used; });
  for (const Entry& entry : entries) {
    if (total <= limit_) return;
    std::error_code ignored;
    if (fs::remove(entry.path, ignored)) total -= entry.bytes;
  }
}

}  // namespace bilevel::cuda
