import { readFile } from 'node:fs/promises';
import test from 'ava';
import * as data from '../../lib/public/data.js';
import * as engine from '../../lib/public/engine.js';
import * as graph from '../../lib/public/graph.js';
import * as bilevel from '../../lib/public/index.js';
import * as tasks from '../../lib/public/tasks.js';
import * as tfjs from '../../lib/public/tfjs.js';
import { testDevice } from '../support/devices.js';

/** Everything that users import, but for types, by entry. What is not here may change without notice. */
const entries = {
  '.': [
    bilevel,
    `augment bilevelProblem feed minimizationProblem perSample perTask sets schedules methods penalty minimize readState writeState
    respond evaluate adapt checkProblem report tensorBoard Network runningStatistics Tensor BilevelError NonFiniteError RunAborted`,
  ],
  './graph': [
    graph,
    `evaluate gradient hessianVectorProduct mixedJacobianVectorProduct
    input constant iota zeros
    neg abs sign exp log sqrt tanh sigmoid erf relu softplus sin cos floor ceil round not stopGradient
    add sub mul div pow maximum minimum and or equal notEqual less lessEqual greater greaterEqual where cast
    reshape transpose broadcastTo expandDims slice pad concat
    reduceSum reduceMax argMax sumTo mean norm
    matmul conv convInputGradient convFilterGradient conv3d conv3dInputGradient maxPool3d averagePool3d
    maxPoolIndices maxPool averagePool averagePoolGradient globalAveragePool globalMaxPool
    gather scatterAdd gatherElements scatterAddElements setRows warpAffine warpAffineGradient sparseMatmul sampledMatmul
    randomUniform
    tan asin acos atan sinh cosh asinh acosh atanh
    square reciprocal clip leakyRelu elu selu gelu silu mish hardSigmoid hardSwish
    batchNormTrain batchNormInference layerNorm instanceNorm groupNorm dropout
    randomNormal oneHot logSumExp softmax logSoftmax crossEntropy accuracy inner sumOfSquares`,
  ],
  './engine': [engine, 'Device findDevices joinRanks compile compileCached formatCost targetOf'],
  './data': [data, 'samplers Random loadDataset splitRows corruptLabels SparseRows loadTexts Vocabulary'],
  './tasks': [tasks, 'cleanLabels openReview'],
  './tfjs': [tfjs, 'fromTf toTf fromTfLayout toTfLayout weightsOf setWeights applyModel tfBatches'],
} as const;

for (const [entry, [api, names]] of Object.entries(entries)) {
  test(`the entry ${entry} exports what is documented and nothing else`, async (t) => {
    t.deepEqual(Object.keys(api).sort(), names.trim().split(/\s+/).sort());
    // By the package's own name, as the package file resolves it.
    t.is(await import(entry.replace('.', 'bilevel')), api);
  });
}

test('the sets, and the methods, have one name each', (t) => {
  t.deepEqual(
    Object.keys(bilevel.sets).sort(),
    'affine box intersection l1Ball l2Ball linfBall rows simplex'.split(' '),
  );
  t.is(bilevel.methods.penalty, bilevel.penalty);
});

test('the package file names these entries and no other', async (t) => {
  const { exports } = JSON.parse(await readFile('package.json', 'utf8'));
  t.deepEqual(Object.keys(exports), [...Object.keys(entries), './package.json']);
});

test('a graph is compiled, run and evaluated through the entries alone', async (t) => {
  const x = graph.input('x', [2]);
  const y = graph.add(graph.square(x), 1);
  using device: engine.Device = testDevice();
  using program = device.load(engine.compile({ outputs: { y } }));
  const tensors = { x: bilevel.Tensor.from([2, 3]), y: bilevel.Tensor.zeros([2]) };
  await program.run(tensors);
  t.deepEqual(tensors.y.toArray(), [5, 10]);
  t.deepEqual(graph.evaluate([y], new Map([[x, Float64Array.of(2, 3)]])), [Float64Array.of(5, 10)]);
});
