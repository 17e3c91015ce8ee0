import { readdirSync, readFileSync } from 'node:fs';
import { Random } from '../../lib/data/random.js';
import * as data from '../../lib/public/data.js';
import * as engine from '../../lib/public/engine.js';
import * as graph from '../../lib/public/graph.js';
import * as api from '../../lib/public/index.js';
import * as tasks from '../../lib/public/tasks.js';
import * as tfjs from '../../lib/public/tfjs.js';
import { buildModel, encode, int64s, tensor } from './onnx/builder.js';

/** A block of JavaScript in a page. */
export interface DocBlock {
  readonly page: string;
  /** Position among the blocks of the page, from 1. */
  readonly number: number;
  readonly code: string;
}

/** All blocks of JavaScript in README and docs/, by page. */
export function docBlocks(): DocBlock[] {
  const pages = readdirSync('docs', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
  return ['README.md', ...pages.toSorted().map((name) => `docs/${name}`)].flatMap((page) =>
    [...readFileSync(page, 'utf8').matchAll(/^```js\n(.*?)^```/gms)].map(([, code = ''], index) => ({
      page,
      number: index + 1,
      code,
    })),
  );
}

const random = Random.fromSeed(3, 'documentation');
const uniform = (length: number): Float32Array => Float32Array.from({ length }, () => random.uniform());
const classes = (length: number): bigint[] => Array.from({ length }, () => BigInt(random.integer(10)));
const images = (rows: number) => api.Tensor.from(uniform(rows * 784), [rows, 1, 28, 28]);
const vectors = (rows: number) => api.Tensor.from(uniform(rows * 784), [rows, 784]);
const labels = (rows: number) => api.Tensor.from(classes(rows));

/** Rows of tokens with what is known of them, for the network of `twoHeads`. */
function sequences(rows: number): Record<string, api.Tensor> {
  return {
    tokens: api.Tensor.from(classes(rows * 6), [rows, 6]),
    mask: api.Tensor.from(new Array(rows * 6).fill(1), [rows, 6], 'bool'),
    topics: labels(rows),
    ratings: api.Tensor.from(uniform(rows), [rows, 1]),
  };
}

/** A file with the mean embedding of the tokens that a mask keeps, and two outputs from it. */
export function twoHeads(): Uint8Array {
  const weights = (...shape: number[]) => tensor([...uniform(shape.reduce((a, b) => a * b))], shape);
  return encode(
    buildModel({
      inputs: {
        tokens: { type: 'int64', shape: ['batch', 'length'] },
        mask: { type: 'bool', shape: ['batch', 'length'] },
      },
      initializers: {
        table: weights(10, 4),
        topic: weights(4, 10),
        rating: weights(4, 1),
        last: int64s([-1]),
        rows: int64s([1]),
      },
      nodes: [
        { op: 'Gather', inputs: ['table', 'tokens'], outputs: ['embedded'] },
        { op: 'Cast', inputs: ['mask'], outputs: ['kept'], attributes: { to: 1 } },
        { op: 'Unsqueeze', inputs: ['kept', 'last'], outputs: ['share'] },
        { op: 'Mul', inputs: ['embedded', 'share'], outputs: ['terms'] },
        { op: 'ReduceMean', inputs: ['terms', 'rows'], outputs: ['mean'], attributes: { keepdims: 0 } },
        { op: 'MatMul', inputs: ['mean', 'topic'], outputs: ['logits'] },
        { op: 'MatMul', inputs: ['mean', 'rating'], outputs: ['score'] },
      ],
      outputs: ['logits', 'score'],
      opset: 18,
    }),
  );
}

/** What a page speaks of as the reader's own, beside what all pages do. */
function ownThings(page: string): Record<string, unknown> {
  switch (page) {
    case 'README.md':
      // Its data lie in flat arrays.
      return {
        ...{ trainPixels: uniform(5000 * 784), trainLabels: classes(5000) },
        ...{ cleanPixels: uniform(500 * 784), cleanLabels: classes(500) },
      };
    case 'docs/methods/maml.md': {
      const points = (): api.Tensor => api.Tensor.from(uniform(32 * 5 * 64), [32, 5, 64]);
      const answers = (): api.Tensor =>
        api.Tensor.from(
          classes(32 * 5).map((label) => label % 5n),
          [32, 5],
        );
      return { supportX: points(), supportY: answers(), queryX: points(), queryY: answers() };
    }
    case 'docs/problems.md':
      return {
        ...sequences(40),
        readRows: async (_first: number, rows: number) => ({ pixels: uniform(rows * 784), classes: classes(rows) }),
        ...solving(
          api.bilevelProblem({
            upper: { decay: api.Tensor.zeros([784]) },
            lower: { weight: api.Tensor.zeros([784, 10]) },
            f: ({ v }) => graph.reduceSum(graph.square(graph.sub(v.weight, 0.1))),
            g: ({ u, v }) => graph.reduceSum(graph.square(graph.sub(v.weight, graph.expandDims(u.decay, [1])))),
          }),
        ),
      };
    default:
      return {};
  }
}

/** TensorFlow.js with tensors of a reader who uses it. */
async function tensorFlowThings(): Promise<Record<string, unknown>> {
  const { core, layers } = await import('./tf.js');
  const digits = (rows: number) => core.randomUniform([rows, 8, 8, 1], 0, 1, 'float32', rows);
  const answers = (rows: number) => core.tensor1d(classes(rows).map(Number), 'int32');
  return {
    tf: { ...core, ...layers },
    ...{ pixels: digits(60), labels: answers(60), cleanPixels: digits(20), cleanLabels: answers(20) },
  };
}

/** A problem that was stated before, with a solver in the middle of it. */
function solving(problem: api.BilevelProblem): Record<string, unknown> {
  const solver = api.penalty(problem, { lowerSteps: 2 });
  return { problem, solver, state: solver.init() };
}

/** The reader's things by name: data, a network, a problem. */
export async function readersThings(page: string, networkPath: string): Promise<Record<string, unknown>> {
  const [train, clean] = [5000, 400].map((rows) => ({ x: images(rows), y: labels(rows) }));
  const [trainImages, trainLabels, otherImages, otherLabels] = [vectors(400), labels(400), vectors(400), labels(400)];
  const network = await api.Network.load(networkPath);
  const problem = api.bilevelProblem({
    upper: { importance: api.perSample(api.Tensor.from(new Float32Array(400).fill(0.5)), 'train') },
    lower: { weight: api.Tensor.zeros([784, 10]) },
    feeds: { train: api.feed({ x: trainImages, y: trainLabels }, { batch: 100 }) },
    f: ({ v }) => graph.reduceSum(graph.square(graph.sub(v.weight, 0.1))),
    g: ({ u, v, train: { x, y } }) =>
      graph.mean(graph.mul(u.importance, graph.crossEntropy(graph.matmul(x, v.weight), y))),
  });
  return {
    ...{ network, v: network.initialParameters(), train, clean, images: images(400), labels: labels(400) },
    ...{ trainImages, trainLabels, otherImages, otherLabels },
    ...solving(problem),
    // Constants of schedules.
    ...{ gamma: 0.1, lambda: 0.1, d: 1, m: 10, c1: 0.5, c2: 0.5 },
    ...ownThings(page),
    ...(page === 'docs/tfjs.md' && (await tensorFlowThings())),
  };
}

/**
 * What each entry of the package exports; of a name in several of them that of the last is meant where a block imports
 * nothing.
 */
const entries: Readonly<Record<string, object>> = {
  'bilevel/graph': graph,
  'bilevel/engine': engine,
  'bilevel/data': data,
  'bilevel/tasks': tasks,
  'bilevel/tfjs': tfjs,
  bilevel: api,
};

type AsyncFunctionConstructor = new (...parts: string[]) => (...values: unknown[]) => Promise<void>;
const AsyncFunction = (async () => undefined).constructor as unknown as AsyncFunctionConstructor;

/**
 * Runs a block as a module would be run in which the package and the reader's things are at hand; what it imports from
 * the package must be there.
 */
export async function runBlock({ code }: DocBlock, things: Readonly<Record<string, unknown>>): Promise<void> {
  const statement = /^import \{([^}]*)\} from '(bilevel(?:\/\w+)?)';$/gms;
  const imported = [...code.matchAll(statement)].flatMap(([, list = '', entry = '']) =>
    list.split(',').flatMap((each) => {
      const name = each.trim();
      if (name === '') return [];
      const exported = Object.entries(entries[entry] ?? {}).find(([key]) => key === name);
      if (exported === undefined) throw new Error(`${entry} exports no ${name}.`);
      return [exported];
    }),
  );
  const known = Object.assign({}, ...Object.values(entries), things, Object.fromEntries(imported));
  const body = code.replaceAll(statement, '');
  // The inner block lets the code declare names that are at hand, as it would in a module of its own.
  await new AsyncFunction(...Object.keys(known), `"use strict"; { ${body} }`)(...Object.values(known));
}
