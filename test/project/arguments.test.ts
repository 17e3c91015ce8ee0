import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { compile, Device } from '../../lib/public/engine.js';
import { evaluate, input, mean, reduceSum, square } from '../../lib/public/graph.js';
import {
  BilevelError,
  bilevelProblem,
  type ErrorCode,
  feed,
  minimizationProblem,
  minimize,
  Network,
  penalty,
  perSample,
  Tensor,
} from '../../lib/public/index.js';
import { testDevice } from '../support/devices.js';

const none = undefined as never;
const nothing = null as never;
const x = Tensor.from([1, 2, 3]);
const statement = {
  upper: { u: Tensor.zeros([3]) },
  lower: { v: Tensor.zeros([3]) },
  f: ({ v }: { v: { v: Parameters<typeof square>[0] } }) => mean(v.v),
  g: ({ v }: { v: { v: Parameters<typeof square>[0] } }) => reduceSum(square(v.v)),
};
const single = { lower: statement.lower, g: statement.g };

const refused: Readonly<Record<string, readonly [() => unknown, RegExp, ErrorCode?]>> = {
  'bilevelProblem(null)': [() => bilevelProblem(nothing), /the options of bilevelProblem but received null/],
  'an unknown part of a problem': [
    () => bilevelProblem({ ...statement, setz: {} } as never),
    /bilevelProblem has no option "setz"\. Did you mean sets\?/,
    'UNKNOWN_OPTION',
  ],
  'an unknown level of sets': [
    () => bilevelProblem({ ...statement, sets: { uper: {} } } as never),
    /Did you mean upper/,
    'UNKNOWN_OPTION',
  ],
  'a set that is a number': [
    () => bilevelProblem({ ...statement, sets: { lower: { v: 1 } } } as never),
    /a set such as sets\.box\(0, 1\) or sets\.simplex\(\) for the set of the variable v\.v but received 1/,
  ],
  'a problem without variables': [() => bilevelProblem({ ...statement, upper: none }), /variables u but received/],
  'a variable that is not there': [() => bilevelProblem({ ...statement, upper: { u: none } }), /the variable u\.u/],
  'a problem without a cost': [() => bilevelProblem({ ...statement, f: none }), /the cost f but received undefined/],
  'feeds that are null': [() => bilevelProblem({ ...statement, feeds: nothing }), /feeds but received null/],
  'a feed that is not one': [
    () => bilevelProblem({ ...statement, feeds: { train: { x } as never } }),
    /what feed\(arrays, options\) returns for the feed train/,
  ],
  'rows of a feed where there is none': [
    () => bilevelProblem({ ...statement, upper: { u: perSample(x, 'zzz' as never) } }),
    /no feed "zzz", the feed of u\. There are none\./,
  ],
  'perSample without a tensor': [() => perSample(none, 'train'), /tensor of perSample/],
  'perSample without a feed': [() => perSample(x, none), /feed of perSample/],
  'minimizationProblem(null)': [() => minimizationProblem(nothing), /minimizationProblem/],
  'an unknown part of one level': [
    () => minimizationProblem({ ...single, upper: {} } as never),
    /no option "upper"/,
    'UNKNOWN_OPTION',
  ],
  'feed()': [() => feed(none), /arrays of a feed but received undefined/],
  'an unknown option of a feed': [
    () => feed({ x }, { bach: 200 } as never),
    /feed has no option "bach"\. Did you mean batch\?/,
    'UNKNOWN_OPTION',
  ],
  'feed(arrays, null)': [() => feed({ x }, nothing), /the options of feed/],
  'penalty(null)': [() => penalty(nothing), /what bilevelProblem\(statement\) returns for problem but received null/],
  'penalty of a record': [() => penalty({} as never), /what bilevelProblem\(statement\) returns/],
  'penalty of one level': [() => penalty(minimizationProblem(single) as never), /what bilevelProblem/],
  'minimize(null)': [() => minimize(nothing), /what minimizationProblem\(statement\) returns/],
  'minimize(problem, null)': [() => minimize(minimizationProblem(single), nothing), /the options of minimize/],
  'resources that are null': [() => minimize(minimizationProblem(single), {}, nothing), /resources of a solver/],
  'a device that is not one': [() => minimize(minimizationProblem(single), {}, { device: {} as never }), /a Device/],
  'compile(null)': [() => compile(nothing), /the options of the program to compile but received null/],
  'compile of a node': [
    () => compile({ output: { y: input('y', []) } } as never),
    /Did you mean outputs/,
    'UNKNOWN_OPTION',
  ],
  'an output that is no node': [() => compile({ outputs: { y: x as never } }), /the output y/],
  'an update that is no pair': [() => compile({ updates: [[input('y', [])]] as never }), /\[input, new value\]/],
  'an update of nothing': [() => compile({ updates: [none] }), /an update but received undefined/],
  'an unknown pass': [() => compile({}, { fold: false } as never), /compile has no option "fold"/, 'UNKNOWN_OPTION'],
  'evaluate(null)': [() => evaluate(nothing, new Map()), /a list of graph nodes for nodes/],
  'evaluate without feeds': [() => evaluate([], nothing), /a Map for feeds/],
  'Device.cpu(null)': [() => Device.cpu(nothing), /the options of Device.cpu but received null/],
  'an unknown option of a device': [
    () => Device.cpu({ thread: 1 } as never),
    /Device\.cpu has no option "thread"\. Did you mean threads\?/,
    'UNKNOWN_OPTION',
  ],
};
for (const [name, [call, message, code = 'INVALID_ARGUMENT']] of Object.entries(refused)) {
  test(`${name} is refused`, (t) => void t.throws(call, { instanceOf: BilevelError, code, message }));
}

test('a device refuses what is no program', (t) => {
  using device = testDevice();
  t.throws(() => device.load(none), { code: 'INVALID_ARGUMENT', message: /program/ });
  t.throws(() => device.load({} as never), { code: 'INVALID_ARGUMENT', message: /what compile\(spec\) returns/ });
});

test('a solver refuses what is no state and no option', async (t) => {
  using solver = minimize(minimizationProblem(single), { steps: 1 });
  const refuse = (run: () => Promise<unknown>, message: RegExp, code: ErrorCode) =>
    t.throwsAsync(run, { code, message });
  await refuse(() => solver.step(none), /a state of this solver/, 'INVALID_ARGUMENT');
  await refuse(() => solver.step(solver.init(), nothing), /the options of step/, 'INVALID_ARGUMENT');
  await refuse(() => solver.run({ iteration: 3 } as never).next(), /Did you mean iterations/, 'UNKNOWN_OPTION');
  t.throws(() => solver.restore(nothing), { code: 'INVALID_ARGUMENT', message: /saved/ });
  t.throws(() => solver.restore({} as never), { code: 'INVALID_ARGUMENT', message: /saved\.tensors/ });
});

test('an aborted run says why and keeps the reason', async (t) => {
  using device = testDevice();
  using program = device.load(compile({ outputs: { y: square(input('x', [3])) } }));
  const reason = new Error('the user went home');
  const run = () => program.run({ x, y: Tensor.zeros([3]) }, { signal: AbortSignal.abort(reason) });
  const error = await t.throwsAsync(run, { code: 'ABORTED', message: /0 of 1 steps: the user went home$/ });
  t.is(error?.cause, reason);
  await t.throwsAsync(() => program.run({ x, y: Tensor.zeros([3]) }, { step: 2 } as never), {
    code: 'UNKNOWN_OPTION',
    message: /Did you mean steps/,
  });
  await t.throwsAsync(() => program.run({ x, y: Tensor.zeros([3]) }, { signal: {} as never }), {
    code: 'INVALID_ARGUMENT',
    message: /an AbortSignal for signal/,
  });
});

test('a network refuses a file of another kind by its name, and saves the model as it is', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bilevel-arguments-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const text = join(folder, 'notes.onnx');
  await writeFile(text, '# Notes\n');
  const error = await t.throwsAsync(() => Network.load(text), { code: 'INVALID_FILE' });
  t.is(error?.message, `${text}: The file is not an ONNX model, or it is truncated or damaged.`);
  t.true(error?.cause instanceof Error);

  const network = await Network.load('models/logreg.onnx');
  const copy = join(folder, 'copy.onnx');
  await network.save(copy);
  const again = await Network.load(copy);
  for (const [name, { value }] of network.parameters) t.deepEqual(again.parameters.get(name)?.value.data, value.data);
  t.deepEqual(await readFile(copy), Buffer.from(network.toBytes({})));

  const node = input('x', [1, 1, 28, 28]);
  t.throws(() => network.apply(none, {}), {
    code: 'INVALID_ARGUMENT',
    message: /a node.* for x, the input of the network but/,
  });
  t.throws(() => network.apply(node, nothing), { code: 'INVALID_ARGUMENT', message: /parameters but received null/ });
  t.throws(() => network.apply(node, network.initialParameters() as never), {
    message: /received an object of class Tensor/,
  });
  t.throws(() => network.toBytes({ 'fc.weight': 1 as never, 'linear.weight': 1 as never }), {
    code: 'INVALID_ARGUMENT',
  });
  await t.throwsAsync(() => Network.load('models/logreg.onnx', { untied: true } as never), {
    code: 'UNKNOWN_OPTION',
    message: /Network\.load has no option "untied"\. Did you mean untie\?/,
  });
  await t.throwsAsync(() => Network.load('models/logreg.onnx', { limits: { node: 1 } as never }), {
    code: 'UNKNOWN_OPTION',
    message: /Did you mean nodes/,
  });
});
