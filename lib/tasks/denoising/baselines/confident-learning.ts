import type { Tensor } from '../../../tensor.js';
import { crossFit } from '../cross-fitting.js';
import type { Baseline } from './baseline.js';

/**
 * C. Northcutt, L. Jiang and I. Chuang, *Confident Learning: Estimating Uncertainty in Dataset Labels*, JAIR 2021, as
 * their package cleanlab does it: probabilities by cross-validation, trust by normalized margin, and labels flagged by
 * the numbers of the confident joint ("prune by noise rate").
 */
export const confidentLearning: Baseline = {
  name: 'confidentLearning',
  title: 'Confident learning',
  note: "cross-validated, cleanlab's rules",
  async run(trainer) {
    const labels = Int32Array.from(trainer.data.train.labels.data, Number);
    const { train: probabilities } = await crossFit(trainer, await trainer.tune());
    const trust = normalizedMargins(probabilities, labels);
    const flagged = pruneByNoiseRate(probabilities, labels);
    const weights = Float64Array.from(flagged, (flag) => 1 - flag);
    return { trust, flagged, parameters: await trainer.trainTuned({ weights }) };
  },
};

/** (p of the label - largest p of another class + 1) / 2, [n]. */
export function normalizedMargins({ data, shape }: Tensor<'float32'>, labels: Int32Array): Float64Array {
  const [, classes = 0] = shape;
  return Float64Array.from(labels, (label, row) => {
    let other = 0;
    for (let c = 0; c < classes; c++) if (c !== label) other = Math.max(other, data[row * classes + c] ?? 0);
    return ((data[row * classes + label] ?? 0) - other + 1) / 2;
  });
}

/**
 * The confident joint counts samples by their label and by the most likely class among those whose probability reaches
 * the class's mean over samples of that label. Scaled to the numbers of labels, it says how many samples of every label
 * belong to every other class; as many of the largest margin for that class are flagged.
 * @returns 1 for flagged samples, [n]
 */
export function pruneByNoiseRate({ data, shape }: Tensor<'float32'>, labels: Int32Array): Uint8Array {
  const [, classes = 0] = shape;
  const p = (row: number, c: number): number => data[row * classes + c] ?? 0;
  const all = Array.from({ length: classes }, (_, c) => c);
  const members = all.map((c) => [...labels.keys()].filter((row) => labels[row] === c));
  const thresholds = members.map((rows, c) => rows.reduce((sum, row) => sum + p(row, c), 0) / Math.max(1, rows.length));
  const flagged = new Uint8Array(labels.length);
  for (const [label, rows] of members.entries()) {
    const counts = new Float64Array(classes);
    for (const row of rows) {
      const confident = all.filter((c) => p(row, c) >= (thresholds[c] ?? 0));
      if (confident.length === 0) continue;
      const likely = confident.reduce((best, c) => (p(row, c) > p(row, best) ? c : best));
      counts[likely] = (counts[likely] ?? 0) + 1;
    }
    const counted = counts.reduce((sum, each) => sum + each, 0);
    for (const c of all) {
      if (c === label || counted === 0) continue;
      const margin = (row: number): number => p(row, c) - p(row, label);
      const count = Math.round((rows.length * (counts[c] ?? 0)) / counted);
      for (const row of rows.toSorted((a, b) => margin(b) - margin(a)).slice(0, count)) flagged[row] = 1;
    }
  }
  return flagged;
}
