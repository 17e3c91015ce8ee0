import { Random } from '../../data/random.js';
import { splitRows } from '../../data/split.js';
import { type LabelledTexts, loadTexts } from '../../data/texts/load.js';
import { Vocabulary } from '../../data/texts/vocabulary.js';
import { Tensor } from '../../tensor.js';
import { textOptions } from '../reading.js';
import { type LoadedSamples, sizesOf } from './samples.js';
import type { TuningSettings } from './settings.js';

/** Texts as rows of the TF-IDF of their words; the vocabulary is that of the training samples alone. */
export async function loadTextSamples(settings: TuningSettings): Promise<LoadedSamples> {
  const { data, seed, minDf } = settings;
  const { classes, train, test } = await loadTexts(data, textOptions(settings));
  const rows = splitRows(train.texts.length, sizesOf(settings, train.texts.length), Random.fromSeed(seed, 'split'));
  const parts = { train: partOf(train, rows.train), validation: partOf(train, rows.validation), test };
  const vocabulary = Vocabulary.of(parts.train.texts, { minDf });
  const encoded = ({ texts, labels }: LabelledTexts) => ({
    inputs: vocabulary.encode(texts),
    labels: Tensor.from(labels, [labels.length], 'int64'),
  });
  return {
    classes,
    inputShape: [vocabulary.words.length],
    names: vocabulary.words,
    train: encoded(parts.train),
    validation: encoded(parts.validation),
    test: encoded(parts.test),
  };
}

const partOf = ({ texts, labels }: LabelledTexts, rows: Int32Array): LabelledTexts => ({
  texts: Array.from(rows, (row) => texts[row] ?? ''),
  labels: rows.map((row) => labels[row] ?? 0),
});
