// The fake driver does what NVIDIA's documents say of theirs, and notices what hardware would forgive at times.
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <thread>
#include <utility>
#include <vector>

#include "test/cuda/fake_device.h"
#include "test/fake_cuda/results.h"
#include "test/support/test.h"

namespace bilevel::test {
namespace {

using cuda::DevicePointer;
using cuda::kSuccess;
using cuda::Result;
using namespace fake_cuda;

constexpr size_t kCount = 256, kBytes = kCount * sizeof(float);

// Adds 1 to 256 floats, to each after its neighbour was read.
constexpr const char* kAddOne = R"(#include "cuda/kernels/prelude.cuh"
namespace bilevel {
namespace of_add_one {
struct Arguments { float* x; };
BILEVEL_KERNEL(add_one, Arguments, true) {
  const float neighbour = args.x[(threadIdx.x + 1) % 256];
  __syncthreads();
  args.x[(threadIdx.x + 1) % 256] = neighbour + 1.0f;
}
}
}
)";

struct AddOne {
  explicit AddOne(FakeDevice& device)
      : device(device),
        function(device.kernel(kAddOne, "add_one")),
        x(device.memory(kBytes)),
        host(static_cast<float*>(device.pinned(kBytes))) {
    std::iota(host, host + kCount, 0.0f);
  }
  ~AddOne() {
    device.driver.cuMemFree_v2(x);
    device.driver.cuMemFreeHost(host);
  }
  Result upload() const { return device.driver.cuMemcpyHtoDAsync_v2(x, host, kBytes, device.stream); }
  Result download() const { return device.driver.cuMemcpyDtoHAsync_v2(host, x, kBytes, device.stream); }
  Result launch() { return device.launch(function, &x); }
  Result wait() const { return device.driver.cuStreamSynchronize(device.stream); }

  FakeDevice& device;
  cuda::Function function;
  DevicePointer x;
  float* host;
};

// A graph of one addition.
cuda::GraphExec capture(AddOne& add) {
  const cuda::Driver& driver = add.device.driver;
  cuda::Graph graph = nullptr;
  cuda::GraphExec made = nullptr;
  CHECK(driver.cuStreamBeginCapture_v2(add.device.stream, cuda::kThreadLocalCapture) == kSuccess);
  CHECK(add.launch() == kSuccess);
  CHECK(driver.cuStreamEndCapture(add.device.stream, &graph) == kSuccess);
  CHECK(driver.cuGraphInstantiateWithFlags(&made, graph, 0) == kSuccess);
  CHECK(driver.cuGraphDestroy(graph) == kSuccess);
  return made;
}

// The signal by which a process ends that does this.
template <typename Body>
int signal_of(const Body& body) {
  const pid_t child = fork();
  if (child == 0) {
    std::signal(SIGSEGV, SIG_DFL);
    body();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

TEST(work_of_a_stream_is_done_when_somebody_waits_for_it) {
  FakeDevice device;
  AddOne add(device);
  CHECK(add.upload() == kSuccess);
  CHECK(add.launch() == kSuccess);
  CHECK(add.download() == kSuccess);
  CHECK(add.host[3] == 3.0f, "before the wait");
  add.host[3] = 50.0f;  // too early: the copy has not been made
  CHECK(add.wait() == kSuccess);
  CHECK(add.host[3] == 51.0f && add.host[4] == 5.0f, add.host[3], add.host[4]);
}

TEST(memory_that_is_not_pinned_is_copied_before_the_call_returns) {
  FakeDevice device;
  AddOne add(device);
  std::vector<float> host(kCount, 2.0f);
  CHECK(device.driver.cuMemcpyHtoDAsync_v2(add.x, host.data(), kBytes, device.stream) == kSuccess);
  host[0] = 9.0f;
  CHECK(add.launch() == kSuccess);
  CHECK(device.driver.cuMemcpyDtoHAsync_v2(host.data(), add.x, kBytes, device.stream) == kSuccess);
  CHECK(host[0] == 3.0f, host[0]);
}

TEST(registered_memory_is_pinned) {
  FakeDevice device;
  AddOne add(device);
  std::vector<float> host(kCount, 2.0f);
  CHECK(device.driver.cuMemHostRegister_v2(host.data(), kBytes, 0) == kSuccess);
  CHECK(device.driver.cuMemHostRegister_v2(host.data(), kBytes, 0) == kAlreadyRegistered);
  CHECK(device.driver.cuMemcpyHtoDAsync_v2(add.x, host.data(), kBytes, device.stream) == kSuccess);
  host[0] = 9.0f;
  CHECK(add.download() == kSuccess);
  CHECK(add.wait() == kSuccess);
  CHECK(add.host[0] == 9.0f, add.host[0]);
  CHECK(device.driver.cuMemHostUnregister(host.data()) == kSuccess);
  CHECK(device.driver.cuMemHostUnregister(host.data()) == kNotRegistered);
}

TEST(new_memory_holds_nan_and_the_host_may_not_touch_it) {
  FakeDevice device;
  AddOne add(device);
  CHECK(add.download() == kSuccess);
  CHECK(add.wait() == kSuccess);
  CHECK(std::isnan(add.host[0]) && std::isnan(add.host[kCount - 1]));
  auto* const inside = reinterpret_cast<volatile char*>(add.x);
  CHECK(signal_of([&] { *inside = 1; }) == SIGSEGV);
  CHECK(signal_of([&] { std::exit(*inside); }) == SIGSEGV);
}

TEST(a_graph_is_launched_as_often_as_one_likes) {
  FakeDevice device;
  AddOne add(device);
  const cuda::GraphExec graph = capture(add);
  const fake_cuda::Counts before = fake_counts();
  CHECK(add.upload() == kSuccess);
  for (int i = 0; i < 5; ++i) CHECK(device.driver.cuGraphLaunch(graph, device.stream) == kSuccess);
  CHECK(device.driver.cuGraphExecDestroy(graph) == kSuccess);  // before it is waited for
  CHECK(add.download() == kSuccess);
  CHECK(add.wait() == kSuccess);
  CHECK(add.host[7] == 12.0f, add.host[7]);
  CHECK(fake_counts().graph_launches == before.graph_launches + 5);
  CHECK(fake_counts().launches == before.launches + 5);
}

TEST(a_capture_forbids_waiting_and_memory) {
  FakeDevice device;
  AddOne add(device);
  const cuda::Driver& driver = device.driver;
  DevicePointer memory = 0;
  std::vector<float> pageable(kCount);
  cuda::Event event = nullptr;
  CHECK(driver.cuEventCreate(&event, 0) == kSuccess);
  const auto refused = [&](const auto& call) {
    CHECK(driver.cuStreamBeginCapture_v2(device.stream, cuda::kThreadLocalCapture) == kSuccess);
    CHECK(add.launch() == kSuccess);
    CHECK(call() == kCaptureUnsupported);
    CHECK(add.launch() == kCaptureInvalidated);
    cuda::Graph graph = nullptr;
    CHECK(driver.cuStreamEndCapture(device.stream, &graph) == kCaptureInvalidated && graph == nullptr);
    CHECK(add.wait() == kSuccess);
  };
  refused([&] { return add.wait(); });
  refused([&] { return driver.cuMemAlloc_v2(&memory, 4); });
  refused([&] { return driver.cuMemFree_v2(add.x); });
  refused([&] { return driver.cuMemcpyHtoDAsync_v2(add.x, pageable.data(), kBytes, device.stream); });
  refused([&] { return driver.cuMemcpyDtoHAsync_v2(pageable.data(), add.x, kBytes, device.stream); });
  refused([&] { return driver.cuEventQuery(event); });
  refused([&] {
    CHECK(driver.cuEventRecord(event, device.stream) == kSuccess);
    return driver.cuEventSynchronize(event);
  });
  CHECK(driver.cuEventDestroy_v2(event) == kSuccess);
}

TEST(a_capture_belongs_to_its_thread) {
  FakeDevice device;
  const cuda::Driver& driver = device.driver;
  cuda::Graph graph = nullptr;
  CHECK(driver.cuStreamEndCapture(device.stream, &graph) == kIllegalState);
  CHECK(driver.cuStreamBeginCapture_v2(device.stream, cuda::kThreadLocalCapture) == kSuccess);
  CHECK(driver.cuStreamBeginCapture_v2(device.stream, cuda::kThreadLocalCapture) == kIllegalState);
  std::thread([&] {
    CHECK(driver.cuCtxPushCurrent_v2(device.context) == kSuccess);
    DevicePointer memory = 0;
    CHECK(driver.cuMemAlloc_v2(&memory, 4) == kSuccess);
    CHECK(driver.cuMemFree_v2(memory) == kSuccess);
    CHECK(driver.cuStreamEndCapture(device.stream, &graph) == kCaptureWrongThread);
  }).join();
  CHECK(driver.cuStreamEndCapture(device.stream, &graph) == kSuccess);
  CHECK(driver.cuGraphDestroy(graph) == kSuccess);
}

TEST(a_wrong_access_loses_its_context_alone) {
  FakeDevice device, other;
  CHECK(device.driver.cuCtxPushCurrent_v2(device.context) == kSuccess);
  AddOne add(device);
  DevicePointer beyond = add.x + kBytes;
  CHECK(device.launch(add.function, &beyond) == kSuccess);
  CHECK(add.wait() == kIllegalAddress);
  CHECK(add.upload() == kIllegalAddress && add.launch() == kIllegalAddress && add.wait() == kIllegalAddress);
  CHECK(device.driver.cuMemFree_v2(add.x) == kIllegalAddress);

  CHECK(device.driver.cuCtxPushCurrent_v2(other.context) == kSuccess);
  AddOne still(other);
  CHECK(still.upload() == kSuccess && still.launch() == kSuccess && still.download() == kSuccess);
  CHECK(still.wait() == kSuccess && still.host[0] == 1.0f);
  CHECK(device.destroy() == kIllegalAddress);
  CHECK(still.wait() == kSuccess);
  CHECK(take_failed_work() == 1);
}

TEST(contexts_of_a_thread_are_a_stack) {
  FakeDevice device, other;
  const cuda::Driver& driver = device.driver;
  cuda::Context popped = nullptr;
  CHECK(driver.cuCtxPushCurrent_v2(device.context) == kSuccess);
  CHECK(driver.cuStreamSynchronize(device.stream) == kSuccess);
  CHECK(driver.cuCtxPopCurrent_v2(&popped) == kSuccess && popped == device.context);
  CHECK(driver.cuStreamSynchronize(device.stream) == kInvalidHandle);
  CHECK(driver.cuStreamSynchronize(other.stream) == kSuccess);
  std::thread([&] { CHECK(driver.cuCtxPopCurrent_v2(&popped) == kInvalidContext); }).join();
}

TEST(memory_that_a_graph_uses_must_still_be_there) {
  FakeDevice device;
  AddOne add(device);
  const cuda::GraphExec graph = capture(add);
  CHECK(device.driver.cuMemFree_v2(add.x) == kSuccess);
  CHECK(device.driver.cuGraphLaunch(graph, device.stream) == kSuccess);
  CHECK(add.wait() == kIllegalAddress);
  CHECK(take_failed_work() == 1);
}

TEST(kernels_of_a_module_that_is_unloaded_do_not_run) {
  FakeDevice device;
  AddOne add(device);
  const cuda::GraphExec graph = capture(add);
  CHECK(device.driver.cuModuleUnload(std::exchange(device.module, nullptr)) == kSuccess);
  CHECK(add.launch() == kInvalidHandle);
  CHECK(device.driver.cuGraphLaunch(graph, device.stream) == kSuccess);
  CHECK(add.wait() == kLaunchFailed);
  CHECK(take_failed_work() == 1);
}

TEST(memory_is_as_large_as_it_is_told) {
  FakeDevice device;
  const Variable small("FAKE_CUDA_MEMORY", "3");
  const auto free_memory = [&] {
    size_t free = 0, total = 0;
    CHECK(device.driver.cuMemGetInfo_v2(&free, &total) == kSuccess);
    CHECK(total == size_t{3} << 20, total);
    return free;
  };
  const DevicePointer first = device.memory(2 << 20);
  CHECK(free_memory() == 1 << 20);
  DevicePointer second = 0;
  CHECK(device.driver.cuMemAlloc_v2(&second, (1 << 20) + 1) == cuda::kOutOfMemory);
  CHECK(device.driver.cuMemAlloc_v2(&second, 0) == kInvalidValue);
  CHECK(device.driver.cuMemFree_v2(first) == kSuccess);
  CHECK(device.driver.cuMemFree_v2(first) == kInvalidValue);
  CHECK(free_memory() == 3 << 20);
}

TEST(a_planned_fault_is_one_call_and_a_sticky_one_is_all_that_follow) {
  FakeDevice device;
  DevicePointer memory = 0;
  {
    const Variable fault("FAKE_CUDA_FAIL", "cuMemAlloc_v2:2:2");
    CHECK(device.driver.cuMemAlloc_v2(&memory, 4) == kSuccess);
    CHECK(device.driver.cuMemFree_v2(memory) == kSuccess);
    CHECK(device.driver.cuMemAlloc_v2(&memory, 4) == cuda::kOutOfMemory);
    CHECK(device.driver.cuMemAlloc_v2(&memory, 4) == kSuccess);
    CHECK(device.driver.cuMemFree_v2(memory) == kSuccess);
  }
  const Variable fault("FAKE_CUDA_FAIL", "cuStreamSynchronize:1:719");
  CHECK(device.driver.cuStreamSynchronize(device.stream) == kLaunchFailed);
  CHECK(device.driver.cuMemAlloc_v2(&memory, 4) == kLaunchFailed);
}

TEST(what_is_left_in_a_context_is_counted) {
  const fake_cuda::Counts before = fake_counts();
  {
    FakeDevice device;
    CHECK(fake_counts().contexts == before.contexts + 1);
    CHECK(fake_counts().objects == before.objects + 1, "its stream");
    device.memory(4);
    device.pinned(4);
  }
  CHECK(fake_counts().contexts == before.contexts);
  CHECK(fake_counts().left_behind == before.left_behind + 2);
}

TEST(events_end_with_the_work_before_them) {
  FakeDevice device;
  AddOne add(device);
  const cuda::Driver& driver = device.driver;
  cuda::Event first = nullptr, last = nullptr;
  CHECK(driver.cuEventCreate(&first, 0) == kSuccess && driver.cuEventCreate(&last, 0) == kSuccess);
  CHECK(driver.cuEventQuery(first) == kSuccess, "one that was never recorded");
  CHECK(driver.cuEventRecord(first, device.stream) == kSuccess);
  CHECK(add.upload() == kSuccess && add.launch() == kSuccess);
  CHECK(driver.cuEventRecord(last, device.stream) == kSuccess);
  CHECK(add.download() == kSuccess);
  float milliseconds = -1;
  CHECK(driver.cuEventElapsedTime(&milliseconds, first, last) == cuda::kNotReady);
  CHECK(driver.cuEventQuery(last) == cuda::kNotReady);
  CHECK(driver.cuEventSynchronize(last) == kSuccess);
  CHECK(driver.cuEventQuery(last) == kSuccess);
  CHECK(driver.cuEventElapsedTime(&milliseconds, first, last) == kSuccess && milliseconds >= 0, milliseconds);
  CHECK(add.host[0] == 0.0f, "what comes after the event is not done");
  CHECK(driver.cuEventDestroy_v2(first) == kSuccess && driver.cuEventDestroy_v2(last) == kSuccess);
}

TEST(calls_want_a_context_and_things_that_are_in_it) {
  const cuda::Driver& driver = fake_driver();
  DevicePointer memory = 0;
  std::thread([&] { CHECK(driver.cuMemAlloc_v2(&memory, 4) == kInvalidContext); }).join();
  FakeDevice device;
  AddOne add(device);
  CHECK(driver.cuStreamSynchronize(nullptr) == kInvalidHandle);
  CHECK(driver.cuMemcpyHtoDAsync_v2(add.x, add.host, kBytes + 1, device.stream) == kInvalidValue);
  CHECK(driver.cuMemcpyHtoDAsync_v2(add.x, reinterpret_cast<void*>(add.x), 4, device.stream) == kInvalidValue);
  void* parameters[] = {&add.x};
  const auto launch = [&](unsigned grid, unsigned block) {
    return driver.cuLaunchKernel(add.function, grid, 1, 1, block, 1, 1, 0, device.stream, parameters, nullptr);
  };
  CHECK(launch(0, 256) == kInvalidValue && launch(1, 512) == kLaunchOutOfResources);
}

}  // namespace
}  // namespace bilevel::test
