import type { Node } from '../../../graph/node.js';
import type { Savings } from '../../program/explain.js';
import type { Target } from '../../target.js';
import { Arrangement } from './arrangement.js';
import { splitInnerProducts } from './inner-products.js';
import { rotatedProducts } from './rotations.js';
import { factoredSums, stackedSums } from './sums-of-products.js';
import { isLess, isLessEachStep, type Work, workOfGraph } from './work.js';

/**
 * Products of matrices in the order that costs least, with what no step changes computed once a run, also where sums
 * and multiples stand between them. Where the weight gradient X' D of a dense layer on inputs X that stay is multiplied
 * by X again, X (s X' D + N) = s (X X') D + X N leaves one small product in the step.
 *
 * Values agree to rounding. NaN and infinity travel differently only where products are re-associated: an overflow
 * between two products may appear or disappear, and so may the NaN of an infinity and a zero.
 * @param changing inputs that differ from step to step; undefined when everything is computed in every step
 * @param settle the passes that shorten what this one leaves
 */
export function reassociate(
  roots: readonly Node[],
  changing: ReadonlySet<Node> | undefined,
  settle: (roots: readonly Node[]) => readonly Node[],
  target: Target,
): Reassociation {
  const before = workOfGraph(roots, changing, target);
  let best = { roots, work: before };
  // What is done once a run may pay for several products together though for none alone: then it is also tried as if
  // free.
  let tempted = false;
  const cautiously: Judge = (added, freed) => {
    tempted ||= isLessEachStep(added, freed) && !isLess(added, freed);
    return isLess(added, freed);
  };
  for (const saves of [cautiously, isLessEachStep]) {
    if (saves === isLessEachStep && !tempted) break;
    let current = { roots, work: before };
    for (let round = 0; round < maxRounds; round++) {
      const arranged = arrange(new Arrangement(current.roots, changing, target), saves);
      if (arranged === current.roots) break;
      const settled = settle(arranged);
      const work = workOfGraph(settled, changing, target);
      if (!saves(work, current.work)) break;
      current = { roots: settled, work };
    }
    if (isLess(current.work, best.work)) best = current;
  }
  return {
    roots: best.roots,
    savedFlops: before.stepFlops - best.work.stepFlops,
    hoistedFlops: best.work.prologueFlops - before.prologueFlops,
  };
}

/** Whether something is worth its work. */
type Judge = (added: Work, freed: Work) => boolean;

function arrange(arrangement: Arrangement, saves: Judge): readonly Node[] {
  for (const node of arrangement.usersFirst()) {
    for (const plan of plansFor(node, arrangement)) if (arrangement.replace(node, plan, saves)) break;
  }
  return arrangement.results();
}

export interface Reassociation extends Savings {
  readonly roots: readonly Node[];
}

/** A product of many matrices moves by one place a round. */
const maxRounds = 4;

const rules: readonly ((node: Node, arrangement: Arrangement) => Iterable<Node>)[] = [
  rotatedProducts,
  splitInnerProducts,
  factoredSums,
  stackedSums,
];

function* plansFor(node: Node, arrangement: Arrangement): Iterable<Node> {
  for (const rule of rules) yield* rule(node, arrangement);
}
