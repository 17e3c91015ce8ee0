import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { constant, evaluate, gradient, input, type Node, reduceSum, square } from '../../lib/graph/index.js';
import { Network, type WarningCode } from '../../lib/onnx/index.js';
import { Tensor } from '../../lib/tensor.js';
import { runByRuntime } from '../support/onnx/runtime.js';

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const folder = `${repository}test/fixtures/exports/`;

interface Values {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** What is true of an exported module, whatever the file says. */
interface Module {
  readonly parameters: Readonly<Record<string, readonly number[]>>;
  readonly buffers: Readonly<Record<string, readonly number[]>>;
  readonly x: Values;
  readonly y: Values;
}

const modules: Readonly<Record<string, Module>> = JSON.parse(await readFile(`${folder}index.json`, 'utf8'));

/**
 * Warnings of every export, and of those that lost something the remedy that is named, by the form that results from
 * it.
 */
const exported: Readonly<Record<string, readonly WarningCode[]>> = {
  'norms-default': ['MERGED_PARAMETERS', 'LOST_NAMES'],
  'norms-unoptimized': [],
  'norms-older': ['MERGED_PARAMETERS'],
  'norms-older-training': [],
  'shared-default': ['MERGED_PARAMETERS'],
  'shared-unoptimized': [],
  'shared-older': ['MERGED_PARAMETERS'],
  // The layer that is used twice is no reason for a warning.
  'shared-older-training': [],
  'convolutions-default': ['FOLDED_BATCH_NORM', 'LOST_NAMES', 'INFERENCE_BATCH_NORM'],
  'convolutions-unoptimized': ['INFERENCE_BATCH_NORM'],
  'convolutions-older': ['FOLDED_BATCH_NORM', 'LOST_NAMES', 'INFERENCE_BATCH_NORM'],
  'convolutions-older-training': [],
  'folded-default': ['FOLDED_PARAMETERS', 'LOST_NAMES'],
  'folded-unoptimized': [],
  'folded-older': ['LOST_NAMES'],
  'folded-older-training': [],
  'tied-default': ['SEPARATED_PARAMETERS', 'LOST_NAMES'],
  'tied-unoptimized': [],
  'tied-older': ['SEPARATED_PARAMETERS', 'LOST_NAMES'],
  'tied-older-training': [],
  'constants-default': ['FOLDED_PARAMETERS', 'LOST_NAMES'],
  'constants-unoptimized': [],
  'constants-older': ['LOST_NAMES', 'ASSUMED_CONSTANTS'],
  'constants-older-training': ['ASSUMED_CONSTANTS'],
};

function moduleOf(file: string): Module {
  const found = modules[file.slice(0, file.indexOf('-'))];
  if (found === undefined) throw new Error(`The index has no module of ${file}.`);
  return found;
}

function shapes(network: Network): Record<string, readonly number[]> {
  return Object.fromEntries(Object.entries(network.initialParameters()).map(([name, { shape }]) => [name, [...shape]]));
}

/** The default exporter uses the last of the names that a tied parameter has, the module the first. */
function shapesOf({ parameters }: Module, network: Network): Record<string, readonly number[]> {
  const names = new Map(network.parameters.has('embed.weight') ? [] : [['embed.weight', 'head.weight']]);
  return Object.fromEntries(Object.entries(parameters).map(([name, shape]) => [names.get(name) ?? name, shape]));
}

interface Applied {
  readonly y: Node;
  readonly parameters: Readonly<Record<string, Node>>;
  readonly feeds: Map<Node, Float64Array>;
}

function applied(network: Network, { x }: Module, values: Readonly<Record<string, Tensor>>): Applied {
  const node = input('x', x.shape, network.inputs[0]?.dtype ?? 'float32');
  const parameters = network.parameterNodes();
  const feeds = new Map([[node, Float64Array.from(x.data)]]);
  for (const [name, each] of Object.entries(parameters)) {
    feeds.set(each, Float64Array.from(values[name]?.toArray() ?? [], Number));
  }
  return { y: network.apply(node, parameters, { training: false }), parameters, feeds };
}

function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.max(...Array.from(a, (value, index) => Math.abs(value - Number(b[index]))));
}

for (const [file, codes] of Object.entries(exported)) {
  const lossless = file.endsWith('unoptimized') || file.endsWith('training');

  test(`${file} gives the warnings that it deserves and the values of the module`, async (t) => {
    const network = await Network.load(`${folder}${file}.onnx`);
    t.deepEqual(
      network.warnings.map(({ code }) => code),
      [...codes],
    );
    const { y, feeds } = applied(network, moduleOf(file), network.initialParameters());
    const [values = []] = evaluate([y], feeds);
    t.deepEqual([...y.shape], [...moduleOf(file).y.shape]);
    // Exporting a module in training mode runs it, which changes its running statistics.
    if (file === 'convolutions-older-training') return;
    t.true(distance(values, moduleOf(file).y.data) < 1e-5);
  });

  if (!lossless) {
    test(`what ${file} says to do was done for another file, which lost nothing`, async (t) => {
      const { warnings } = await Network.load(`${folder}${file}.onnx`);
      const remedy = file.endsWith('older') ? /dynamo=False, .*TRAINING, do_constant_folding=False/ : /optimize=False/;
      const losses = warnings.filter(({ code }) => /^(?:FOLDED|MERGED|SEPARATED|LOST)/.test(code));
      t.true(losses.length > 0);
      for (const { message } of losses) t.regex(message, remedy);
    });
  } else if (file !== 'constants-older-training') {
    test(`${file} trains what the module trains, and no buffers`, async (t) => {
      const network = await Network.load(`${folder}${file}.onnx`);
      const { buffers } = moduleOf(file);
      t.deepEqual(shapes(network), shapesOf(moduleOf(file), network));
      const others = [...network.constants.values(), ...network.state.values()].map(({ name, shape }) => [
        name,
        [...shape],
      ]);
      t.deepEqual(Object.fromEntries(others), buffers);
      t.true([...network.state.values()].every(({ kind }) => kind === 'statistic'));
    });
  }
}

test('buffers are known by the notes of the default exporter, and by their use without', async (t) => {
  const noted = await Network.load(`${folder}constants-default.onnx`);
  const kinds = [...noted.constants.values()].filter(({ kind }) => kind === 'buffer').map(({ name }) => name);
  t.deepEqual(kinds.toSorted(), Object.keys(modules.constants?.buffers ?? {}).toSorted());
  t.true(noted.parameters.has('power'));
  const unnoted = await Network.load(`${folder}constants-older.onnx`);
  t.deepEqual([...unnoted.constants.keys()].toSorted(), ['center', 'mask', 'positions', 'power', 'spread']);
  t.deepEqual([...unnoted.parameters.keys()], ['temperature', 'fc.bias', 'onnx::MatMul_33']);
  t.deepEqual([...(unnoted.parameters.get('temperature')?.shape ?? [0])], []);
});

for (const file of ['norms-default', 'norms-older', 'shared-default', 'shared-older']) {
  test(`parameters that ${file} merged are untied, trained apart and saved apart`, async (t) => {
    const network = await Network.load(`${folder}${file}.onnx`, { untie: true });
    const exact = await Network.load(`${folder}${file.replace(/-.*/, '-unoptimized')}.onnx`);
    t.false(network.warnings.some(({ code }) => code === 'MERGED_PARAMETERS'));
    const size = (each: Network): number =>
      Object.values(each.initialParameters()).reduce((total, { size: count }) => total + count, 0);
    t.is(size(network), size(exact));

    const moved = Object.fromEntries(
      Object.entries(network.initialParameters()).map(([name, value], index) => [
        name,
        Tensor.from(
          value.toArray().map((each, place) => Number(each) + 0.1 * Math.sin(index * 7 + place)),
          value.shape,
        ),
      ]),
    );
    const { x } = moduleOf(file);
    const { y, feeds } = applied(network, moduleOf(file), moved);
    const [ours = []] = evaluate([y], feeds);
    const saved = network.toBytes(moved);
    const theirs = await runByRuntime(saved, { [network.inputs[0]?.name ?? '']: { type: 'float32', ...x } });
    t.true(distance(ours, theirs.data) < 1e-5);
    t.true(distance(ours, moduleOf(file).y.data) > 1e-2);
    const reloaded = await Network.load(saved);
    t.deepEqual(shapes(reloaded), shapes(network));
    t.false(reloaded.warnings.some(({ code }) => code === 'MERGED_PARAMETERS'));
  });
}

test('untied parameters have the gradients that they have where they were never merged', async (t) => {
  const gradients = async (file: string, untie: boolean): Promise<Record<string, number[]>> => {
    const network = await Network.load(`${folder}${file}.onnx`, { untie });
    const { y, parameters, feeds } = applied(network, moduleOf(file), network.initialParameters());
    const loss = reduceSum(square(y));
    const names = Object.keys(parameters);
    const values = evaluate(gradient(loss, Object.values(parameters)), feeds);
    return Object.fromEntries(values.map((each, index) => [names[index] ?? '', [...each]]));
  };
  const [untied, exact] = [await gradients('shared-default', true), await gradients('shared-unoptimized', false)];
  t.deepEqual(Object.keys(untied).toSorted(), Object.keys(exact).toSorted());
  for (const [name, values] of Object.entries(exact)) t.true(distance(values, untied[name] ?? []) < 1e-9, name);
  const merged = await gradients('shared-default', false);
  t.true(distance(merged['norm.weight'] ?? [], exact['norm.weight'] ?? []) > 1e-3);
});

test('a constant is trained when it is given, and saved', async (t) => {
  const network = await Network.load(`${folder}constants-older.onnx`);
  const power = input('power', [1]);
  const { feeds } = applied(network, moduleOf('constants-older'), network.initialParameters());
  const [x, ...nodes] = feeds.keys();
  const names = Object.keys(network.parameterNodes());
  const given = Object.fromEntries(nodes.map((node, index) => [names[index] ?? '', node]));
  const y = network.apply(x ?? constant([0], [1]), { ...given, power });
  feeds.set(power, Float64Array.of(3));
  const [slope = []] = evaluate(gradient(reduceSum(y), [power]), feeds);
  t.true(Number.isFinite(slope[0]) && slope[0] !== 0);
  const saved = await Network.load(network.toBytes({ power: Tensor.from([2]) }));
  t.deepEqual(saved.constants.get('power')?.value.toArray(), [2]);
});

test('no network of the repository names files of the machine that exported it', async (t) => {
  const files = (await readdir(`${repository}test/fixtures`, { recursive: true })).map(
    (name) => `test/fixtures/${name}`,
  );
  const networks = [...files, ...(await readdir(`${repository}models`)).map((name) => `models/${name}`)].filter(
    (name) => name.endsWith('.onnx'),
  );
  t.true(networks.length > Object.keys(exported).length);
  for (const name of networks) {
    const text = (await readFile(`${repository}${name}`)).toString('latin1');
    t.notRegex(text, /File "|site-packages|stack_trace|\.py\b/, name);
  }
});
