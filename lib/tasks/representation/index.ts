export { conclusion } from './conclusion.js';
export {
  lossAt,
  onInstances,
  type RunCurve,
  readLosses,
  reportedSteps,
  runCurves,
  steadyInstances,
  titleOf,
} from './curves.js';
export { RepresentationRun, type StudyReport } from './run.js';
export {
  type GivenRepresentationSettings,
  type RepresentationSettings,
  representationOptions,
  type StudyName,
  studies,
  studyNames,
  validateSettings,
} from './settings.js';
export { representationStudy } from './study.js';
export { representation } from './task.js';
