import type { Parameters } from '../../network/classifier.js';
import type { Network } from '../../onnx/index.js';
import type { SampleReport } from '../../report/report.js';
import type { SavedState } from '../../solvers/index.js';
import type { Step } from '../../study/index.js';
import type { RunFolder } from '../../study/run-folder.js';
import type { NoiseModel } from './cleaning/noise-model.js';
import type { DenoisingData } from './data.js';
import { type Judgement, judgeLabels } from './judgement.js';
import type { Decay } from './trainer.js';

/** What a run has come to. */
export interface Ending {
  /** Those of the run's own form, by name. */
  readonly methods: Readonly<Record<string, Judgement>>;
  /** Labels that weigh less than 1/2. */
  readonly flagged: number;
  /** Labels that are in fact wrong. */
  readonly corrupted: number;
  /** The smallest and the largest weight. */
  readonly weights: { readonly least: number; readonly most: number };
  /** Whether the run's network predicts one class for all training samples. */
  readonly constant: boolean;
  /**
   * Of the cross-fitted form: how labels seem to go wrong, the weight decay that was learned, f(u, v*) before and
   * after, and how many rounds were given up.
   */
  readonly noise?: Pick<NoiseModel, 'rate' | 'shares'>;
  readonly decay?: Decay;
  readonly response?: { readonly before: number; readonly after: number };
  readonly collapsed?: number;
  /** Of the paper's form: samples that were trusted in the retraining, and steps of v of all iterations. */
  readonly trusted?: number;
  readonly lowerSteps?: number;
}

/** A form of the method under way. */
export interface Form extends Disposable {
  steps(): AsyncIterable<Step>;
  save(): SavedState;
  end(folder: RunFolder): Promise<{ readonly ending: Ending; readonly samples: SampleReport }>;
}

/** Judges the weights of the training samples, [n], and writes them and the network into the folder. */
export async function endWith(
  folder: RunFolder,
  network: Network,
  data: DenoisingData,
  found: { readonly weights: Float64Array; readonly predicted: Int32Array; readonly parameters: Parameters },
) {
  const { weights, predicted, parameters } = found;
  await network.save(folder.networkPath, parameters);
  const importance = {
    rows: data.rows,
    weights,
    given: data.train.labels.data,
    predicted,
    actual: data.trueLabels.data,
  };
  await folder.writeImportance(importance);
  const { inputs } = data.train;
  const flagged = weights.map((weight) => Number(weight < 0.5));
  const count = (marks: ArrayLike<number>): number => Array.from(marks).reduce((sum, each) => sum + each, 0);
  return {
    counts: {
      flagged: count(flagged),
      corrupted: count(data.corrupted.data),
      weights: { least: weights.reduce((a, b) => Math.min(a, b)), most: weights.reduce((a, b) => Math.max(a, b)) },
      constant: new Set(predicted).size === 1,
    },
    labels: judgeLabels(weights, flagged, data.corrupted.data),
    samples: {
      importance,
      images: inputs.dtype === 'float32' && inputs.shape.length === 4 ? inputs : undefined,
      classes: data.classes,
    },
  };
}
