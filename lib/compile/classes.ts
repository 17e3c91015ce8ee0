import { type TapeOp, tapeOps } from '../encoded.js';
import type { OpName } from '../graph/ops/index.js';

/** How the compiler treats each primitive. */
export type OpClass = 'leaf' | 'elementwise' | 'reduction' | 'view' | 'kernel';

const tapeNames: ReadonlySet<string> = new Set(tapeOps);
const leaves: ReadonlySet<OpName> = new Set<OpName>(['input', 'constant']);
const reductions: ReadonlySet<OpName> = new Set<OpName>(['reduceSum', 'reduceMax']);
const views: ReadonlySet<OpName> = new Set<OpName>(['reshape', 'transpose', 'broadcastTo', 'slice', 'stopGradient']);

/** Runs element by element inside a fused instruction: every tape operation, and casts. */
export function isElementwise(op: OpName): op is OpName & (TapeOp | 'cast') {
  return op !== 'constant' && (op === 'cast' || tapeNames.has(op));
}

export function classOf(op: OpName): OpClass {
  if (leaves.has(op)) return 'leaf';
  if (isElementwise(op)) return 'elementwise';
  if (reductions.has(op)) return 'reduction';
  return views.has(op) ? 'view' : 'kernel';
}
