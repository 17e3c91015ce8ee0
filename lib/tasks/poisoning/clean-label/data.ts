import { loadDataset } from '../../../data/dataset.js';
import type { LabelledSamples } from '../../../data/labelled-samples.js';
import { Random } from '../../../data/random.js';
import type { TableEncoding } from '../../../data/tables/encoding.js';
import type { Device } from '../../../engine/index.js';
import { invalidArgument } from '../../../errors.js';
import { checkFit, joinSamples, takeRows, trainClassifier } from '../../../network/classifier.js';
import { loadModel } from '../../../network/models.js';
import { runningStatistics } from '../../../network/running-statistics.js';
import type { Network } from '../../../onnx/index.js';
import { respond } from '../../../solvers/index.js';
import { Tensor } from '../../../tensor.js';
import { datasetOptions } from '../../reading.js';
import { categoriesOf, type Images, imagesOf } from '../data.js';
import { boxAround, type InputBox } from '../input-box.js';
import { computeFeatures, type FeatureMap, unitFeatures } from './features.js';
import { cleanProblem, type Head, marginOf } from './head.js';
import type { CleanLabelSettings } from './settings.js';

/** What the attack on all targets works on. */
export interface CleanLabelInputs {
  readonly map: FeatureMap;
  /** Features of the clean training points, [n, features], with labels 0 for class `from` and 1 for `to`. */
  readonly clean: { readonly features: Tensor<'float32'>; readonly labels: Tensor<'int64'> };
  /** The last layer that is trained on the clean points alone. */
  readonly head: Head;
  /** Share of the test samples of both classes that it tells right, in per cent. */
  readonly accuracy: number;
  /** Samples of class `from` that it tells right, [targets, ...], and their features. */
  readonly targets: Tensor<'float32'>;
  readonly targetFeatures: Tensor<'float32'>;
  /** For each target the test sample of class `to` that is nearest to it among features. */
  readonly bases: Tensor<'float32'>;
  /** Mean distance between targets and bases, of u as the box has it. */
  readonly distance: number;
  readonly box: InputBox;
  /** How the rows of a table became inputs. */
  readonly encoding?: TableEncoding | undefined;
  readonly names: { readonly from: string; readonly to: string };
}

/**
 * Deals out the training part of the data: samples that a network of the package learns features from, clean training
 * points and test samples of both classes; freezes the features, trains the last layer on the clean points and chooses
 * targets and bases.
 * @throws INVALID_ARGUMENT for classes that there are not, for fewer samples than are asked for, and for a node to cut
 *   the network at that it does not have; what loadDataset, loadModel and checkFit throw
 */
export async function loadCleanLabelInputs(settings: CleanLabelSettings, device: Device): Promise<CleanLabelInputs> {
  const { data, from, to, format } = settings;
  const dataset = await loadDataset(data, format === undefined ? {} : datasetOptions(format));
  const { train: samples, classes } = dataset;
  for (const name of ['from', 'to'] as const) {
    if (settings[name] < classes.length) continue;
    throw invalidArgument(`the option ${name} of poison`, `a class from 0 to ${classes.length - 1}`, settings[name]);
  }
  const isFile = settings.network.endsWith('.onnx');
  const network = await loadModel(settings.network, { inputShape: samples.inputShape, classes: classes.length });
  checkFit(network, samples.inputShape, classes.length);
  const upTo = settings.features === '' ? usualFeatures(network) : settings.features;
  const rows = dealRows(samples, settings, isFile ? 0 : settings.featureSamples || Math.floor(samples.count / 2));
  const [train, test] = [rows.train, rows.test].map((part) => part.map((each) => imagesOf(samples, each, data)));
  const [cleanFrom, cleanTo, testFrom, testTo] = [...(train ?? []), ...(test ?? [])] as [
    Images,
    Images,
    Images,
    Images,
  ];
  const parameters = isFile
    ? network.initialParameters()
    : await learnFeatures(network, imagesOf(samples, rows.features, data), settings, device);
  const cleanInputs = joinSamples(cleanFrom, cleanTo).inputs as Tensor<'float32'>;
  const map = await unitFeatures({ network, upTo, parameters }, cleanInputs, device);
  const clean = {
    features: await computeFeatures(map, cleanInputs, device),
    labels: Tensor.from(
      Array.from({ length: cleanInputs.shape[0] ?? 0 }, (_, row) => (row < cleanFrom.labels.size ? 0 : 1)),
      undefined,
      'int64',
    ),
  };
  const { v } = await respond(cleanProblem(clean, settings.l2), { nothing: Tensor.zeros([]) }, { device });
  const head = v as object as Head;
  const features = {
    from: await computeFeatures(map, testFrom.inputs, device),
    to: await computeFeatures(map, testTo.inputs, device),
  };
  const isRight = (row: number): boolean => marginOf(head, features.from, row) < 0;
  const chosen = rangeOf(testFrom.labels.size).filter(isRight).slice(0, settings.targets);
  const right = rangeOf(testFrom.labels.size).filter(isRight).length;
  const rightTo = rangeOf(testTo.labels.size).filter((row) => marginOf(head, features.to, row) > 0).length;
  if (chosen.length < settings.targets) {
    throw invalidArgument(
      'the option targets of poison',
      `at most the ${right} test samples told right`,
      settings.targets,
    );
  }
  const nearest = chosen.map((row) => nearestRow(features.from, row, features.to));
  const box = boxAround(
    [cleanInputs, testFrom.inputs, testTo.inputs],
    dataset.encoding && categoriesOf(dataset.encoding),
  );
  const targets = takeRows(testFrom.inputs, chosen);
  const bases = takeRows(testTo.inputs, nearest);
  const [ends, starts] = [box.toUnit(targets), box.toUnit(bases)];
  const distances = rangeOf(chosen.length).map((row) => distanceOf(ends, row, starts, row));
  return {
    map,
    clean,
    head,
    accuracy: (100 * (right + rightTo)) / (testFrom.labels.size + testTo.labels.size),
    targets,
    targetFeatures: takeRows(features.from, chosen),
    bases,
    distance: distances.reduce((sum, each) => sum + each, 0) / distances.length,
    box,
    encoding: dataset.encoding,
    names: { from: classes[from] ?? String(from), to: classes[to] ?? String(to) },
  };
}

const rangeOf = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** Behind convolutions what the first dense layer reads, else what the last one does. */
function usualFeatures(network: Network): string {
  const { denseInputs, operators } = network;
  const value = operators.has('Conv') ? denseInputs[0] : denseInputs.at(-1);
  if (value !== undefined) return value;
  throw invalidArgument('the option features of poison', 'a node of the network, which has no dense layer,', '');
}

interface DealtRows {
  readonly features: readonly number[];
  /** Of class `from`, and of class `to`. */
  readonly train: readonly (readonly number[])[];
  readonly test: readonly (readonly number[])[];
}

/** Disjoint rows of the training part. */
function dealRows(samples: LabelledSamples, settings: CleanLabelSettings, featureSamples: number): DealtRows {
  const { from, to, seed } = settings;
  const order = Array.from(Random.fromSeed(seed, 'split').permutation(samples.count));
  const { labels } = samples;
  const features = order.slice(0, featureSamples);
  const groups = [from, to].map((label) =>
    order.slice(featureSamples).filter((row) => Number(labels.data[row]) === label),
  );
  const fewest = Math.min(...groups.map(({ length }) => length));
  const train = settings.train === 0 ? Math.floor(fewest / 2) : settings.train / 2;
  const test = settings.test === 0 ? fewest - train : settings.test / 2;
  if (train + test > fewest || train < 1 || test < 1) {
    const expected = `at most ${2 * fewest} samples of both classes beside ${features.length} for features`;
    throw invalidArgument('train + test', expected, 2 * (train + test));
  }
  return {
    features,
    train: groups.map((rows) => rows.slice(0, train)),
    test: groups.map((rows) => rows.slice(train, train + test)),
  };
}

/** Trains the network on samples of all classes. */
async function learnFeatures(
  network: Network,
  samples: Images,
  { featureSteps, seed }: CleanLabelSettings,
  device: Device,
): Promise<Readonly<Record<string, Tensor>>> {
  const options = { steps: featureSteps, learningRate: 2e-3, batch: 100, seed };
  const trained = await trainClassifier(network, samples, network.initialParameters(), options, device);
  return { ...trained, ...(await runningStatistics(network, samples.inputs, trained, { device })) };
}

function distanceOf(a: Tensor<'float32'>, row: number, b: Tensor<'float32'>, other: number): number {
  const width = a.size / (a.shape[0] ?? 1);
  let square = 0;
  for (let at = 0; at < width; at++) {
    square += ((a.data[row * width + at] ?? 0) - (b.data[other * width + at] ?? 0)) ** 2;
  }
  return Math.sqrt(square);
}

function nearestRow(a: Tensor<'float32'>, row: number, b: Tensor<'float32'>): number {
  const distances = rangeOf(b.shape[0] ?? 0).map((other) => distanceOf(a, row, b, other));
  return distances.indexOf(Math.min(...distances));
}
