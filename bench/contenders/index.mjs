/** Share of the time to prepare that contenders get who compile nothing for long and are far from the fastest. */
const patience = 0.4;

/**
 * What is compared. A contender's module exports `prepare(step, name of the network, option)`, which resolves with
 *   versions   of the libraries it uses
 *   flops      of one step, where the contender can tell
 *   check()    value and 2-norm of its gradient at the starting point, without moving
 *   run(n)     does n steps; the value that the last of them started from
 * or names a module of python/ that is run by the Python of --python, and exports `start(threads)` and `forms(step,
 * case, option)`; the fastest of its forms is timed.
 * A probe does the same work in every case, checks itself, and is a yardstick for the others.
 */
export const contenders = {
  bilevel: { label: 'bilevel', module: 'bilevel', yardstick: 'matmul' },
  'bilevel-1': { label: 'bilevel, 1 thread', module: 'bilevel', option: 1, yardstick: 'matmul-1' },
  'jax-js': { label: 'jax-js (wasm)', module: 'jax-js', patience },
  'tfjs-node': { label: 'tfjs-node', module: 'tfjs/index', option: 'node' },
  'tfjs-wasm': { label: 'tfjs (wasm)', module: 'tfjs/index', option: 'wasm-threads', patience },
  'tfjs-wasm-1': { label: 'tfjs (wasm), 1 thread', module: 'tfjs/index', option: 'wasm', patience },
  'tfjs-cpu': { label: 'tfjs (cpu)', module: 'tfjs/index', option: 'cpu', patience },
  torch: { label: 'PyTorch, eager', python: 'with_torch', option: 'eager' },
  'torch-compile': { label: 'PyTorch, compiled', python: 'with_torch', option: 'compile' },
  jax: { label: 'JAX, jit', python: 'with_jax', option: 'jit' },
  matmul: { label: 'matmul', module: 'matmul', probe: true },
  'matmul-1': { label: 'matmul, 1 thread', module: 'matmul', option: 1, probe: true },
};
