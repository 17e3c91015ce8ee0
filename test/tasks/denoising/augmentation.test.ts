import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { findModel } from '../../../lib/network/models.js';
import { Network } from '../../../lib/onnx/index.js';
import { evaluate } from '../../../lib/solvers/index.js';
import { checkAugmented, parseAugmentation } from '../../../lib/tasks/denoising/augmentation.js';
import { decayProblem } from '../../../lib/tasks/denoising/cleaning/problem.js';
import { validateSettings } from '../../../lib/tasks/denoising/index.js';
import { loadOwnDataInputs } from '../../../lib/tasks/denoising/own/run.js';
import { validateOwnData } from '../../../lib/tasks/denoising/own/settings.js';
import { Trainer } from '../../../lib/tasks/denoising/trainer.js';
import { Tensor } from '../../../lib/tensor.js';
import { bilevel, errorOf } from '../../support/command-line.js';
import { flowerTable } from '../../support/data-files.js';
import { testDevice } from '../../support/devices.js';
import { withTemporary } from '../../support/temporary.js';

const device = testDevice();
test.after.always(() => device.dispose());

/** Images of one bright spot in the row of their class, in the left or in the right half. */
function spots(count: number, side: 'left' | 'right') {
  const inputs = Tensor.zeros([count, 1, 28, 28]);
  const labels = Tensor.zeros([count], 'int64');
  for (let sample = 0; sample < count; sample++) {
    const label = sample % 10;
    labels.data[sample] = BigInt(label);
    const column = side === 'left' ? 3 : 28 - 3 - 4;
    inputs.data.fill(1, sample * 784 + (2 * label + 4) * 28 + column, sample * 784 + (2 * label + 4) * 28 + column + 4);
  }
  return { inputs, labels };
}

/** Trained on spots to the left, and tested on spots to the right. */
async function spotTrainer(augment: string) {
  const train = spots(40, 'left');
  const data = {
    classes: Array.from({ length: 10 }, (_, label) => String(label)),
    train,
    trueLabels: train.labels,
    corrupted: Tensor.zeros([40], 'bool'),
    rows: new Int32Array(40),
    validation: spots(20, 'left'),
    test: spots(50, 'right'),
  };
  const network = await Network.load(findModel('logreg'));
  const settings = { trainSteps: 100, trainLearningRate: 0.01, batch: 20, seed: 0, augment };
  return { network, data, trainer: new Trainer(network, data, settings, device) };
}

test('what a text says becomes the options of a feed', (t) => {
  t.is(parseAugmentation(''), undefined);
  t.deepEqual(parseAugmentation('flip,shift:2,rotate:10,scale:0.1'), { flip: 0.5, shift: 2, rotate: 10, scale: 1.1 });
  t.deepEqual(parseAugmentation(' flip:0.25 , flip-vertical, fill:-1'), { flip: 0.25, flipVertical: 0.5, fill: -1 });
  t.deepEqual(parseAugmentation('shift:0,scale:0'), { shift: 0, scale: 1 });
});

for (const [text, message] of Object.entries({
  flop: /knows no "flop"\. Did you mean flip\?/,
  'flip,': /knows no ""\. /,
  crop: /knows no "crop"\. Known are: flip, flip-vertical, shift, rotate, scale, fill\./,
  constructor: /knows no "constructor"/,
  'flip,shift:1,flip': /Expected flip once for the option augment/,
  'flip:2': /Expected flip or flip:PROBABILITY for the option augment but received "flip:2"/,
  shift: /Expected shift:PIXELS, a whole number, for the option augment but received "shift"/,
  'shift:1.5': /shift:PIXELS, a whole number/,
  'shift:10%': /shift:PIXELS, a whole number/,
  'shift:': /shift:PIXELS/,
  'rotate:270': /rotate:DEGREES, from 0 to 180/,
  'scale:1.1': /scale:SHARE, from 0 to below 1 \(0\.1 enlarges or shrinks by a factor of at most 1\.1\)/,
  'fill:black': /fill:NUMBER/,
  'shift:1:2': /shift:PIXELS/,
})) {
  test(`"${text}" is refused before anything is read`, (t) => {
    const expected = { code: 'INVALID_ARGUMENT', message };
    t.throws(() => validateSettings({ augment: text }), expected);
    t.throws(() => validateOwnData({ data: 'none.csv', augment: text }), expected);
  });
}

test('samples that are no images, and shifts beyond their size, are refused with what to do', (t) => {
  const refuses = (augment: string, type: Parameters<typeof checkAugmented>[1], message: RegExp): void => {
    t.throws(() => checkAugmented(augment, type, 'x.csv'), { code: 'INVALID_ARGUMENT', message });
  };
  refuses('flip', { dtype: 'float32', shape: [9, 4] }, /a sample of x\.csv is float32\[4\].*option shape, such as/);
  refuses('flip', { dtype: 'int64', shape: [9, 1, 4, 4] }, /is int64\[1, 4, 4\]/);
  refuses(
    'shift:4',
    { dtype: 'float32', shape: [9, 1, 4, 9] },
    /from 0 to 3, in pixels for shift of the option augment/,
  );
  t.notThrows(() => checkAugmented('shift:3', { dtype: 'float32', shape: [9, 1, 4, 9] }, 'x'));
  t.notThrows(() => checkAugmented('', { dtype: 'float32', shape: [9, 4] }, 'x'));
});

test('a table is refused by the command; pixels in columns are images where they are given a shape', (t) =>
  withTemporary(async (folder) => {
    const flowers = join(folder, 'flowers.csv');
    await writeFile(flowers, flowerTable(5));
    const run = ['denoise', '--data', flowers, '--label', 'species', '--augment', 'flip', '--out', join(folder, 'run')];
    const { code, message } = errorOf(await bilevel(...run, '--json'));
    t.is(code, 'INVALID_ARGUMENT');
    t.regex(message, /augment changes images.*but a sample of .*flowers\.csv is float32\[/);
    const pixels = join(folder, 'pixels.csv');
    await writeFile(pixels, 'a,b,c,d,y\n1,2,0,4,x\n2,1,5,3,z\n0,1,2,9,x\n');
    const given = { data: pixels, label: 'y', shape: '1,2,2', augment: 'flip,shift:1' };
    const { data } = await loadOwnDataInputs(validateOwnData(given));
    t.deepEqual(data.train.inputs.shape, [3, 1, 2, 2]);
  }));

test('trainings see mirrored images, and what they judge as it is', async (t) => {
  const accuracy = async (augment: string): Promise<number> => {
    const { trainer: made } = await spotTrainer(augment);
    using trainer = made;
    return trainer.accuracy(await trainer.train({ l2: 1e-3 }));
  };
  t.true((await accuracy('')) < 40, 'of images that it has never seen mirrored it knows nothing');
  t.is(await accuracy('flip'), 100);
});

test('the lower cost of the bilevel problem sees changed images, the upper one none', async (t) => {
  const { network, data, trainer: made } = await spotTrainer('flip:1');
  using trainer = made;
  const parameters = await trainer.train({ l2: 1e-3 });
  const start = {
    decay: { '1.weight': 1e-3 },
    parameters: [parameters, parameters],
    trainFolds: Int32Array.from({ length: 40 }, (_, row) => row % 2),
    validationFolds: Int32Array.from({ length: 20 }, (_, row) => row % 2),
  };
  const costs = async (augmentation: ReturnType<typeof parseAugmentation>) => {
    const trust = new Float64Array(40).fill(1);
    const problem = decayProblem(network, data, trust, start, { batch: 20, seed: 0, augmentation });
    const variables = (list: typeof problem.upper) =>
      Object.fromEntries(list.map(({ name, initial }) => [name, initial]));
    const point = { u: variables(problem.upper), v: variables(problem.lower) };
    const { f, g } = await evaluate(problem, point, { device });
    return { f, g };
  };
  const [plain, mirrored] = [await costs(undefined), await costs(trainer.augmentation)];
  t.is(mirrored.f, plain.f);
  // It was trained on mirrored images alone.
  t.true(mirrored.g < 0.5 * plain.g, `${mirrored.g} ${plain.g}`);
});
