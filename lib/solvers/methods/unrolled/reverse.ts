import { truncatedReverse } from '../../parts/unrolling/truncated-reverse.js';

const source = 'Yang, Ji and Liang 2021, the baseline reverse of its code; Grazzi, Franceschi, Pontil and Salzo 2020';

/** Many lower steps, of which f(u, v_T) is differentiated through the last few. */
export const reverse = truncatedReverse({
  name: 'reverse',
  title: 'truncated reverse mode',
  source,
  summary: 'Reverse mode through the last few of many lower steps.',
  lowerSteps: 200,
  backwardSteps: 3,
  stepsSource: source,
});
