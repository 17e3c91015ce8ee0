// What the programs of one device share.
#pragma once

#include <memory>
#include <utility>

#include "cuda/codegen/target.h"
#include "cuda/compile/kernel_table.h"
#include "cuda/context/queue.h"
#include "engine/ranks.h"

namespace bilevel::cuda {

struct Device {
  Device(std::shared_ptr<const DeviceContext> its_context, const Compiler& compiler, Precision its_precision,
         std::shared_ptr<const Ranks> its_ranks)
      : context(its_context),
        target{.precision = its_precision},
        ranks(std::move(its_ranks)),
        queue(its_context),
        kernels(its_context, compiler) {}

  const std::shared_ptr<const DeviceContext> context;
  const Target target;                       // of what is compiled
  const std::shared_ptr<const Ranks> ranks;  // that compute together; null for a process that computes alone
  // Both are the device's thread's.
  Queue queue;
  KernelTable kernels;
};

}  // namespace bilevel::cuda
