// What the programs of one device share.
#pragma once

#include <memory>

#include "cuda/codegen/target.h"
#include "cuda/compile/kernel_table.h"
#include "cuda/context/queue.h"

namespace bilevel::cuda {

struct Device {
  Device(std::shared_ptr<const DeviceContext> its_context, const Compiler& compiler, Precision its_precision)
      : context(its_context), target{.precision = its_precision}, queue(its_context), kernels(its_context, compiler) {}

  const std::shared_ptr<const DeviceContext> context;
  const Target target;  // of what is compiled
  // Both are the device's thread's.
  Queue queue;
  KernelTable kernels;
};

}  // namespace bilevel::cuda
