/**
 * Ready-made work on data of your own.
 *
 * @module bilevel/tasks
 */

import { warnWithoutAddon } from '../engine/index.js';

warnWithoutAddon();

export type { Decision, ReviewSample } from '../review/index.js';
export type { Review } from '../review/samples.js';
export { type CleanedLabelsReport, type CleanLabelsOptions, cleanLabels } from '../tasks/denoising/own/clean-labels.js';
export type { PairCount } from '../tasks/denoising/own/confusion.js';
export { type LabelReview, type OpenReviewOptions, openReview } from '../tasks/denoising/own/open-review.js';
export type { RoundReport } from '../tasks/denoising/own/run.js';
export type { GivenOwnDataSettings as CleanLabelsSettings } from '../tasks/denoising/own/settings.js';
export type { CleaningProgress } from '../tasks/denoising/own/study.js';
export type { TrainingProgress } from '../tasks/denoising/trainer.js';
