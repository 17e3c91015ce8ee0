import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { invalidArgument } from '../errors.js';
import { Network } from '../onnx/index.js';
import { packageRoot } from '../package-root.js';
import { type Shape, sameShape } from '../tensor.js';
import { buildLayers, type Layer } from './layers.js';

/** The folder of the networks that come with the package. */
function modelsFolder(): string {
  return join(packageRoot(), 'models');
}

/** Names of the networks that come with the package. */
export function modelNames(): string[] {
  const manifest: { name: string }[] = JSON.parse(readFileSync(join(modelsFolder(), 'manifest.json'), 'utf8'));
  return manifest.map(({ name }) => name);
}

/**
 * The file of a network: one of the package's own by name, else a path to an ONNX file.
 * @throws INVALID_ARGUMENT when it is neither
 */
export function findModel(network: string): string {
  if (modelNames().includes(network)) return join(modelsFolder(), `${network}.onnx`);
  if (!network.endsWith('.onnx')) {
    throw invalidArgument('network', `${modelNames().join(', ')} or the path of an .onnx file`, network);
  }
  return network;
}

const flatten: Layer = { kind: 'flatten' };
const relu: Layer = { kind: 'relu' };
const batchNorm: Layer = { kind: 'batchNorm' };
const maxPool: Layer = { kind: 'maxPool' };
const dense = (width?: number): Layer => ({ kind: 'dense', ...(width !== undefined && { width }) });
const conv = (channels: number, kernel: number, padding = 0): Layer => ({ kind: 'conv', channels, kernel, padding });

/** Two convolutions of so many channels each, the second with the padding given, and a pool. */
const block = (channels: number, padding: number): readonly Layer[] => [
  ...[conv(channels, 3, 1), relu, conv(channels, 3, padding), relu, maxPool],
];

/**
 * The layers of the package's networks: of those with a file as models/export.py has them, and of Mehra and Hamm's for
 * CIFAR-10 and SVHN (2021, supplement E.2), which are made when they are used. Dropout is inactive, as in the paper's
 * bilevel steps.
 */
const chains: Readonly<Record<string, readonly Layer[]>> = {
  logreg: [flatten, dense()],
  softmax: [flatten, { kind: 'dense', bias: false }],
  mlp: [flatten, dense(300), relu, dense(100), relu, dense()],
  lenet: [
    ...[conv(6, 5, 2), relu, maxPool, conv(16, 5), relu, maxPool],
    ...[flatten, dense(120), relu, dense(84), relu, dense()],
  ],
  'mnist-cnn': [
    ...[conv(64, 5), relu, maxPool, conv(128, 5), relu, maxPool],
    ...[flatten, dense(512), relu, dense(256), relu, dense()],
  ],
  'cifar-cnn': [
    ...[block(48, 0), block(96, 0), block(192, 0)].flat(),
    ...[flatten, dense(512), relu, dense(256), relu, dense()],
  ],
  'svhn-cnn': [...[block(32, 1), block(64, 1), block(128, 1)].flat(), flatten, dense(512), relu, dense()],
};

/** Names of the networks that {@link loadModel} knows. */
export const networkNames: readonly string[] = Object.keys(chains);

/**
 * Loads a network for data: an ONNX file as it is; one of the package's own with the layers that its name says, as many
 * inputs as a sample has and an output for each class. For samples [1, 28, 28] of 10 classes that is the package's
 * file, where it has one.
 * @param output name of the output of the file that gives the logits; by default its first one
 * @throws INVALID_ARGUMENT; SHAPE_MISMATCH for layers that take no such samples; what Network.load throws
 */
export async function loadModel(
  network: string,
  { inputShape, classes }: { readonly inputShape: Shape; readonly classes: number },
  output = '',
): Promise<Network> {
  const options = output === '' ? {} : { outputs: [output] };
  const layers = Object.hasOwn(chains, network) ? chains[network] : undefined;
  if (layers === undefined && !network.endsWith('.onnx')) {
    throw invalidArgument('network', `${networkNames.join(', ')} or the path of an .onnx file`, network);
  }
  const fits = modelNames().includes(network) && sameShape(inputShape, [1, 28, 28]) && classes === 10;
  if (layers === undefined || fits) return Network.load(findModel(network), options);
  return Network.load(buildLayers(network, layers, inputShape, { classes }), options);
}

/** Four blocks of a convolution with so many channels, the last one without ReLU. */
const conv4 = (channels: number): readonly Layer[] => [
  ...[1, 2, 3].flatMap(() => [conv(channels, 3, 1), batchNorm, relu, maxPool]),
  ...[conv(channels, 3, 1), batchNorm, maxPool, flatten],
];

const leakyRelu: Layer = { kind: 'leakyRelu', slope: 0.1 };
const plainConv = (channels: number, kernel: number, padding: number) =>
  ({ kind: 'conv', channels, kernel, padding, bias: false }) as const satisfies Layer;

/** Three convolutions of so many channels, whose result is added to what one of a single pixel makes of the input. */
const residual = (channels: number, last: readonly Layer[], shortcut: readonly Layer[]): Layer => ({
  kind: 'residual',
  layers: [
    ...[1, 2].flatMap(() => [plainConv(channels, 3, 1), batchNorm, leakyRelu]),
    ...[plainConv(channels, 3, 1), batchNorm, ...last],
  ],
  shortcut: [plainConv(channels, 1, 0), ...shortcut],
});

/** Four residual blocks; sums go through leaky ReLU (Lee, Maji, Ravichandran and Soatto 2019, without DropBlock). */
const resnet12: readonly Layer[] = [
  ...[64, 160, 320, 640].flatMap((channels) => [residual(channels, [], [batchNorm]), leakyRelu, maxPool]),
  ...[{ kind: 'averagePool' } as const, flatten],
];

/** Four residual blocks and two layers of single pixels, without dropout, as in the code of the paper. */
const residual384: readonly Layer[] = [
  ...[64, 96, 128, 256].flatMap((channels) => [residual(channels, [leakyRelu], []), maxPool]),
  ...[conv(2048, 1), leakyRelu, { kind: 'averagePool' } as const, conv(384, 1), flatten],
];

/** Two convolutions whose result is added to the input, or to what one of a single pixel makes of it. */
const basicBlock = (channels: number, stride: number, widens: boolean): readonly Layer[] => [
  {
    kind: 'residual',
    layers: [...[{ ...plainConv(channels, 3, 1), stride }, batchNorm, relu], ...[plainConv(channels, 3, 1), batchNorm]],
    shortcut: widens ? [{ ...plainConv(channels, 1, 0), stride }, batchNorm] : [],
  },
  relu,
];

/** He, Zhang, Ren and Sun 2016, with a first convolution of 3 x 3 pixels and no pool for small images. */
const resnet18: readonly Layer[] = [
  ...[plainConv(64, 3, 1), batchNorm, relu],
  ...[64, 128, 256, 512].flatMap((channels, stage) => [
    ...basicBlock(channels, stage === 0 ? 1 : 2, stage > 0),
    ...basicBlock(channels, 1, false),
  ]),
  ...[{ kind: 'averagePool' } as const, flatten],
];

/** LeNet-5 without its last layer; padding in place of images of 32 x 32. */
const lenet84: readonly Layer[] = [
  ...[conv(6, 5, 2), relu, maxPool, conv(16, 5), relu, maxPool, conv(120, 5), relu],
  ...[flatten, dense(84), relu],
];

/**
 * Networks whose outputs are features, without a last layer for classes: those of the few-shot experiments of Mehra and
 * Hamm (2021, supplement E.3), conv4-64 for Omniglot and residual-384 for mini-ImageNet; conv4-32 and resnet-12 as in
 * those of Sow, Ji and Liang (2022), who learn deep representations with lenet-84 and resnet-18.
 */
const featureChains: Readonly<Record<string, readonly Layer[]>> = {
  'conv4-64': conv4(64),
  'conv4-32': conv4(32),
  'resnet-12': resnet12,
  'residual-384': residual384,
  'lenet-84': lenet84,
  'resnet-18': resnet18,
};

/** Names of the networks that {@link loadFeatures} knows. */
export const featureNames: readonly string[] = Object.keys(featureChains);

/**
 * Loads a network that gives features of samples: one of the package's own for images of a size, or an ONNX file as it
 * is. The first of its outputs, or the one named, is flattened to [batch, features] by whoever uses it.
 * @param inputShape of one sample
 * @throws INVALID_ARGUMENT; SHAPE_MISMATCH for layers that take no such samples; what Network.load throws
 */
export async function loadFeatures(network: string, inputShape: Shape, output = ''): Promise<Network> {
  const layers = Object.hasOwn(featureChains, network) ? featureChains[network] : undefined;
  if (layers === undefined && !network.endsWith('.onnx')) {
    throw invalidArgument('network', `${featureNames.join(', ')} or the path of an .onnx file`, network);
  }
  const source = layers === undefined ? network : buildLayers(network, layers, inputShape, { outputName: 'features' });
  return Network.load(source, output === '' ? {} : { outputs: [output] });
}
