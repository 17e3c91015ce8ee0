import { formatShare } from '../../report/format.js';
import type { Ending } from './form.js';
import { formMethods } from './form-methods.js';
import type { DenoisingSettings } from './settings.js';

/**
 * What a reader must know before the figures of a run that found nothing, and why it found nothing: one sentence each.
 */
export function warningsOf(result: Ending & { readonly settings: DenoisingSettings }): string[] {
  const { task } = result.settings;
  const { methods, weights, flagged, noise, trusted, collapsed = 0 } = result;
  const isPaper = task.form === 'paper';
  const judgement = methods[isPaper ? task.method : 'crossFitted'];
  const range = `weights are ${weights.least.toPrecision(2)} to ${weights.most.toPrecision(2)}`;
  const found =
    noise === undefined ? range : `the noise model takes ${formatShare(noise.rate)} of them for wrong, ${range}`;
  const warnings: string[] = [];
  if (collapsed > 0) {
    warnings.push(
      `In ${collapsed} of ${task.rounds} rounds networks predicted labels that they had not seen no better than the frequencies ` +
        'of the labels, and what was trusted before stayed. Try other values of trainSteps or trainLearningRate.',
    );
  }
  if (result.constant) {
    warnings.push(
      'The network predicts one class for all training samples: its training collapsed. Try other values of trainSteps or ' +
        'trainLearningRate, or another network.',
    );
  }
  if (judgement !== undefined && judgement.auc < 0.5) {
    warnings.push(
      `The weights are worse than chance (AUC ${judgement.auc.toFixed(3)}): wrong labels are trusted more than right ones, as where ` +
        'most labels of a class are wrong in the same way, or validation samples are too few to tell.',
    );
  }
  if (flagged === 0) warnings.push(`No label is suspicious: ${found}, none of which is below 1/2.`);
  if (flagged === task.train) warnings.push(`All labels are suspicious: ${found}, none of which reaches 1/2.`);
  if (trusted === 0) {
    warnings.push(
      `No sample was trusted in the retraining: ${range}, none of which is above trust = ${task.trust}. ` +
        `"${formMethods[task.method].title}, retrained" learned from the validation samples alone. Try more epochs or less trust.`,
    );
  }
  return warnings;
}
