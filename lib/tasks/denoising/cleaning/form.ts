import { Classifier } from '../../../network/classifier.js';
import type { SavedState } from '../../../solvers/index.js';
import type { Resources } from '../../../study/index.js';
import { endWith, type Form } from '../form.js';
import type { DenoisingInputs } from '../run.js';
import type { DenoisingSettings } from '../settings.js';
import type { Trainer } from '../trainer.js';
import { Cleaning } from './run.js';

/** The cross-fitted form, with a checkpoint after every round. */
export async function crossFittedForm(
  { task }: DenoisingSettings,
  { network, data }: DenoisingInputs,
  { trainer, device, signal, report }: Resources & { readonly trainer: Trainer },
  saved: SavedState | undefined,
): Promise<Form> {
  const cleaning = await Cleaning.prepare(network, trainer, task, saved);
  return {
    steps: () => cleaning.steps(device, signal, report),
    save: () => cleaning.save(),
    end: async (folder) => {
      const parameters = await cleaning.train();
      using classifier = new Classifier(network, device);
      const predicted = await classifier.predict(data.train.inputs, parameters);
      const found = { weights: cleaning.trust, predicted, parameters };
      const { counts, labels, samples } = await endWith(folder, network, data, found);
      const accuracy = await trainer.accuracy(parameters);
      const { noise, decay, response, collapsed } = cleaning;
      const judgement = { ...labels, accuracy, ...(response !== null && { response: response.after }) };
      const told = { noise, decay, collapsed, ...(response !== null && { response }) };
      return { ending: { ...counts, methods: { crossFitted: judgement }, ...told }, samples };
    },
    [Symbol.dispose]: () => undefined,
  };
}
