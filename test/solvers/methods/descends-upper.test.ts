import { readFile } from 'node:fs/promises';
import test from 'ava';
import { type BilevelProblem, bilevelProblem } from '../../../lib/bilevel/index.js';
import { add, mul, reduceSum, square, sub } from '../../../lib/graph/index.js';
import { findMethod, methods } from '../../../lib/solvers/index.js';
import { Tensor } from '../../../lib/tensor.js';
import { testDevice } from '../../support/devices.js';
import { methodRows } from '../../support/solvers/method-rows.js';
import { methodNames, openMethod, reports } from '../../support/solvers/runs.js';

const device = testDevice();
test.after.always(() => device.dispose());

/** v starts away from the minimum of f and from that of g. */
const problem = (weight: number): BilevelProblem =>
  bilevelProblem({
    upper: { x: Tensor.from([0.5, -1]) },
    lower: { x: Tensor.from([1, 2]) },
    f: ({ u, v }) => mul(weight, add(reduceSum(square(sub(v.x, 3))), mul(0.1, reduceSum(square(u.x))))),
    g: ({ u, v }) => reduceSum(square(sub(v.x, u.x))),
  });

for (const name of methodNames) {
  test(`${name}: v ${findMethod(name).lowerDescendsUpper ? 'depends on f where u rests' : 'knows nothing of f where u rests'}, and its page says so`, async (t) => {
    const ends: number[][] = [];
    for (const weight of [1, 2]) {
      const options = { ...methodRows[name].small, upperLearningRate: 1e-30, upperOptimizer: 'sgd' };
      using solver = openMethod(name, problem(weight), options, { device });
      const state = solver.init();
      await reports(solver, state, 2);
      ends.push(state.v.x?.toArray() ?? []);
    }
    const [once, twice] = ends;
    if (methods[name].lowerDescendsUpper) t.notDeepEqual(once, twice);
    else t.deepEqual(once, twice);
    const page = await readFile(
      `docs/methods/${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.md`,
      'utf8',
    );
    t.is(page.includes('v descends f as well, so f in its reports'), methods[name].lowerDescendsUpper ?? false);
  });
}

test('the list of methods says of which v descends f', async (t) => {
  const list = await readFile('docs/methods.md', 'utf8');
  const sentence = /v is rarely at the minimum of g, and with (.*?) it descends f as well/s.exec(list)?.[1] ?? '';
  const named = [...sentence.matchAll(/`(\w+)`/g)].map(([, name]) => name);
  t.deepEqual(named.toSorted(), methodNames.filter((name) => methods[name].lowerDescendsUpper).toSorted());
});
