import * as g from '../../../graph/index.js';
import type { ImportResult, Operation } from '../../operation.js';
import { activate, type Direction, type State, unroll } from './unroll.js';

function start(direction: Direction) {
  return (share: g.Node, { hidden: before }: State): State => {
    const hidden = activate(direction, 0, g.add(share, g.matmul(before, direction.recurrent, { transposeB: true })));
    return { hidden, memory: hidden };
  };
}

/** h = f(x W' + h R' + b) (Elman, 1990). */
export function rnn(op: Operation): ImportResult {
  return unroll(op, { gates: 1, activations: ['Tanh'], start }).slice(0, 2);
}
