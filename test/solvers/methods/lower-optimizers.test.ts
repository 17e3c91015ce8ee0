import { readFile } from 'node:fs/promises';
import test from 'ava';
import { type BilevelProblem, bilevelProblem, box, feed, l2Ball, oracles } from '../../../lib/bilevel/index.js';
import {
  add,
  constant,
  crossEntropy,
  evaluate,
  exp,
  matmul,
  mean,
  mul,
  type Node,
  reduceSum,
  reshape,
  softplus,
  square,
  sub,
  tanh,
} from '../../../lib/graph/index.js';
import { schedules } from '../../../lib/schedules/index.js';
import { type MethodSolver, type MethodState, methods, type SolverResources } from '../../../lib/solvers/index.js';
import { Tensor } from '../../../lib/tensor.js';
import { testDevice } from '../../support/devices.js';
import { distance, movedBy } from '../../support/solvers/directions.js';

const device = testDevice();
test.after.always(() => device.dispose());

type Name = keyof typeof methods;
type AnyMethod = (problem: BilevelProblem, options: object, resources: SolverResources) => MethodSolver;
const open = (name: Name, of: BilevelProblem, options: object): MethodSolver =>
  (methods[name] as AnyMethod)(of, { upperOptimizer: 'sgd', upperLearningRate: 1, ...options }, { device });

const mix = constant([1, -0.5, 0.25, 0.75, 0.5, -1, -0.25, 1, 0.5, 0.5, -0.75, 1], [3, 4]);
const goal = constant([1, 0.5, -1, 0.25], [4]);
const norm2 = (x: Node): Node => reduceSum(square(x));

/** Neither cost is quadratic. Its u are where v starts too, for the methods that want that. */
function problem({ restricted = false, starts = false } = {}): BilevelProblem {
  const lower = { a: Tensor.from([0.1, -0.3, 0.2, 0.3]), b: Tensor.from([0.2, -0.1]) };
  const image = (x: Node) => reshape(tanh(matmul(reshape(x, [1, 3]), mix)), [4]);
  return bilevelProblem({
    upper: { x: Tensor.from([0.5, -1, 0.75]), decay: Tensor.from([0.1, -0.2]), ...(starts && lower) },
    lower,
    f: ({ u, v }) =>
      add(norm2(sub(v.a, goal)), add(reduceSum(softplus(mul(v.b, u.decay as Node))), norm2(u.x as Node))),
    g: ({ u, v }) => {
      const fit = add(norm2(sub(v.a, image(u.x as Node))), reduceSum(softplus(mul(2, v.a))));
      const decay = reduceSum(mul(exp(u.decay as Node), sub(exp(v.b), v.b)));
      return add(fit, add(decay, mul(reduceSum(v.a), reduceSum(v.b))));
    },
    ...(restricted && { sets: { lower: { a: box(-0.4, 0.35), b: l2Ball(0.23) } } }),
  });
}

type Optimizer = 'momentum' | 'adam';
const constants = { momentum: 0.8, secondMoment: 0.95, stabilizer: 1e-3 };

/** Where v is, what its optimizer keeps, and how many steps it has made. */
interface Lower {
  readonly v: readonly number[];
  readonly slots: readonly (readonly number[])[];
  readonly made: number;
}

/** One step of an optimizer, written out, before any projection. */
function stepped(optimizer: Optimizer, { v, slots, made }: Lower, d: readonly number[], rate: number): Lower {
  const { momentum, secondMoment, stabilizer } = constants;
  const at = (slot: number, index: number) => slots[slot]?.[index] ?? 0;
  if (optimizer === 'momentum') {
    const velocity = d.map((along, index) => momentum * at(0, index) + along);
    return { v: v.map((x, index) => x - rate * (velocity[index] ?? 0)), slots: [velocity], made: made + 1 };
  }
  const mean = d.map((along, index) => momentum * at(0, index) + (1 - momentum) * along);
  const squares = d.map((along, index) => secondMoment * at(1, index) + (1 - secondMoment) * along ** 2);
  const size = (rate * Math.sqrt(1 - secondMoment ** (made + 1))) / (1 - momentum ** (made + 1));
  const moved = v.map((x, index) => x - (size * (mean[index] ?? 0)) / (Math.sqrt(squares[index] ?? 0) + stabilizer));
  return { v: moved, slots: [mean, squares], made: made + 1 };
}

interface Path {
  readonly optimizer: Optimizer;
  readonly rate: number;
  readonly steps: number;
  /** How many of the steps, from the last, follow a change of u. */
  readonly following?: number;
  readonly u?: readonly number[];
  readonly from?: Lower;
  /** Whether v starts at the last elements of u. */
  readonly startsAtUpper?: boolean;
  /** The share of grad_v f in the direction, beside grad_v g. */
  readonly share?: (t: number) => number;
}

/** The derivative by u of f(u, v_T(u)) by central differences in float64, and v_T. */
function reference(of: BilevelProblem, path: Path): { du: number[]; v: readonly number[] } {
  const { optimizer, rate, steps, following = steps, startsAtUpper = false, share = () => 0 } = path;
  const at = oracles(of);
  const gradients = { f: at.fGradient().v, g: at.lowerGradient() };
  const initial = (variables: BilevelProblem['lower']) => variables.flatMap((each) => each.initial.toArray());
  const u0 = path.u ?? initial(of.upper);
  const start: Lower = path.from ?? { v: initial(of.lower), slots: [], made: 0 };
  const bind = (values: readonly number[], nodes: readonly Node[]): [Node, Float64Array][] => {
    let end = 0;
    return nodes.map((node) => {
      const size = node.shape.reduce((product, length) => product * length, 1);
      end += size;
      return [node, Float64Array.from(values.slice(end - size, end))];
    });
  };
  const point = (u: readonly number[], v: readonly number[]) => new Map([...bind(u, at.u), ...bind(v, at.v)]);
  const flat = (values: readonly Float64Array[]) => values.flatMap((each) => [...each]);
  const projected = of.lower.map(({ set }, index) =>
    set === undefined ? at.v[index] : set.project(at.v[index] as Node, 0),
  );
  const end = (u: readonly number[]): readonly number[] => {
    let lower = startsAtUpper ? { ...start, v: u.slice(-start.v.length) } : start;
    for (let t = 0; t < steps; t++) {
      const now = point(t < steps - following ? u0 : u, lower.v);
      const [f, g] = [flat(evaluate(gradients.f, now)), flat(evaluate(gradients.g, now))];
      const d = g.map((along, index) => (1 - share(t)) * along + share(t) * (f[index] ?? 0));
      lower = stepped(optimizer, lower, d, rate);
      lower = { ...lower, v: flat(evaluate(projected as Node[], point(u, lower.v))) };
    }
    return lower.v;
  };
  const cost = (u: readonly number[]): number => evaluate([at.f], point(u, end(u)))[0]?.[0] ?? Number.NaN;
  const h = 1e-5;
  const moved = (index: number, by: number) => u0.map((x, position) => (position === index ? x + by : x));
  return { du: u0.map((_, index) => (cost(moved(index, h)) - cost(moved(index, -h))) / (2 * h)), v: end(u0) };
}

const steps = 6;
const rates = { momentum: 0.06, adam: 0.08 } as const;

const methodsAndSteps: readonly [Name, object, number][] = [
  ['rmd', {}, steps],
  ['rmd', { storage: 'checkpoints' }, steps],
  ['rmd', { backwardSteps: 5, storage: 'checkpoints' }, 5],
  ['rmd', { variant: 'authors' }, steps - 1],
  ['itd', {}, steps],
  ['fmd', {}, steps],
  ['reverse', { backwardSteps: 3 }, 3],
  ['tRhg', { backwardSteps: 4 }, 4],
];

for (const optimizer of ['momentum', 'adam'] as const) {
  const given = { lowerOptimizer: optimizer, lowerLearningRate: rates[optimizer], lowerSteps: steps, ...constants };
  const path = { optimizer, rate: rates[optimizer], steps };

  for (const restricted of [false, true]) {
    const where = restricted ? 'where sets hold v back' : 'without sets';
    for (const [name, options, following] of methodsAndSteps) {
      test(`${name} ${JSON.stringify(options)} differentiates through ${optimizer} ${where}`, async (t) => {
        const of = problem({ restricted });
        const expected = reference(of, { ...path, following });
        const { du, v } = await movedBy(open(name, of, { ...given, ...options }));
        t.true(distance(v, expected.v) < 2e-6, `${v}, not ${expected.v}`);
        t.true(distance(du, expected.du) < 4e-6, `${du}, not ${expected.du}`);
      });
    }
  }

  test(`bda differentiates through ${optimizer} along both costs`, async (t) => {
    const share = (t: number) => 0.4 / (t + 1);
    const of = problem();
    // With both rates alike the mix is a plain one.
    const options = { ...given, lowerLearningRate: rates[optimizer], upperScale: rates[optimizer], aggregation: 0 };
    const expected = reference(of, path);
    const plain = await movedBy(open('bda', of, options));
    t.true(distance(plain.du, expected.du) < 4e-6, `${plain.du}, not ${expected.du}`);
    const mixed = await movedBy(open('bda', of, { ...options, aggregation: schedules.powerLaw(0.4, 1) }));
    const both = reference(of, { ...path, share });
    t.true(distance(mixed.v, both.v) < 2e-6, `${mixed.v}, not ${both.v}`);
    t.true(distance(mixed.du, both.du) < 4e-6, `${mixed.du}, not ${both.du}`);
  });

  test(`maml differentiates through ${optimizer} and the start, and starts the optimizer anew in every iteration`, async (t) => {
    const of = problem({ starts: true });
    const expected = reference(of, { ...path, startsAtUpper: true });
    using solver = open('maml', of, given);
    const state = solver.init();
    const before = elements(state, 'u');
    await solver.step(state);
    const first = elements(state, 'u');
    t.true(
      distance(
        before.map((x, index) => x - (first[index] ?? 0)),
        expected.du,
      ) < 5e-6,
    );
    await solver.step(state);
    const second = elements(state, 'u');
    const again = reference(of, { ...path, startsAtUpper: true, u: first });
    const moved = first.map((x, index) => x - (second[index] ?? 0));
    t.true(distance(moved, again.du) < 2e-5, `${moved}, not ${again.du}`);
  });

  test(`darts differentiates one step of ${optimizer}, up to an error like radius^2`, async (t) => {
    const of = problem();
    const expected = reference(of, { ...path, rate: 0.3, steps: 1 });
    const { lowerSteps: _, ...one } = { ...given, lowerLearningRate: 0.3 };
    const errors: number[] = [];
    for (const radius of [3.2, 1.6, 0.8]) {
      const { du } = await movedBy(open('darts', of, { ...one, radius }));
      errors.push(distance(du, expected.du));
    }
    const [far = 0, near = 0, nearest = 0] = errors;
    t.true(far < 0.05 && nearest > 1e-6, `${errors}`);
    for (const ratio of [far / near, near / nearest]) t.true(Math.abs(ratio - 4) < 0.8, `${errors}`);
  });

  test(`what ${optimizer} keeps goes on from iteration to iteration, and is taken for given there`, async (t) => {
    const of = problem();
    for (const name of ['itd', 'fmd'] as const) {
      using solver = open(name, of, { ...given, upperLearningRate: 0.1 });
      const state = solver.init();
      await solver.step(state);
      const u = elements(state, 'u');
      const kept = optimizer === 'momentum' ? ['velocity'] : ['mean', 'meanSquare'];
      const slots = kept.map((slot) =>
        ['a', 'b'].flatMap((each) => state.tensors[`v.${slot}/${each}`]?.toArray() ?? []),
      );
      const from = { v: elements(state, 'v'), slots, made: state.counters['steps.v'] ?? 0 };
      t.is(from.made, steps);
      const expected = reference(of, { ...path, u, from });
      await solver.step(state);
      const after = elements(state, 'u');
      const moved = u.map((x, index) => (x - (after[index] ?? 0)) / 0.1);
      t.true(distance(elements(state, 'v'), expected.v) < 4e-6);
      t.true(distance(moved, expected.du) < 2e-5, `${moved}, not ${expected.du}`);
    }
  });

  test(`checkpoints through ${optimizer} give the bits of full storage`, async (t) => {
    for (const lowerSteps of [1, 3, 4, 7, 10]) {
      const all = await movedBy(open('rmd', problem(), { ...given, lowerSteps }));
      const again = await movedBy(open('rmd', problem(), { ...given, lowerSteps, storage: 'checkpoints' }));
      t.deepEqual(again.du, all.du);
      t.deepEqual(again.v, all.v);
    }
  });

  test(`a point of ${optimizer} is kept with what the optimizer keeps`, (t) => {
    const scratch = (lowerSteps: number, storage: string): number => {
      using solver = open('rmd', problem(), { ...given, lowerSteps, storage });
      return solver.memoryOf(solver.init()).scratch;
    };
    const point = 6 * 4 * (optimizer === 'momentum' ? 2 : 3);
    t.is((scratch(64, 'all') - scratch(16, 'all')) / point, 48);
    t.is((scratch(64, 'checkpoints') - scratch(16, 'checkpoints')) / point, 8);
  });
}

const elements = (state: MethodState, level: 'u' | 'v'): number[] =>
  Object.values(state[level]).flatMap((tensor) => tensor.toArray());

interface Fixture {
  readonly ridge: Readonly<Record<'x' | 'y' | 'xVal' | 'yVal' | 'du', number[]>> & { readonly f: number };
  readonly perceptron: Readonly<Record<'x' | 'labels' | 'xVal' | 'labelsVal' | 'a' | 'b', number[]>> & {
    readonly results: Readonly<Record<string, readonly [number, number]>>;
  };
}
const fixture = async (): Promise<Fixture> =>
  JSON.parse(await readFile('test/fixtures/optimizer-hypergradients.json', 'utf8'));

for (const name of ['itd', 'fmd'] as const) {
  test(`${name} through Adam is that of PyTorch, where a gradient is 0 too`, async (t) => {
    const { ridge } = await fixture();
    const error = (x: Node, w: Node, y: Node) => mean(square(sub(matmul(x, w), y)));
    const of = bilevelProblem({
      upper: { u: Tensor.from([-1, -1, -1, -1], [4, 1]) },
      lower: { w: Tensor.zeros([4, 1]) },
      feeds: {
        train: feed({ x: Tensor.from(ridge.x, [10, 4]), y: Tensor.from(ridge.y, [10, 1]) }),
        validation: feed({ x: Tensor.from(ridge.xVal, [6, 4]), y: Tensor.from(ridge.yVal, [6, 1]) }),
      },
      f: ({ v, validation: { x, y } }) => error(x, v.w, y),
      g: ({ u, v, train: { x, y } }) => add(error(x, v.w, y), reduceSum(mul(exp(u.u), square(v.w)))),
    });
    const options = { lowerOptimizer: 'adam', lowerLearningRate: 0.05, lowerSteps: 5 };
    const { du, report } = await movedBy(open(name, of, options));
    t.true(Math.abs(report.f - ridge.f) < 1e-6);
    t.true(distance(du, ridge.du) < 1e-6, `${du}, not ${ridge.du}`);
  });
}

test('hypergradients through 5 to 100 steps of momentum are those of PyTorch', async (t) => {
  const { perceptron: p } = await fixture();
  const cost = (a: Node, b: Node, x: Node, y: Node) => mean(crossEntropy(matmul(tanh(matmul(x, a)), b), y));
  const of = bilevelProblem({
    upper: { decay: Tensor.scalar(-4) },
    lower: { a: Tensor.from(p.a, [4, 5]), b: Tensor.from(p.b, [5, 3]) },
    feeds: {
      train: feed({ x: Tensor.from(p.x, [20, 4]), y: Tensor.from(p.labels, [20], 'int64') }),
      validation: feed({ x: Tensor.from(p.xVal, [10, 4]), y: Tensor.from(p.labelsVal, [10], 'int64') }),
    },
    f: ({ v, validation: { x, y } }) => cost(v.a, v.b, x, y),
    g: ({ u, v, train: { x, y } }) => add(cost(v.a, v.b, x, y), mul(exp(u.decay), add(norm2(v.a), norm2(v.b)))),
  });
  for (const [lowerSteps, [f, du]] of Object.entries(p.results)) {
    const options = {
      lowerOptimizer: 'momentum',
      momentum: 0.75,
      lowerLearningRate: Math.exp(-2),
      lowerSteps: Number(lowerSteps),
      storage: 'checkpoints',
    };
    const found = await movedBy(open('rmd', of, options));
    t.true(Math.abs(found.report.f - f) < 1e-5 * Math.abs(f), `${lowerSteps}: ${found.report.f}, not ${f}`);
    t.true(Math.abs((found.du[0] ?? 0) - du) < 1e-4 * Math.abs(du), `${lowerSteps}: ${found.du}, not ${du}`);
  }
});
