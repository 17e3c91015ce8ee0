// What a library of its own, built against the MPI of this machine, offers the addon: the addon is built without MPI
// and opens the library where a launcher started the process. C functions, so that each side may have its own C++
// runtime.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {

struct BilevelMpiText {
  char characters[1024];
};

enum BilevelMpiOutcome { kBilevelMpiDone, kBilevelMpiGivenUp, kBilevelMpiFailed };

// Joins the processes that were launched together, once in a process. The text is the reason of a failure.
typedef BilevelMpiOutcome BilevelMpiJoin(int* rank, int* size, BilevelMpiText* text);

// The name of a rank's host.
typedef void BilevelMpiHost(int rank, BilevelMpiText* text);

// y = the sum of the ranks' x in their order. Looks at `stop(context)` now and then, where there is one, and gives up
// when it says so. Fails after so many seconds without the others, naming those that did not come. Called on one thread
// at a time.
typedef BilevelMpiOutcome BilevelMpiAllReduce(const float* x, float* y, int64_t count, bool (*stop)(const void*),
                                              const void* context, double seconds, BilevelMpiText* text);

// Waits for the other ranks to leave, too.
typedef void BilevelMpiLeave();

// Ends all ranks.
typedef void BilevelMpiAbort(int status);

struct BilevelMpi {
  BilevelMpiJoin* join;
  BilevelMpiHost* host;
  BilevelMpiAllReduce* all_reduce;
  BilevelMpiLeave* leave;
  BilevelMpiAbort* abort;
};

// The one name that the library shows.
const BilevelMpi* bilevel_mpi();
}
