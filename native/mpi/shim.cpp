#include "mpi/shim.h"

#include <mpi.h>
#include <sched.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

// Up to so many numbers of all ranks together everybody sends all to all: one exchange in place of two.
constexpr int64_t kSmall = 1 << 12;
// The library counts elements by int.
constexpr int64_t kMostAtOnce = int64_t{1} << 28;
// Ranks that wait answer those who ask who is there; both on messages of their own.
constexpr int kAsk = 1, kAnswer = 2;
constexpr double kAnswerSeconds = 2;

struct Group {
  MPI_Comm comm = MPI_COMM_NULL;
  int rank = 0;
  int size = 1;
  std::vector<std::string> hosts;
  std::vector<float> scratch;
  int64_t sums = 0;  // begun so far
  bool lost = false;
};

Group group;

struct Wait {
  bool (*stop)(const void*);
  const void* context;
  double seconds;
  BilevelMpiText* text;
};

void tell(BilevelMpiText* text, const std::string& message) {
  std::snprintf(text->characters, sizeof text->characters, "%s", message.c_str());
}

BilevelMpiOutcome fail(BilevelMpiText* text, const std::string& message) {
  group.lost = true;
  tell(text, message);
  return kBilevelMpiFailed;
}

BilevelMpiOutcome fail(BilevelMpiText* text, int code) {
  char message[MPI_MAX_ERROR_STRING] = {};
  int length = 0;
  MPI_Error_string(code, message, &length);
  return fail(text, std::string("MPI: ") + message);
}

std::string name_of(int rank) { return std::to_string(rank) + " on " + group.hosts[static_cast<size_t>(rank)]; }

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// Others find out in this way that this rank is there and waits.
void answer() {
  int asked = 0;
  MPI_Status status;
  while (MPI_Iprobe(MPI_ANY_SOURCE, kAsk, group.comm, &asked, &status) == MPI_SUCCESS && asked != 0) {
    MPI_Recv(nullptr, 0, MPI_BYTE, status.MPI_SOURCE, kAsk, group.comm, MPI_STATUS_IGNORE);
    MPI_Send(&group.sums, 1, MPI_INT64_T, status.MPI_SOURCE, kAnswer, group.comm);
  }
}

// The ranks that do not wait for this sum.
std::string missing() {
  for (int rank = 0; rank < group.size; ++rank) {
    if (rank == group.rank) continue;
    MPI_Request request;
    MPI_Isend(nullptr, 0, MPI_BYTE, rank, kAsk, group.comm, &request);
    MPI_Request_free(&request);
  }
  std::vector<bool> waits(static_cast<size_t>(group.size), false);
  waits[static_cast<size_t>(group.rank)] = true;
  const auto start = Clock::now();
  while (seconds_since(start) < kAnswerSeconds) {
    answer();
    int found = 0;
    MPI_Status status;
    MPI_Iprobe(MPI_ANY_SOURCE, kAnswer, group.comm, &found, &status);
    if (found == 0) {
      sched_yield();
      continue;
    }
    int64_t sums = 0;
    MPI_Recv(&sums, 1, MPI_INT64_T, status.MPI_SOURCE, kAnswer, group.comm, MPI_STATUS_IGNORE);
    waits[static_cast<size_t>(status.MPI_SOURCE)] = sums == group.sums;
  }
  std::string names;
  for (int rank = 0; rank < group.size; ++rank) {
    if (!waits[static_cast<size_t>(rank)]) names += (names.empty() ? "" : ", ") + name_of(rank);
  }
  return names;
}

// Looks often at first, as the others are about to come too; then lets other programs run, and at last sleeps between
// two looks, since a rank that waits long must not take the processor of one that computes.
BilevelMpiOutcome wait(MPI_Request request, const Wait& how) {
  constexpr timespec kNap{0, 50'000};
  const auto start = Clock::now();
  double asked = 0;
  for (;;) {
    int done = 0;
    const int code = MPI_Test(&request, &done, MPI_STATUS_IGNORE);
    if (code != MPI_SUCCESS) return fail(how.text, code);
    if (done != 0) return kBilevelMpiDone;
    if (how.stop != nullptr && how.stop(how.context)) {
      group.lost = true;
      return kBilevelMpiGivenUp;
    }
    const double waited = seconds_since(start);
    if (waited > asked + 0.1) {
      answer();
      asked = waited;
    }
    if (waited > how.seconds) {
      const std::string names = missing();
      char limit[32];
      std::snprintf(limit, sizeof limit, "%g", how.seconds);
      return fail(how.text, "Rank " + name_of(group.rank) + " waited " + limit + " seconds for " +
                                (names.empty() ? "others that are there but slow" : "rank " + names) + ".");
    }
    if (waited > 0.002) {
      nanosleep(&kNap, nullptr);
    } else if (waited > 0.0002) {
      sched_yield();
    }
  }
}

// The first `size` numbers, as the sum of what `terms` has of each rank, rank after rank.
void add_in_order(const float* terms, float* sum, int64_t size) {
  std::copy_n(terms, size, sum);
  for (int rank = 1; rank < group.size; ++rank) {
    const float* const term = terms + rank * size;
    for (int64_t i = 0; i < size; ++i) sum[i] += term[i];
  }
}

BilevelMpiOutcome reduce_small(const float* x, float* y, int count, const Wait& how) {
  float* const terms = group.scratch.data();
  MPI_Request request;
  const int code = MPI_Iallgather(x, count, MPI_FLOAT, terms, count, MPI_FLOAT, group.comm, &request);
  if (code != MPI_SUCCESS) return fail(how.text, code);
  const BilevelMpiOutcome outcome = wait(request, how);
  if (outcome == kBilevelMpiDone) add_in_order(terms, y, count);
  return outcome;
}

// Each rank adds up its share of the numbers, and all get the shares of all.
BilevelMpiOutcome reduce_large(const float* x, float* y, int count, const Wait& how) {
  const auto start_of = [&](int rank) { return static_cast<int>(int64_t{count} * rank / group.size); };
  const int first = start_of(group.rank), own = start_of(group.rank + 1) - first;
  std::vector<int> lengths, starts, own_starts;
  for (int rank = 0; rank < group.size; ++rank) {
    starts.push_back(start_of(rank));
    lengths.push_back(start_of(rank + 1) - start_of(rank));
    own_starts.push_back(rank * own);
  }
  const std::vector<int> own_lengths(static_cast<size_t>(group.size), own);
  float* const terms = group.scratch.data();
  MPI_Request request;
  int code = MPI_Ialltoallv(x, lengths.data(), starts.data(), MPI_FLOAT, terms, own_lengths.data(), own_starts.data(),
                            MPI_FLOAT, group.comm, &request);
  if (code != MPI_SUCCESS) return fail(how.text, code);
  BilevelMpiOutcome outcome = wait(request, how);
  if (outcome != kBilevelMpiDone) return outcome;
  add_in_order(terms, y + first, own);
  code = MPI_Iallgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, y, lengths.data(), starts.data(), MPI_FLOAT, group.comm,
                         &request);
  if (code != MPI_SUCCESS) return fail(how.text, code);
  return wait(request, how);
}

BilevelMpiOutcome all_reduce(const float* x, float* y, int64_t count, bool (*stop)(const void*), const void* context,
                             double seconds, BilevelMpiText* text) {
  const Wait how{stop, context, seconds, text};
  if (group.lost) return fail(text, "The ranks have lost each other before.");
  ++group.sums;
  for (int64_t done = 0; done < count; done += kMostAtOnce) {
    const auto part = static_cast<int>(std::min(count - done, kMostAtOnce));
    const bool is_small = int64_t{part} * group.size <= kSmall;
    const size_t needed = is_small ? static_cast<size_t>(part) * static_cast<size_t>(group.size)
                                   : static_cast<size_t>(part) + static_cast<size_t>(group.size);
    if (group.scratch.size() < needed) group.scratch.resize(needed);
    const BilevelMpiOutcome outcome = (is_small ? reduce_small : reduce_large)(x + done, y + done, part, how);
    if (outcome != kBilevelMpiDone) return outcome;
  }
  return kBilevelMpiDone;
}

void gather_hosts() {
  char own[MPI_MAX_PROCESSOR_NAME] = {};
  int length = 0;
  MPI_Get_processor_name(own, &length);
  std::vector<char> all(static_cast<size_t>(group.size) * sizeof own);
  MPI_Allgather(own, sizeof own, MPI_CHAR, all.data(), sizeof own, MPI_CHAR, group.comm);
  for (int rank = 0; rank < group.size; ++rank)
    group.hosts.emplace_back(all.data() + static_cast<size_t>(rank) * sizeof own);
}

BilevelMpiOutcome join(int* rank, int* size, BilevelMpiText* text) {
  int initialized = 0;
  MPI_Initialized(&initialized);
  if (initialized != 0 && group.comm == MPI_COMM_NULL)
    return fail(text, "MPI is used by another part of this process.");
  if (group.comm == MPI_COMM_NULL) {
    int provided = 0;
    const int code = MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &provided);
    if (code != MPI_SUCCESS) return fail(text, code);
    if (provided < MPI_THREAD_SERIALIZED)
      return fail(text, "This MPI cannot be called on other threads than the first.");
    MPI_Comm_dup(MPI_COMM_WORLD, &group.comm);
    MPI_Comm_set_errhandler(group.comm, MPI_ERRORS_RETURN);
    MPI_Comm_rank(group.comm, &group.rank);
    MPI_Comm_size(group.comm, &group.size);
    gather_hosts();
  }
  *rank = group.rank;
  *size = group.size;
  return kBilevelMpiDone;
}

void host(int rank, BilevelMpiText* text) { tell(text, group.hosts[static_cast<size_t>(rank)]); }

void leave() {
  if (group.comm == MPI_COMM_NULL || group.lost) return;
  MPI_Comm_free(&group.comm);
  MPI_Finalize();
  group.lost = true;
}

void abort_all(int status) { MPI_Abort(MPI_COMM_WORLD, status); }

}  // namespace

#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
const BilevelMpi*
bilevel_mpi() {
  static constexpr BilevelMpi kFunctions{join, host, all_reduce, leave, abort_all};
  return &kFunctions;
}
