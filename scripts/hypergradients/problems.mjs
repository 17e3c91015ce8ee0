// Problems whose hypergradient is known: two of test/fixtures/hypergradient, and a random quadratic solved densely.
import { bilevelProblem, feed, oracles } from '../../dist/lib/bilevel/index.js';
import { Random } from '../../dist/lib/data/random.js';
import { readSafetensors, toTensor } from '../../dist/lib/data/safetensors.js';
import * as graph from '../../dist/lib/graph/index.js';
import { Tensor } from '../../dist/lib/tensor.js';
import { eigenvalues, solve } from './dense.mjs';

const { add, crossEntropy, div, exp, expandDims, matmul, mean, mul, reduceSum, sigmoid, square, sub } = graph;
const norm2 = (x) => reduceSum(square(x));
const root = new URL('../../', import.meta.url);

/** What vanishes in each fixture's lower level: the cost of logits z = x v with labels y. */
const lowerCosts = {
  ridge: ({ z, y, u, v }) =>
    add(mean(crossEntropy(z, y)), mul(0.5, reduceSum(mul(exp(expandDims(u, [1])), square(v))))),
  weights: ({ z, y, u, v }) => {
    const weights = sigmoid(mul(2, u));
    return add(div(reduceSum(mul(weights, crossEntropy(z, y))), reduceSum(weights)), mul(0.05, norm2(v)));
  },
};

async function fixture(name) {
  const { tensors } = await readSafetensors(new URL(`test/fixtures/hypergradient/${name}.safetensors`, root).pathname);
  const values = (key) => Float64Array.from(tensors.get(key).data, Number);
  const float32 = (key) => Tensor.from(values(key), tensors.get(key).shape);
  const rows = (part) => feed({ x: float32(`x_${part}`), y: toTensor(`y_${part}`, tensors.get(`y_${part}`)) });
  const feeds = { train: rows('train'), validation: rows('val') };
  const solution = float32('v_star');
  const state = ({ start, seed = 0, learned = {} }) =>
    bilevelProblem({
      upper: { u: float32('u'), ...learned },
      lower: { v: start },
      feeds,
      seed,
      f: ({ v, validation: { x, y } }) => mean(crossEntropy(matmul(x, v.v), y)),
      g: ({ u, v, train: { x, y } }) => lowerCosts[name]({ z: matmul(x, v.v), y, u: u.u, v: v.v }),
    });
  return withFacts({
    name,
    state,
    solution,
    elsewhere: Tensor.zeros(solution.shape),
    expected: values('hypergradient'),
  });
}

/** g = v'H v / 2 - v'(B u + b) with the eigenvalues of H from 0.1 to 1, and f = (0.1 |v - c|^2 + |u - d|^2) / 2. */
function quadratic() {
  const [upper, lower] = [6, 12];
  const random = Random.fromSeed(0, 'quadratic');
  const normal = (...shape) => {
    const values = Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.normal());
    return Tensor.from(values, shape);
  };
  const rowsOf = (tensor, width) =>
    Array.from({ length: tensor.size / width }, (_, row) => tensor.toArray().slice(row * width, (row + 1) * width));
  // H = Q diag(10^(-i / (n - 1))) Q' with the orthonormal Q of a normal matrix.
  const basis = [];
  for (const row of rowsOf(normal(lower, lower), lower)) {
    let rest = row;
    for (const other of basis) {
      const along = rest.reduce((sum, x, i) => sum + x * other[i], 0);
      rest = rest.map((x, i) => x - along * other[i]);
    }
    const length = Math.hypot(...rest);
    basis.push(rest.map((x) => x / length));
  }
  const entry = (i, j) => basis.reduce((sum, q, k) => sum + 10 ** (-k / (lower - 1)) * q[i] * q[j], 0);
  const hessian = Tensor.from(
    Array.from({ length: lower * lower }, (_, at) => entry(Math.floor(at / lower), at % lower)),
    [lower, lower],
  );
  const [mixed, b, c, d, u] = [normal(lower, upper), normal(lower), normal(lower), normal(upper), normal(upper)];
  const right = rowsOf(mixed, upper).map((row, i) => row.reduce((sum, x, j) => sum + x * u.data[j], b.data[i]));
  const solution = Tensor.from(solve(rowsOf(hessian, lower), right));
  const node = (tensor) => graph.constant(tensor.toArray(), tensor.shape);
  const product = (matrix, x) => matmul(expandDims(x, [0]), graph.transpose(node(matrix)));
  const inner = (x, y) => reduceSum(mul(x, y));
  const state = ({ start, seed = 0, learned = {} }) =>
    bilevelProblem({
      upper: { u, ...learned },
      lower: { v: start },
      seed,
      f: ({ u, v }) => mul(0.5, add(mul(0.1, norm2(sub(v.v, node(c)))), norm2(sub(u.u, node(d))))),
      g: ({ u, v }) => {
        const row = expandDims(v.v, [0]);
        const forces = add(product(mixed, u.u), node(b));
        return sub(mul(0.5, inner(row, product(hessian, v.v))), inner(row, forces));
      },
    });
  return withFacts({
    name: 'quadratic',
    state,
    solution,
    elsewhere: Tensor.from(solution.toArray().map((x) => x + random.normal())),
  });
}

/**
 * In float64 at the solution: the hypergradient by a dense solve, those of a single lower step and of a proximal lower
 * level, the extreme eigenvalues of grad_vv g and the largest of grad_vv f.
 */
function withFacts({ expected, ...parts }) {
  const problem = parts.state({ start: parts.solution });
  const o = oracles(problem);
  const values = new Map();
  const bound = { 'u/u': problem.upper[0].initial, 'v/v': parts.solution };
  for (const { name, feed } of problem.feeds) {
    for (const [key, tensor] of Object.entries(feed.arrays)) bound[`data.${name}/${key}`] = tensor;
  }
  const all = graph.topologicalOrder([problem.f, problem.g]).filter((node) => graph.isOp(node, 'input'));
  for (const input of all) values.set(input, Float64Array.from(bound[input.attributes.name].toArray()));
  const at = (nodes, more = []) => graph.evaluate(nodes, new Map([...values, ...more])).map((x) => [...x]);
  const [f, gradient] = [o.fGradient(), o.lowerGradient()];
  const direction = graph.input('direction', o.v[0].shape);
  const size = parts.solution.size;
  const columns = (gradients) => {
    const products = graph.hessianVectorProduct(gradients, o.v, [direction]);
    return Array.from({ length: size }, (_, i) => {
      const unit = Float64Array.from({ length: size }, (_, j) => Number(i === j));
      return at(products, [[direction, unit]])[0];
    });
  };
  const hessian = columns(gradient);
  const [fu, fv] = [at(f.u)[0], at(f.v)[0]];
  const z = solve(hessian, fv);
  const mixed = (w) => at(o.jacobianVectorProduct([direction]), [[direction, Float64Array.from(w)]])[0];
  const indirect = mixed(z).map((x) => -x);
  const exact = fu.map((x, i) => x + indirect[i]);
  if (expected !== undefined && relativeError(exact, [...expected]) > 1e-5) {
    throw new Error(`The hypergradient of ${parts.name} is not that of its file`);
  }
  const [low, high] = eigenvalues(hessian);
  /** The derivative of f(u, v - rate grad_v g), in which z is rate grad_v f. */
  const oneStep = (rate) => mixed(fv).map((x, i) => fu[i] - rate * x);
  /** By u and by the start of v, where v solves g + weight |v - start|^2 / 2 at a start that solves g. */
  const proximal = (weight) => {
    const z = solve(
      hessian.map((row, i) => row.map((x, j) => x + (i === j ? weight : 0))),
      fv,
    );
    return [...mixed(z).map((x, i) => fu[i] - x), ...z.map((x) => weight * x)];
  };
  return { ...parts, exact, oneStep, proximal, hessian: { low, high }, upperCurvature: eigenvalues(columns(f.v))[1] };
}

export function relativeError(a, b) {
  return Math.hypot(...a.map((x, i) => x - b[i])) / Math.hypot(...b);
}

export const problems = async () => [quadratic(), await fixture('ridge'), await fixture('weights')];
