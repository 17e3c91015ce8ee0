import test from 'ava';
import { type CompiledProgram, type CompileOptions, compile, type ProgramSpec } from '../../../lib/compile/index.js';
import { deduplicate } from '../../../lib/compile/rewrite/deduplicate.js';
import { foldConstants } from '../../../lib/compile/rewrite/fold.js';
import { reassociate } from '../../../lib/compile/rewrite/reassociate/reassociate.js';
import { simplify } from '../../../lib/compile/rewrite/simplify.js';
import { defaultTarget } from '../../../lib/compile/target.js';
import { Random } from '../../../lib/data/random.js';
import * as g from '../../../lib/graph/index.js';
import { elementCount } from '../../../lib/tensor.js';

const settle = (roots: readonly g.Node[]): readonly g.Node[] => deduplicate(simplify(foldConstants(roots)));

function inputsOf(roots: readonly g.Node[]): g.Node[] {
  return g.topologicalOrder(roots).filter((node) => node.op === 'input');
}

function randomValues(nodes: readonly g.Node[], seed: number): Map<g.Node, Float64Array> {
  const random = Random.fromSeed(seed, 'values');
  return new Map(
    nodes.map((node) => [node, Float64Array.from({ length: elementCount(node.shape) }, () => random.normal())]),
  );
}

/** Largest difference of the values of two lists of nodes, relative to the largest value of each node. */
function difference(a: readonly g.Node[], b: readonly g.Node[], seed: number): number {
  const feeds = randomValues(inputsOf([...a, ...b]), seed);
  const [left, right] = [g.evaluate(a, feeds), g.evaluate(b, feeds)];
  const each = left.map((values, index) => {
    const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-12);
    return (
      values.reduce((most, value, i) => Math.max(most, Math.abs(value - (right[index]?.[i] ?? Number.NaN))), 0) / scale
    );
  });
  return Math.max(...each);
}

/** Floating-point operations of the products of a section. */
function productFlops({ cost }: CompiledProgram, section: 'prologue' | 'step'): number {
  const products = cost.instructions.filter((each) => each.opcode === 'matmul' && each.section === section);
  return products.reduce((sum, { flops }) => sum + flops, 0);
}

const off: CompileOptions = { reassociate: false };

/**
 * A random graph of products, sums, multiples, transposes and inner products, and inputs that change from step to step.
 */
function randomSpec(seed: number): ProgramSpec {
  const random = Random.fromSeed(seed, 'graph');
  const pick = <T>(list: readonly T[]): T => list[random.integer(list.length)] as T;
  const stack = random.integer(3) === 0 ? [2] : [];
  const sizes = [2, 3, 8, 30];
  const matrices = Array.from({ length: 5 }, (_, i) => g.input(`m${i}`, [...stack, pick(sizes), pick(sizes)]));
  const inputs = [...matrices];
  const scalars = [g.input('s', []), g.input('t', stack.length > 0 ? [...stack, 1, 1] : [1, 1]), g.constant(0.5)];
  const values: g.Node[] = [];
  for (let i = 0; i < 24; i++) {
    const a = pick(matrices);
    const swap = (x: g.Node): g.Node => g.transpose(x, stack.length > 0 ? [0, 2, 1] : [1, 0]);
    const fitting = matrices.filter(({ shape }) => shape.join() === a.shape.join());
    const made = [
      () => g.mul(pick(scalars), a),
      () => g.neg(a),
      () => swap(a),
      () => g.add(a, pick(fitting)),
      () => g.sub(a, pick(fitting)),
      () => {
        const transposeA = random.integer(2) === 1;
        const transposeB = random.integer(2) === 1;
        const inner = a.shape.at(transposeA ? -2 : -1);
        const others = matrices.filter(({ shape }) => shape.at(transposeB ? -1 : -2) === inner);
        return others.length === 0 ? g.neg(a) : g.matmul(a, pick(others), { transposeA, transposeB });
      },
    ];
    const value = made[Math.min(random.integer(10), made.length - 1)]?.() ?? a;
    matrices.push(value);
    values.push(value);
  }
  const last = values.slice(-6);
  const norms = last.map((x) => g.reduceSum(g.mul(x, x)));
  const cost = [...norms, g.reduceSum(g.mul(g.exp(g.neg(g.abs(pick(values)))), 0.1))].reduce((x, y) => g.add(x, y));
  const outputs = Object.fromEntries([...last.slice(0, 3), cost].map((value, i) => [`out${i}`, value]));
  const used = new Set(inputsOf(Object.values(outputs)));
  return { outputs, perStep: inputs.filter((node, i) => i % 2 === 0 && used.has(node)) };
}

for (let seed = 0; seed < 150; seed++) {
  test(`a random graph, ${seed}: the same values with no more operations in a step`, (t) => {
    const spec = randomSpec(seed);
    const roots = settle(Object.values(spec.outputs ?? {}));
    const arranged = reassociate(roots, new Set(spec.perStep), settle, defaultTarget);
    const error = difference(roots, arranged.roots, seed);
    t.true(error <= 1e-10, `error ${error}`);
    const [plain, saved] = [compile(spec, off), compile(spec)];
    t.true(productFlops(saved, 'step') <= productFlops(plain, 'step'));
    t.is(productFlops(plain, 'step') - productFlops(saved, 'step'), saved.cost.savedFlops);
    t.is(productFlops(saved, 'prologue') - productFlops(plain, 'prologue'), saved.cost.hoistedFlops);
  });
}

test('random graphs are changed often enough to be a test', (t) => {
  const changed = Array.from({ length: 150 }, (_, seed) => randomSpec(seed)).filter((spec) => {
    const roots = settle(Object.values(spec.outputs ?? {}));
    return reassociate(roots, new Set(spec.perStep), settle, defaultTarget).roots !== roots;
  });
  t.true(changed.length >= 75, `${changed.length} of 150`);
});

const [batch, inputs, units] = [20, 80, 30] as const;
const x = g.input('x', [batch, inputs]);
const d = g.input('d', [batch, units]);
const e = g.input('e', [batch, units]);
const nu = g.input('nu', [units, inputs]);
const gamma = g.input('gamma', []);
const gradientOf = (delta: g.Node): g.Node => g.matmul(delta, x, { transposeA: true });
const full = 2 * batch * inputs * units;

interface Pattern {
  readonly spec: ProgramSpec;
  /** Operations of products in a step and once a run, without and with re-association. */
  readonly without: readonly [step: number, prologue: number];
  readonly with: readonly [step: number, prologue: number];
}

const patterns: Record<string, Pattern> = {
  'a product with a weight gradient is one with the product of the inputs, computed once a run': {
    spec: { outputs: { y: g.matmul(x, gradientOf(d), { transposeB: true }) }, perStep: [d] },
    without: [2 * full, 0],
    with: [2 * batch * batch * units, 2 * batch * batch * inputs],
  },
  'sums and multiples between the products are opened, and products of what stays are computed once a run': {
    spec: {
      outputs: { y: g.matmul(x, g.add(nu, g.mul(gamma, gradientOf(d))), { transposeB: true }) },
      perStep: [d, gamma],
    },
    without: [2 * full, 0],
    with: [2 * batch * batch * units, 2 * batch * batch * inputs + full],
  },
  'the squared norm of a weight gradient in a cost needs no gradient': {
    spec: {
      outputs: { y: g.add(g.reduceSum(g.exp(d)), g.mul(gamma, g.sumOfSquares([gradientOf(d)]))) },
      perStep: [d],
    },
    without: [full, 0],
    with: [2 * batch * batch * units, 2 * batch * batch * inputs],
  },
  'the norm and the product share what they need': {
    spec: {
      outputs: {
        y: g.matmul(x, g.mul(gamma, gradientOf(d)), { transposeB: true }),
        cost: g.add(g.reduceSum(g.exp(d)), g.sumOfSquares([gradientOf(d)])),
      },
      perStep: [d],
    },
    without: [2 * full, 0],
    with: [2 * batch * batch * units, 2 * batch * batch * inputs],
  },
  'an inner product with what stays is one with its product': {
    spec: { outputs: { y: g.add(g.reduceSum(g.exp(d)), g.inner([gradientOf(d)], [nu])) }, perStep: [d] },
    without: [full, 0],
    with: [0, full],
  },
  'products with a common factor are one product': {
    spec: { outputs: { y: g.exp(g.sub(gradientOf(d), g.mul(gamma, gradientOf(e)))) }, perStep: [d, e, x] },
    without: [2 * full, 0],
    with: [full, 0],
  },
  'a chain starts where it is thinnest': {
    spec: {
      outputs: { y: g.matmul(g.matmul(g.input('a', [30, 20]), g.input('b', [20, 30])), g.input('c', [30, 1])) },
      perStep: [g.input('unused', [])],
    },
    without: [0, 2 * 30 * 20 * 30 + 2 * 30 * 30],
    with: [0, 2 * 20 * 30 + 2 * 30 * 20],
  },
  'what changes with the step is not computed once a run': {
    spec: { outputs: { y: g.matmul(x, gradientOf(d), { transposeB: true }) }, perStep: [d, x] },
    without: [2 * full, 0],
    with: [2 * batch * batch * (units + inputs), 0],
  },
  'a factor that is an update’s target changes with the step': {
    spec: {
      outputs: { y: g.matmul(x, gradientOf(d), { transposeB: true }) },
      updates: [[x, g.mul(x, 0.5)]],
      perStep: [d],
    },
    without: [2 * full, 0],
    with: [2 * batch * batch * (units + inputs), 0],
  },
  'a value that others need too is kept when the detour costs more': {
    spec: {
      outputs: {
        gradient: gradientOf(d),
        y: g.matmul(g.input('p', [100, inputs]), gradientOf(d), { transposeB: true }),
      },
      perStep: [d, x],
    },
    without: [full + 2 * 100 * inputs * units, 0],
    with: [full + 2 * 100 * inputs * units, 0],
  },
};

for (const [name, { spec, ...expected }] of Object.entries(patterns)) {
  test(name, (t) => {
    const flops = (program: CompiledProgram) => [productFlops(program, 'step'), productFlops(program, 'prologue')];
    const [plain, saved] = [compile(spec, off), compile(spec)];
    t.deepEqual(flops(plain), [...expected.without]);
    t.deepEqual(flops(saved), [...expected.with]);
    t.is(plain.cost.savedFlops, 0);
    t.is(saved.cost.savedFlops, expected.without[0] - expected.with[0]);
    t.regex(saved.explain(), saved.cost.savedFlops > 0 ? /re-associated: each step .* before, .* after/ : /once a run/);
    const roots = settle([...Object.values(spec.outputs ?? {}), ...(spec.updates ?? []).map(([, value]) => value)]);
    const targets = (spec.updates ?? []).map(([target]) => target);
    const arranged = reassociate(roots, new Set([...targets, ...(spec.perStep ?? [])]), settle, defaultTarget);
    t.true(difference(roots, arranged.roots, 1) <= 1e-10);
  });
}

/** Graphs whose rounding would suffer. */
const kept: Record<string, ProgramSpec> = {
  'the squared norm as a result, which may be all rounding near a solution': {
    outputs: { y: g.sumOfSquares([gradientOf(d)]) },
    perStep: [d],
  },
  'the norm under a root': {
    outputs: { y: g.sqrt(g.add(g.sumOfSquares([gradientOf(d)]), 1e-12)) },
    perStep: [d],
  },
  'norms under a root': {
    outputs: { y: g.sqrt(g.sumOfSquares([gradientOf(d), gradientOf(e)])) },
    perStep: [d, e],
  },
  'a difference that may cancel': {
    outputs: { y: g.matmul(x, g.sub(nu, gradientOf(d)), { transposeB: true }) },
    perStep: [d],
  },
};

for (const [name, spec] of Object.entries(kept)) {
  test(`kept as it is: ${name}`, (t) => {
    t.is(compile(spec).cost.savedFlops, 0);
    t.is(productFlops(compile(spec), 'step'), productFlops(compile(spec, off), 'step'));
  });
}

test('a small gradient keeps its norm', (t) => {
  // X' D of ones and a D that cancels: 1e-4 is left of 20 terms of 1.
  const delta = Float64Array.from({ length: batch * units }, (_, i) => (Math.floor(i / units) % 2 === 0 ? 1 : -1));
  delta[0] = 1 + 1e-4;
  const feeds = new Map([
    [x, new Float64Array(batch * inputs).fill(1)],
    [d, delta],
  ]);
  const roots = settle([g.sumOfSquares([gradientOf(d)])]);
  const [[value]] = g.evaluate(reassociate(roots, new Set([d]), settle, defaultTarget).roots, feeds) as [Float64Array];
  t.true(Math.abs((value ?? 0) / (inputs * 1e-8) - 1) < 1e-9);
});
