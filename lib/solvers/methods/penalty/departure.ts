import { BilevelError } from '../../../errors.js';
import { input } from '../../../graph/index.js';
import { Tensor } from '../../../tensor.js';
import { short } from '../../diagnosis/growth.js';
import type { MethodBuilder } from '../../machine/builder.js';
import type { Iteration } from '../../machine/iteration.js';
import { assign } from '../../machine/level.js';
import type { Phase } from '../../machine/phase.js';

/** Where a trial is: the costs there and |grad_v g|. */
export interface Place {
  readonly f: number;
  readonly g: number;
  readonly lowerGradient: number;
  /** |grad_v f| over the weight of g; undefined where the test does not measure it. */
  readonly pull: number | undefined;
}

const quantities = ['f', 'g', 'lowerGradient', 'pull'] as const;

/** How many times the costs of the first iteration g may rise by, and |grad_v g| grow to, before v has run away. */
const [costs, gradients] = [10, 3];

/**
 * Watches whether v leaves the solutions of the lower level: where the penalty is too weak for f, v descends along f
 * without end, and |grad_v g| rises. What was there after the first steps of v is kept in the state.
 */
export class Departure {
  readonly #trials: number;
  readonly #keep: Phase;
  #values: readonly number[] = [];

  constructor(b: MethodBuilder) {
    this.#trials = b.trials ?? 1;
    const shape = [quantities.length * this.#trials];
    const first = b.tensor('first', shape, () => Tensor.zeros(shape));
    const given = b.hostInput(input('first.given', shape), false, () => this.#values);
    this.#keep = b.phase('first', () => ({ updates: assign([first], [given]) }), { once: true });
  }

  /**
   * The trials in which |grad_v g| is far above all that v had to do with at first; none where the pull is not known.
   * @param places where the trials are
   * @throws DIVERGED when g has risen with it while f fell
   */
  async watch(iteration: Iteration, places: readonly Place[]): Promise<readonly boolean[]> {
    if (iteration.index === 0) {
      this.#values = quantities.flatMap((name) => places.map((place) => place[name] ?? 0));
      await iteration.run(this.#keep);
      return places.map(() => false);
    }
    const kept = await iteration.read('first');
    return places.map((place, trial) => {
      const [f = 0, g = 0, lowerGradient = 0, pull = 0] = quantities.map((_, row) => kept[row * this.#trials + trial]);
      const first = { f, g, lowerGradient, pull };
      const rises = place.lowerGradient > gradients * lowerGradient;
      if (rises && place.f < f && place.g > g + costs * (Math.abs(g) + Math.abs(f)))
        throw diverged(iteration, first, place);
      return place.pull !== undefined && place.lowerGradient > gradients * Math.max(lowerGradient, pull);
    });
  }
}

function diverged({ where }: Iteration, first: Place, now: Place): BilevelError {
  const from = (name: 'f' | 'g' | 'lowerGradient'): string => `${short(first[name])} to ${short(now[name])}`;
  return new BilevelError(
    'DIVERGED',
    `v has left the solutions of the lower level and runs along f: in ${where} |grad_v g| has risen from ${from('lowerGradient')} since the first one, ` +
      `and g from ${from('g')}, while f fell from ${from('f')}. The penalty is too weak to hold v. Give larger gamma and lambda, or take the ` +
      "variant 'adaptive', whose weights follow the problem; where f has no lower bound, as the negative of a loss has none, let g " +
      'have a term such as a small |v|^2, or give v a set.',
  );
}
