/**
 * Data sets, and how mini-batches are drawn from them.
 *
 * @module bilevel/data
 */

export type { Batch, BatchSource } from '../data/batch-reader.js';
export { loadDataset } from '../data/dataset.js';
export type { LabelledSamples, SampleInputs } from '../data/labelled-samples.js';
export { type CorruptedLabels, corruptLabels, type WrongLabel } from '../data/noise.js';
export { Random, type RandomState } from '../data/random.js';
export type { EpisodeOptions, EpisodeSampler } from '../data/samplers/episodes.js';
export { samplers } from '../data/samplers/index.js';
export type { Cursor, Drawable, Sampler } from '../data/samplers/sampler.js';
export type { Scaling } from '../data/scaling.js';
export type { Dataset, DatasetOptions, Records } from '../data/sources/source.js';
export { type CompressedRows, SparseRows } from '../data/sparse-rows.js';
export { type Split, splitRows } from '../data/split.js';
export type { CategoryEncoding, NumberEncoding, TableEncoding } from '../data/tables/encoding.js';
export { type LabelledTexts, loadTexts, type TextDataset, type TextOptions } from '../data/texts/load.js';
export { type EncodeOptions, Vocabulary, type VocabularyOptions } from '../data/texts/vocabulary.js';
