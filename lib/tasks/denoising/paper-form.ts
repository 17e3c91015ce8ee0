import type { Step } from '../../study/index.js';
import { endWith, type Form } from './form.js';
import { formMethods } from './form-methods.js';
import type { DenoisingRun } from './run.js';

/** The paper's form, with a checkpoint after every epoch. */
export function paperForm(run: DenoisingRun, signal: AbortSignal): Form {
  return {
    steps: () => epochs(run, signal),
    save: () => run.save(),
    end: async (folder) => {
      const { network, data, weights, settings } = run;
      const { method } = settings.task;
      const { trusted, lower, retrained } = await run.judge();
      const methods = { [method]: lower, [formMethods[method].retrained]: retrained };
      const found = { weights, predicted: await run.predictTrain(), parameters: await run.trained() };
      const { counts, samples } = await endWith(folder, network, data, found);
      const lowerSteps = run.iteration * settings.method.lowerSteps;
      return { ending: { ...counts, methods, trusted, lowerSteps }, samples };
    },
    [Symbol.dispose]: () => run.dispose(),
  };
}

async function* epochs(run: DenoisingRun, signal: AbortSignal): AsyncGenerator<Step, void, undefined> {
  let accuracy: number | undefined;
  for await (const { evaluations, ...report } of run.iterate(signal)) {
    accuracy = report.accuracy ?? accuracy;
    const shown = accuracy === undefined ? '' : `  accuracy ${accuracy.toFixed(2)} %`;
    yield {
      row: { ...report, ...evaluations },
      stage: formMethods[run.settings.task.method].title,
      done: report.iteration,
      total: run.iterations,
      detail: `f ${report.f.toFixed(4)}  g ${report.g.toFixed(4)}${shown}`,
      keep: report.accuracy !== undefined,
    };
  }
}
