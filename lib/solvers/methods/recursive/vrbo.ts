import { minus, plus } from '../../../bilevel/index.js';
import { assign } from '../../machine/level.js';
import { factsOf } from '../../machine/problem-facts.js';
import { defineMethod } from '../../method.js';
import { descentOptions, neumannOptions } from '../../parts/level-options.js';
import { constantRate, neumannSeriesAt } from '../../parts/linear-system/neumann.js';
import { SeriesPoint } from '../../parts/linear-system/series-point.js';
import { estimatePhase } from '../../parts/variance-reduction/estimate.js';

const source = 'Yang, Ji and Liang 2021, arXiv:2106.04692';
const defaults = 'benchmark of Dagreou et al. 2022';

/**
 * The directions p of v and d of u are exact every `period` iterations and corrected by what small mini-batches say of
 * every move in between (SPIDER). u moves once, then v in the inner loop:
 *
 *     p <- p + G(new) - G(old)        d <- d + D(new) - D(old)
 */
export const vrbo = defineMethod({
  name: 'vrbo',
  title: 'VRBO',
  source,
  summary:
    'One step of u and several of v along variance-reduced (SPIDER) estimates, exact once in a period: a double loop.',
  options: {
    period: {
      kind: 'integer',
      min: 1,
      max: 1_000_000,
      default: 3,
      text: 'Iterations from one estimate on all rows to the next (q).',
      source: 'code of Yang, Ji and Liang 2021',
    },
    innerSteps: {
      kind: 'integer',
      min: 1,
      max: 1_000_000,
      default: 10,
      text: 'Steps of v for one step of u; one estimate more than steps is made (T).',
      source: defaults,
    },
    ...neumannOptions(0.1, 10, defaults),
    ...descentOptions({ upper: 0.1, lower: 0.1 }),
  },
  interior: true,
  evaluations({ period, innerSteps, neumannFactors }, index, problem) {
    const { fBatches, gBatches } = index % period === 0 ? factsOf(problem) : { fBatches: 0, gBatches: 0 };
    const [f, g] = [fBatches + 2 * (innerSteps + 1), gBatches + 2 * (innerSteps + 1)];
    return {
      fGradients: f,
      gGradients: g,
      hessianVectorProducts: neumannFactors * g,
      jacobianVectorProducts: g,
    };
  },
  memory: () => 'constant',
  build(b, { period, innerSteps, neumannRate, neumannFactors, ...levels }) {
    const { upper, lower } = b.pair(levels);
    const p = b.vector('lowerDirection', b.lowerVariables);
    const d = b.vector('upperDirection', b.upperVariables);
    // Both are written before they are read in an iteration.
    const before = { u: b.scratchVector('old.u', b.upperVariables), v: b.scratchVector('old.v', b.lowerVariables) };
    const [present, old] = [new SeriesPoint(b, 'present'), new SeriesPoint(b, 'old', before)];

    const allRows = { draws: 'all' } as const;
    const exactSeries = neumannSeriesAt(b, constantRate(neumannRate), [present], { name: 'exactSystem', ...allRows });
    const exactLower = estimatePhase(
      b,
      'exactLower',
      'g',
      (o) => ({ estimate: o.lowerGradient(), result: (gradient) => ({ updates: assign(p, gradient) }) }),
      allRows,
    );
    const exactUpper = estimatePhase(
      b,
      'exactUpper',
      'g',
      (o) => ({
        estimate: o.jacobianVectorProduct(present.z),
        result: (product) => ({ updates: assign(d, minus(present.upperGradient, product)) }),
      }),
      allRows,
    );

    const keepOld = [...assign(before.u, upper.nodes), ...assign(before.v, lower.nodes)];
    const upperStep = b.phase('upper', () => ({
      updates: [...keepOld, ...upper.step(d)],
      reports: { hypergradient: d },
    }));
    const lowerStep = b.phase('lower', () => ({ updates: [...keepOld, ...lower.step(p)] }));
    const fresh = { draws: 'fresh' } as const;
    const series = neumannSeriesAt(b, constantRate(neumannRate), [present, old], fresh);
    const correction = b.phase(
      'correction',
      (o) => {
        const gradient = o.lowerGradient();
        return {
          updates: [
            ...assign(p, plus(p, minus(gradient, o.at(before).lowerGradient()))),
            ...assign(d, plus(d, minus(present.direction(o), old.direction(o)))),
          ],
          reports: { g: o.g, lowerGradient: gradient },
        };
      },
      fresh,
    );
    return async (iteration) => {
      if (iteration.index % period === 0) {
        await exactLower.run(iteration);
        await exactSeries.solve(iteration, neumannFactors);
        await exactUpper.run(iteration);
      }
      await iteration.run(upperStep);
      for (let step = 0; step <= innerSteps; step++) {
        if (step > 0) await iteration.run(lowerStep);
        await series.solve(iteration, neumannFactors);
        await iteration.run(correction);
      }
      return {};
    };
  },
});
