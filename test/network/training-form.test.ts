import test from 'ava';
import { checkNetwork, checkQuantities, isRandom, randomPoint, withinTolerance } from '../../lib/checking/index.js';
import { Random } from '../../lib/data/random.js';
import { Classifier, checkFit, type Samples, trainClassifier } from '../../lib/network/classifier.js';
import { Network } from '../../lib/onnx/index.js';
import { penalty } from '../../lib/solvers/index.js';
import { denoisingProblem } from '../../lib/tasks/denoising/index.js';
import { Tensor } from '../../lib/tensor.js';
import { testDevice } from '../support/devices.js';
import { bools, buildModel, encode, tensor } from '../support/onnx/builder.js';

const device = testDevice();
test.after.always(() => device.dispose());

const [rows, inputs, classes] = [40, 6, 3];
const random = Random.fromSeed(5, 'training form');
const uniform = (count: number): number[] => Array.from({ length: count }, () => random.uniform() - 0.5);

/** A linear classifier behind dropout in training form. */
function dropoutModel(): Uint8Array {
  return encode(
    buildModel({
      opset: 17,
      inputs: { x: { shape: ['batch', inputs] } },
      initializers: {
        ratio: tensor([0.5], []),
        training: bools([1], []),
        weight: tensor(uniform(inputs * classes), [classes, inputs]),
        bias: tensor(uniform(classes)),
      },
      nodes: [
        { op: 'Dropout', inputs: ['x', 'ratio', 'training'], outputs: ['h'] },
        { op: 'Gemm', inputs: ['h', 'weight', 'bias'], outputs: ['y'], attributes: { transB: 1 } },
      ],
      outputs: ['y'],
    }),
  );
}

/** Samples whose class is where their input is largest. */
function samples(): Samples {
  const labels = Array.from({ length: rows }, (_, row) => row % classes);
  const x = labels.flatMap((label) => uniform(inputs).map((value, position) => value + (position === label ? 2 : 0)));
  return { inputs: Tensor.from(Float32Array.from(x), [rows, inputs]), labels: Tensor.from(labels, [rows], 'int64') };
}

test('a network with dropout in training form is checked, trained and denoised', async (t) => {
  const network = await Network.load(dropoutModel());
  checkFit(network, [inputs], classes);
  const point = randomPoint(network, { usualBatch: 4 }, 0);
  t.true(isRandom(checkQuantities(network, point.setting)));
  const { errors, comparisons } = await checkNetwork(network, point, device, {
    oracle: () => {
      throw new Error('random logits are not to be compared');
    },
  });
  t.deepEqual(comparisons.oracle, {});
  t.true(withinTolerance(errors), JSON.stringify(errors));

  const data = samples();
  const options = { steps: 300, learningRate: 0.05, batch: 20, seed: 0 };
  const trained = await trainClassifier(network, data, network.initialParameters(), options, device);
  using classifier = new Classifier(network, device);
  t.true((await classifier.accuracy(data, trained)) > 0.9);

  const start = { importance: Tensor.zeros([rows]), parameters: trained };
  const problem = denoisingProblem(network, { train: data, validation: data }, start, { batch: 20, seed: 0 });
  using solver = penalty(problem, { lowerSteps: 3 }, { device });
  const first = await solver.step(solver.init());
  t.true(Number.isFinite(first.f) && first.hypergradientNorm > 0);
});

for (const label of [classes, -1]) {
  test(`the label ${label}, outside the classes, is refused with its row`, async (t) => {
    const network = await Network.load(dropoutModel());
    const data = samples();
    data.labels.data[7] = BigInt(label);
    const start = { importance: Tensor.zeros([rows]), parameters: network.initialParameters() };
    const state = () =>
      denoisingProblem(network, { train: data, validation: samples() }, start, { batch: rows, seed: 0 });
    t.throws(state, {
      code: 'INVALID_DATA',
      message: new RegExp(
        `cost g takes the label ${label} from row 7 of the feed train, .* classes 0 to ${classes - 1}`,
      ),
    });
  });
}
