export { type Attack, beginAttack } from './attack.js';
export { drawPoints, type Images, loadPoisoningInputs, type Points, type PoisoningInputs } from './data.js';
export { type PoisonerName, poisonerNames } from './methods.js';
export { attacked, poisoningProblem } from './problem.js';
export { type PoisoningEnding, type PoisoningRow, PoisoningRun } from './run.js';
export { type PoisoningSettings, type PoisoningStudySettings, validateProblem, validateStudy } from './settings.js';
export { poisoningStudy } from './study.js';
export { hasRunAway, type Measured, poisoningTable, type RunResult, runAways } from './tables.js';
export { poisoning } from './task.js';
