// The cache of compiled kernels: what comes back is what was stored, or nothing.
#include "cuda/cache/code_cache.h"

#include <stdlib.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "test/support/test.h"

namespace bilevel::test {
namespace {

namespace fs = std::filesystem;
using cuda::CodeCache;

class Folder {
 public:
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "bilevel-cache-XXXXXX").string();
    CHECK(mkdtemp(pattern.data()) != nullptr);
    path = pattern;
  }
  ~Folder() { fs::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::vector<fs::path> files() const {
    std::vector<fs::path> all;
    for (const fs::directory_entry& entry : fs::directory_iterator(path)) all.push_back(entry.path());
    return all;
  }

  fs::path path;
};

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const fs::path& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

TEST(code_is_found_under_its_key_alone) {
  const Folder folder;
  const CodeCache cache(folder.path / "new" / "folder");
  const std::string code("\0code\n\xff", 7);
  CHECK(!cache.find("key"));
  cache.store("key", code);
  CHECK(cache.find("key") == code);
  CHECK(!cache.find("kez") && !cache.find("") && !cache.find("key "));
  cache.store("key", "");
  CHECK(cache.find("key") == "");
  CHECK(CodeCache(folder.path / "new" / "folder").find("key") == "");
}

TEST(a_damaged_file_is_as_if_it_were_not_there) {
  const Folder folder;
  const CodeCache cache(folder.path);
  cache.store("some key", "some code");
  const fs::path file = folder.files().at(0);
  const std::string whole = read(file);
  for (size_t length = 0; length < whole.size(); ++length) {
    write(file, whole.substr(0, length));
    CHECK(!cache.find("some key"), "cut to", length);
  }
  for (size_t at = 0; at < whole.size(); ++at) {
    for (const int bit : {1, 128}) {
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ bit);
      write(file, changed);
      CHECK(!cache.find("some key"), "changed at", at);
    }
  }
  write(file, whole + "x");
  CHECK(!cache.find("some key"));
  // What another key left under this one's name.
  cache.store("other key", "other code");
  for (const fs::path& other : folder.files()) {
    if (other != file) fs::copy_file(other, file, fs::copy_options::overwrite_existing);
  }
  CHECK(!cache.find("some key"));
  cache.store("some key", "some code");
  CHECK(cache.find("some key") == "some code");
}

TEST(what_was_not_used_for_longest_makes_room) {
  const Folder folder;
  const CodeCache cache(folder.path, 3500);
  const auto store = [&](const std::string& key) {
    cache.store(key, std::string(1000, 'c'));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  };
  store("a");
  store("b");
  store("c");
  CHECK(cache.find("a").has_value());
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  store("d");
  CHECK(cache.find("a") && !cache.find("b") && cache.find("c") && cache.find("d"));
  cache.store("larger than all", std::string(4000, 'c'));
  CHECK(!cache.find("larger than all") && folder.files().size() == 3);
}

TEST(readers_see_whole_files_while_others_write) {
  const Folder folder;
  const CodeCache cache(folder.path, 40'000);
  std::atomic<int> wrong = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        const std::string key = "key " + std::to_string((i + t) % 7), code(2000 + static_cast<size_t>(i + t) % 7, 'x');
        if (i % 3 == 0) cache.store(key, code);
        const auto found = cache.find(key);
        if (found && *found != code) ++wrong;
      }
    });
  }
  threads.clear();
  CHECK(wrong == 0);
  for (const fs::path& file : folder.files()) CHECK(file.extension() == ".cubin", file);
}

TEST(a_folder_that_cannot_be_written_keeps_nothing) {
  const Folder folder;
  write(folder.path / "file", "");
  const CodeCache cache(folder.path / "file" / "below");
  cache.store("key", "code");
  CHECK(!cache.find("key"));
}

TEST(the_cache_lies_where_the_user_has_caches) {
  const auto with = [](const char* xdg, const char* home) {
    const auto set = [](const char* name, const char* value) {
      if (value == nullptr) {
        unsetenv(name);
      } else {
        setenv(name, value, 1);
      }
    };
    const auto saved = [](const char* name) { return std::getenv(name) ? std::string(std::getenv(name)) : ""; };
    const std::string old_xdg = saved("XDG_CACHE_HOME"), old_home = saved("HOME");
    set("XDG_CACHE_HOME", xdg);
    set("HOME", home);
    const auto folder = cuda::user_cache_folder();
    set("XDG_CACHE_HOME", old_xdg.empty() ? nullptr : old_xdg.c_str());
    set("HOME", old_home.empty() ? nullptr : old_home.c_str());
    return folder;
  };
  CHECK(with("/caches", "/home/me") == fs::path("/caches/bilevel"));
  CHECK(with(nullptr, "/home/me") == fs::path("/home/me/.cache/bilevel"));
  CHECK(with("relative", "/home/me") == fs::path("/home/me/.cache/bilevel"));
  CHECK(!with(nullptr, nullptr));
}

}  // namespace
}  // namespace bilevel::test
