import test from 'ava';
import * as api from '../../lib/index.js';
import { testDevice } from '../support/devices.js';

/** Everything that users import, but for types. What is not here may change without notice. */
const names = `
  bilevelProblem feed minimizationProblem perSample
  affine box l1Ball l2Ball linfBall rows simplex Tensor BilevelError
  Network runningStatistics minimize MinimizeSolver penaltyOptions minimizeOptions methods samplers schedules
  readState writeState NonFiniteError
  compile compileCached formatCost evaluate Device RunAborted gradient hessianVectorProduct mixedJacobianVectorProduct
  input constant iota zeros
  neg abs sign exp log sqrt tanh sigmoid erf relu softplus sin cos floor ceil round not stopGradient
  add sub mul div pow maximum minimum and or equal notEqual less lessEqual greater greaterEqual where cast
  reshape transpose broadcastTo expandDims slice pad concat normalizeAxis
  reduceSum reduceMax argMax sumTo mean norm
  matmul conv convInputGradient convFilterGradient conv3d conv3dInputGradient maxPool3d averagePool3d
  maxPoolIndices maxPool averagePool averagePoolGradient globalAveragePool globalMaxPool
  gather scatterAdd gatherElements scatterAddElements setRows randomUniform
  tan asin acos atan sinh cosh asinh acosh atanh
  square reciprocal clip leakyRelu elu selu gelu silu mish hardSigmoid hardSwish
  batchNormTrain batchNormInference layerNorm instanceNorm groupNorm dropout
  randomNormal oneHot logSumExp softmax logSoftmax crossEntropy inner sumOfSquares
`;

test('the entry exports what is documented and nothing else', (t) => {
  t.deepEqual(Object.keys(api).sort(), [...names.trim().split(/\s+/), ...Object.keys(api.methods)].sort());
});

test('a graph is compiled, run and evaluated through the entry alone', async (t) => {
  const x = api.input('x', [2]);
  const y = api.add(api.square(x), 1);
  using device = testDevice();
  using program = device.load(api.compile({ outputs: { y } }));
  const tensors = { x: api.Tensor.from([2, 3]), y: api.Tensor.zeros([2]) };
  await program.run(tensors);
  t.deepEqual(tensors.y.toArray(), [5, 10]);
  t.deepEqual(api.evaluate([y], new Map([[x, Float64Array.of(2, 3)]])), [Float64Array.of(5, 10)]);
});
