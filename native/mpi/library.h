// The ranks of MPI, through the library that was built against it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/ranks.h"

namespace bilevel::mpi {

struct Joined {
  std::shared_ptr<const Ranks> ranks;
  int rank;
  std::vector<std::string> hosts;  // of each rank
};

// Joins the processes that were launched together; the same when it is called again. A sum fails after so many seconds
// without the others. Throws DEVICE_UNAVAILABLE when the library cannot be opened, or MPI cannot be used.
const Joined& join(const std::string& path, double seconds);

struct Sums {
  int64_t calls;
  int64_t bytes;  // of the operands
};

// What this process has summed up with the others so far.
Sums sums();

// The ranks that this process has joined; null before.
std::shared_ptr<const Ranks> joined();

// Leaves the others in peace, and waits until they leave; or ends them all with a status. Nothing before join().
void leave();
void abort(int status);

}  // namespace bilevel::mpi
