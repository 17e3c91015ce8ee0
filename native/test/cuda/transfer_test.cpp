// What a run takes to the device and brings back.
#include "cuda/execute/transfer.h"

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "cuda/context/memory.h"
#include "test/cuda/fake_device.h"
#include "test/support/test.h"

namespace bilevel::test {
namespace {

using cuda::Carried;
using Bytes = std::vector<std::byte>;

constexpr int64_t kRows = 3, kLarge = 40'000;  // of which one row is small, and all together are not
constexpr auto kNew = std::byte{0xff};         // in the fake device's memory

// Every kind of array: small and large, that goes, returns or both, and one without elements.
const std::vector<Carried> kArrays = {
    {4, true, false},      {8, false, true},     {12, true, true}, {0, true, true},  {kLarge, true, false},
    {kLarge, false, true}, {kLarge, true, true}, {1, true, true},  {8, true, false}, {20'000, true, true}};

Bytes filled(int64_t bytes, unsigned value) { return Bytes(static_cast<size_t>(bytes), static_cast<std::byte>(value)); }

// A transfer of the arrays with its memory, filled with 1, 2, 3, ...
struct Moved {
  Moved()
      : context(std::make_shared<cuda::DeviceContext>(fake_driver(), 0)),
        scope(*context),
        queue(context),
        transfer(kArrays, kRows),
        memory(cuda::allocate(context, transfer.bytes())),
        pinned(cuda::allocate_pinned(context, transfer.pinned_bytes())) {
    for (size_t i = 0; i < kArrays.size(); ++i) {
      arrays.push_back(filled(kArrays[i].row_bytes * kRows, static_cast<unsigned>(i + 1)));
      hosts.push_back(arrays.back().data());
    }
  }
  std::byte* at_pinned() const { return static_cast<std::byte*>(pinned.get()); }
  void send() {
    transfer.send(queue, hosts, at_pinned(), memory.get());
    queue.wait();
  }
  void fetch(int64_t rows) {
    transfer.fetch(queue, hosts, at_pinned(), memory.get(), rows);
    queue.wait();
    transfer.unpack(hosts, at_pinned(), rows);
  }
  Bytes on_device() {
    Bytes bytes(static_cast<size_t>(transfer.bytes()));
    queue.copy_to_host(bytes.data(), memory.get(), transfer.bytes());
    queue.wait();
    return bytes;
  }

  std::shared_ptr<const cuda::DeviceContext> context;
  cuda::DeviceContext::Scope scope;
  cuda::Queue queue;
  cuda::Transfer transfer;
  cuda::OwnedMemory memory;
  cuda::OwnedPinnedMemory pinned;
  std::vector<Bytes> arrays;
  std::vector<std::byte*> hosts;
};

bool holds(const Bytes& bytes, int64_t begin, int64_t count, std::byte value) {
  for (int64_t i = begin; i < begin + count; ++i) {
    if (bytes[static_cast<size_t>(i)] != value) return false;
  }
  return true;
}

TEST(arrays_lie_apart_and_aligned) {
  const cuda::Transfer transfer(kArrays, kRows);
  Bytes taken(static_cast<size_t>(transfer.bytes()));
  for (size_t i = 0; i < kArrays.size(); ++i) {
    const int64_t place = transfer.place(i), bytes = kArrays[i].row_bytes * kRows;
    CHECK(place % cuda::kMemoryAlignment == 0 && place + bytes <= transfer.bytes(), i, place);
    CHECK(holds(taken, place, bytes, std::byte{0}), i, "lies over another");
    std::memset(taken.data() + place, 1, static_cast<size_t>(bytes));
  }
  CHECK(transfer.pinned_bytes() < kLarge * kRows, transfer.pinned_bytes());
}

TEST(what_goes_is_on_the_device_and_nothing_else) {
  Moved moved;
  moved.send();
  const Bytes there = moved.on_device();
  for (size_t i = 0; i < kArrays.size(); ++i) {
    const std::byte expected = kArrays[i].goes ? static_cast<std::byte>(i + 1) : kNew;
    CHECK(holds(there, moved.transfer.place(i), kArrays[i].row_bytes * kRows, expected), i);
  }
}

TEST(what_returns_comes_back_in_the_rows_that_are_asked_for) {
  for (int64_t rows = 0; rows <= kRows; ++rows) {
    Moved moved;
    moved.send();
    moved.queue.fill(moved.memory.get(), 0x55, moved.transfer.bytes());
    moved.fetch(rows);
    for (size_t i = 0; i < kArrays.size(); ++i) {
      const int64_t changed = kArrays[i].returns ? kArrays[i].row_bytes * rows : 0;
      CHECK(holds(moved.arrays[i], 0, changed, std::byte{0x55}), i, "of", rows);
      CHECK(holds(moved.arrays[i], changed, kArrays[i].row_bytes * kRows - changed, static_cast<std::byte>(i + 1)), i,
            "beyond", rows);
    }
  }
}

TEST(what_is_small_travels_in_one_copy_each_way) {
  std::string log = (std::filesystem::temp_directory_path() / "bilevel-copies-XXXXXX").string();
  CHECK(mkdtemp(log.data()) != nullptr);
  const std::string file = log + "/calls";
  {
    Moved moved;
    const Variable variable("FAKE_CUDA_LOG", file);
    moved.send();
    moved.fetch(kRows);
  }
  int to_device = 0, to_host = 0;
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    to_device += line == "cuMemcpyHtoDAsync_v2";
    to_host += line == "cuMemcpyDtoHAsync_v2";
  }
  std::filesystem::remove_all(log);
  CHECK(to_device == 1 + 2 && to_host == 1 + 2, to_device, to_host);  // two of the large ones go, two return
}

}  // namespace
}  // namespace bilevel::test
