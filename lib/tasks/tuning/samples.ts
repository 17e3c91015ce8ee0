import { isForExperiments } from '../../data/dataset.js';
import type { AnyInputs } from '../../network/classifier.js';
import type { Shape, Tensor } from '../../tensor.js';
import type { TuningSettings } from './settings.js';

/** Samples of the problem: dense inputs, or sparse rows. */
export interface TuningSamples {
  readonly inputs: AnyInputs;
  readonly labels: Tensor<'int64'>;
}

/** The data of a run, before there is a network. */
export interface LoadedSamples {
  readonly train: TuningSamples;
  readonly validation: TuningSamples;
  readonly test: TuningSamples;
  readonly classes: readonly string[];
  readonly inputShape: Shape;
  /** What each number of a sample is called, where it has a name. */
  readonly names: readonly string[];
}

/** Most samples of data sets to experiment with: more to judge by than there are pixels. */
const usual = { train: 500, validation: 2000 };

/** How many of so many samples are for training, and for validation. */
export function sizesOf(
  { data, train, validation }: TuningSettings,
  count: number,
): { train: number; validation: number } {
  const most = isForExperiments(data) ? usual : { train: count, validation: count };
  const forTraining = train || Math.min(most.train, validation ? count - validation : Math.ceil(count / 2));
  return { train: forTraining, validation: validation || Math.min(most.validation, count - forTraining) };
}
