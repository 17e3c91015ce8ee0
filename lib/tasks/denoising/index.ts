export { baselines } from './baselines/index.js';
export type { DenoisingData } from './data.js';
export { denoisingProblem, initialImportance, rescaleImportance, weightsOf } from './problem.js';
export { type PublishedResult, publishedAccuracies } from './published.js';
export {
  type DenoisingInputs,
  type DenoisingReport,
  DenoisingRun,
  loadDenoisingInputs,
  type Stage,
  type StageOptions,
} from './run.js';
export { type DenoisingSettings, denoisingOptions, type GivenDenoisingSettings, validateSettings } from './settings.js';
export { denoisingStudy } from './study.js';
export { denoising } from './task.js';
