#include "cuda/execute/rank_sums.h"

#include <utility>

namespace bilevel::cuda {

RankSums::RankSums(const std::shared_ptr<const DeviceContext>& context, std::shared_ptr<const Ranks> ranks,
                   int64_t most)
    : ranks_(std::move(ranks)),
      memory_(allocate_pinned(context, 2 * most * static_cast<int64_t>(sizeof(float)))),
      own_(static_cast<float*>(memory_.get())),
      all_(own_ + most) {}

void RankSums::make(Queue& queue, const RankSum& sum, const Control* control) const {
  const int64_t bytes = sum.count * static_cast<int64_t>(sizeof(float));
  queue.copy_to_host(own_, sum.x, bytes);
  queue.wait();
  ranks_->all_reduce(own_, all_, sum.count, control);
  queue.copy_to_device(sum.y, all_, bytes);
}

}  // namespace bilevel::cuda
