// What the programs of one device share.
#pragma once

#include <memory>

#include "cuda/compile/kernel_table.h"
#include "cuda/context/queue.h"

namespace bilevel::cuda {

struct Device {
  Device(std::shared_ptr<const DeviceContext> its_context, const Compiler& compiler)
      : context(its_context), queue(its_context), kernels(its_context, compiler) {}

  const std::shared_ptr<const DeviceContext> context;
  // Both are the device's thread's.
  Queue queue;
  KernelTable kernels;
};

}  // namespace bilevel::cuda
