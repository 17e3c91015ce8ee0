// What the fake driver can do on no device yet.
#include "cuda/libraries/driver.h"
#include "test/fake_cuda/faults.h"

namespace {

using namespace bilevel::cuda;
constexpr Result kNotSupported = 801;

}  // namespace

FAKE_CUDA_EXPORT cuCtxCreate_v2(Context* context, unsigned flags, Ordinal device) { return kNotSupported; }
FAKE_CUDA_EXPORT cuCtxDestroy_v2(Context context) { return kNotSupported; }
FAKE_CUDA_EXPORT cuCtxSetCurrent(Context context) { return kNotSupported; }
FAKE_CUDA_EXPORT cuMemGetInfo_v2(size_t* free, size_t* total) { return kNotSupported; }
FAKE_CUDA_EXPORT cuMemAlloc_v2(DevicePointer* memory, size_t bytes) { return kNotSupported; }
FAKE_CUDA_EXPORT cuMemFree_v2(DevicePointer memory) { return kNotSupported; }
FAKE_CUDA_EXPORT cuMemHostAlloc(void** memory, size_t bytes, unsigned flags) { return kNotSupported; }
FAKE_CUDA_EXPORT cuMemFreeHost(void* memory) { return kNotSupported; }
FAKE_CUDA_EXPORT cuMemHostRegister_v2(void* memory, size_t bytes, unsigned flags) { return kNotSupported; }
FAKE_CUDA_EXPORT cuMemHostUnregister(void* memory) { return kNotSupported; }
FAKE_CUDA_EXPORT cuMemcpyHtoDAsync_v2(DevicePointer to, const void* from, size_t bytes, Stream stream) {
  return kNotSupported;
}
FAKE_CUDA_EXPORT cuMemcpyDtoHAsync_v2(void* to, DevicePointer from, size_t bytes, Stream stream) {
  return kNotSupported;
}
FAKE_CUDA_EXPORT cuMemcpyDtoDAsync_v2(DevicePointer to, DevicePointer from, size_t bytes, Stream stream) {
  return kNotSupported;
}
FAKE_CUDA_EXPORT cuMemsetD8Async(DevicePointer to, unsigned char value, size_t bytes, Stream stream) {
  return kNotSupported;
}
FAKE_CUDA_EXPORT cuStreamCreate(Stream* stream, unsigned flags) { return kNotSupported; }
FAKE_CUDA_EXPORT cuStreamDestroy_v2(Stream stream) { return kNotSupported; }
FAKE_CUDA_EXPORT cuStreamSynchronize(Stream stream) { return kNotSupported; }
FAKE_CUDA_EXPORT cuStreamBeginCapture_v2(Stream stream, int mode) { return kNotSupported; }
FAKE_CUDA_EXPORT cuStreamEndCapture(Stream stream, Graph* graph) { return kNotSupported; }
FAKE_CUDA_EXPORT cuEventCreate(Event* event, unsigned flags) { return kNotSupported; }
FAKE_CUDA_EXPORT cuEventDestroy_v2(Event event) { return kNotSupported; }
FAKE_CUDA_EXPORT cuEventRecord(Event event, Stream stream) { return kNotSupported; }
FAKE_CUDA_EXPORT cuEventQuery(Event event) { return kNotSupported; }
FAKE_CUDA_EXPORT cuEventSynchronize(Event event) { return kNotSupported; }
FAKE_CUDA_EXPORT cuEventElapsedTime(float* milliseconds, Event start, Event end) { return kNotSupported; }
FAKE_CUDA_EXPORT cuGraphInstantiateWithFlags(GraphExec* executable, Graph graph, unsigned long long flags) {
  return kNotSupported;
}
FAKE_CUDA_EXPORT cuGraphDestroy(Graph graph) { return kNotSupported; }
FAKE_CUDA_EXPORT cuGraphExecDestroy(GraphExec executable) { return kNotSupported; }
FAKE_CUDA_EXPORT cuGraphLaunch(GraphExec executable, Stream stream) { return kNotSupported; }
FAKE_CUDA_EXPORT cuModuleLoadData(Module* module, const void* image) { return kNotSupported; }
FAKE_CUDA_EXPORT cuModuleUnload(Module module) { return kNotSupported; }
FAKE_CUDA_EXPORT cuModuleGetFunction(Function* function, Module module, const char* name) { return kNotSupported; }
FAKE_CUDA_EXPORT cuLaunchKernel(Function function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                                unsigned block_y, unsigned block_z, unsigned shared_bytes, Stream stream,
                                void** parameters, void** extra) {
  return kNotSupported;
}
