import type { SampleReport } from '../../report/report.js';
import type { RunFolder } from '../../study/run-folder.js';
import { type Judgement, judgeLabels } from './judgement.js';
import type { DenoisingRun } from './run.js';

/** What a run has come to. */
export interface Ending {
  /** The lower-level network of the bilevel problem, and a network trained again on what it trusts. */
  readonly methods: { readonly penalty: Judgement; readonly retrained: Judgement };
  /** Labels that weigh less than 1/2. */
  readonly flagged: number;
  /** Labels that are in fact wrong. */
  readonly corrupted: number;
  /** Samples that were trusted in the retraining. */
  readonly trusted: number;
  /** Steps of v of all bilevel iterations. */
  readonly lowerSteps: number;
}

/** Judges a run that has made its iterations, and writes its network and importances. */
export async function endRun(
  run: DenoisingRun,
  folder: RunFolder,
): Promise<{ readonly ending: Ending; readonly samples: SampleReport }> {
  const { settings, data, weights } = run;
  const accuracy = await run.accuracy();
  const retrained = await run.retrain();
  await run.network.save(folder.networkPath, await run.trained());
  const importance = {
    rows: data.rows,
    weights,
    given: data.train.labels.data,
    predicted: await run.predictTrain(),
    actual: data.trueLabels.data,
  };
  await folder.writeImportance(importance);
  const { inputs } = data.train;
  const flagged = weights.map((weight) => Number(weight < 0.5));
  const labels = judgeLabels(weights, flagged, data.corrupted.data);
  return {
    ending: {
      methods: { penalty: { ...labels, accuracy }, retrained: { ...labels, accuracy: retrained.accuracy } },
      flagged: flagged.reduce((sum, each) => sum + each, 0),
      corrupted: data.corrupted.data.reduce((sum, each) => sum + each, 0),
      trusted: retrained.trusted,
      lowerSteps: run.iteration * settings.method.lowerSteps,
    },
    samples: {
      importance,
      images: inputs.dtype === 'float32' && inputs.shape.length === 4 ? inputs : undefined,
      classes: data.classes,
    },
  };
}
