import type { Detection } from '../../data/detection.js';
import type { SampleReport } from '../../report/report.js';
import type { RunFolder } from '../../study/run-folder.js';
import type { Baselines, DenoisingRun, StageOptions } from './run.js';

/** What a run has come to; accuracies on the test set, 0 to 1. */
export interface Ending {
  readonly penalty: number;
  readonly retrained: number;
  /** Samples that were trusted in the retraining. */
  readonly trusted: number;
  readonly baselines?: Baselines;
  readonly detection: Detection;
  /** Steps of v of all bilevel iterations. */
  readonly lowerSteps: number;
}

/** Judges a run that has made its iterations, and writes its network and importances. */
export async function endRun(
  run: DenoisingRun,
  folder: RunFolder,
  options: StageOptions,
): Promise<{ readonly ending: Ending; readonly samples: SampleReport }> {
  const { settings, data } = run;
  const penalty = await run.accuracy();
  const retrained = await run.retrain(options);
  const baselines = settings.task.baselines ? await run.baselines(options) : undefined;
  await run.network.save(folder.networkPath, await run.trained());
  const importance = {
    rows: data.rows,
    weights: run.weights,
    given: data.train.labels.data,
    predicted: await run.predictTrain(),
    actual: data.trueLabels.data,
  };
  await folder.writeImportance(importance);
  const { inputs } = data.train;
  return {
    ending: {
      penalty,
      retrained: retrained.accuracy,
      trusted: retrained.trusted,
      ...(baselines && { baselines }),
      detection: run.detect(),
      lowerSteps: run.iteration * settings.method.lowerSteps,
    },
    samples: { importance, images: inputs.dtype === 'float32' ? inputs : undefined, classes: data.classes },
  };
}
