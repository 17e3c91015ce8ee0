// bilevel/tasks: ready-made work on data of your own.

export type { Decision, ReviewSample } from '../review/index.js';
export { type CleanedLabelsReport, type CleanLabelsOptions, cleanLabels } from '../tasks/denoising/own/clean-labels.js';
export { type LabelReview, type OpenReviewOptions, openReview } from '../tasks/denoising/own/open-review.js';
export type { GivenOwnDataSettings as CleanLabelsSettings } from '../tasks/denoising/own/settings.js';
export type { CleaningProgress } from '../tasks/denoising/own/study.js';
