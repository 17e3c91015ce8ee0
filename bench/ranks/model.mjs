// What a sum over ranks takes on a network, as the library of native/mpi/ makes it.

/** Bytes of all ranks together up to which everybody sends all to all. */
const smallBytes = 4 * 4096;
/** Above them a message is asked for before it is sent: three ways in place of one (Open MPI over TCP). */
const eagerBytes = 65536;

/**
 * Seconds of a sum of so many bytes; each rank sends and receives at full speed at the same time.
 * @param {{ bitsPerSecond: number, seconds: number }} link of each rank
 */
export function secondsOfSum(bytes, ranks, { bitsPerSecond, seconds }) {
  const secondsOf = (sent) => (8 * sent) / bitsPerSecond;
  if (bytes * ranks <= smallBytes) return seconds + secondsOf((ranks - 1) * bytes);
  const message = bytes / ranks;
  const ways = message > eagerBytes ? 3 : 1;
  return 2 * (ways * seconds + secondsOf((ranks - 1) * message));
}

/**
 * Milliseconds of an iteration: what it takes without a network, and its sums, taken as equally large.
 * @param {{ calls: number, bytes: number }} sums of an iteration
 */
export function iterationOn(milliseconds, { calls, bytes }, ranks, link) {
  return milliseconds + 1000 * calls * secondsOfSum(bytes / calls, ranks, link);
}
