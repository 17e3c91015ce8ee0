export { checkClaims } from './claims.js';
export { type HyperCleaningData, loadHyperCleaningData } from './data.js';
export type { Quality } from './evaluation.js';
export { publishedLosses, publishedSeconds } from './published.js';
export { hyperCleaningOptions, type TaskSettings, validateTask } from './settings.js';
export { hyperCleaning } from './task.js';
