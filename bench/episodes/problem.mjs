// What is timed: iterations of MAML (Finn, Abbeel and Levine 2017, Algorithm 2) in which every task of a meta-batch has
// a network of its own.
//
//   u      start of all parameters of four blocks conv 3x3x64, batch normalization, ReLU, max-pool, and a last layer
//   v_i    u - innerRate * grad CE(support_i; u), one step and differentiated through
//   u     -= rate * grad_u mean_i CE(query_i; v_i)
//
// Batch normalization takes the statistics of a task's samples. Numbers come from the hash of ../problem.mjs.

/** How often u is moved before the last value that a contender must reproduce. */
export const checkedUpdates = 3;

/** @param {number} tasks of a meta-batch */
export const problemOf = (tasks) => ({
  tasks,
  ways: 5,
  shots: 1,
  queries: 15,
  image: [1, 28, 28],
  channels: 64,
  innerRate: 0.1,
  rate: 1e-4,
  epsilon: 1e-5,
  checkedUpdates,
});
