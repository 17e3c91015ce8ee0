import { truncatedReverse } from '../../parts/unrolling/truncated-reverse.js';

/** K-RHG: the hypergradient of reverse mode with only the last K of its T terms. */
export const tRhg = truncatedReverse({
  name: 'tRhg',
  title: 'truncated RHG',
  source: 'Shaban, Cheng, Hatch and Boots 2019, Algorithm 1',
  summary: 'Truncated back-propagation: reverse mode through the last K lower steps, with memory for K points.',
  lowerSteps: 100,
  backwardSteps: 10,
});
