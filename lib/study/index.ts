export { type Begun, holdsBegun, readBegun } from './begun.js';
export type { Job, Report, Resources, Rows, Run, Step } from './job.js';
export { type Gap, mergeStudy, type Source } from './merge.js';
export { environmentOf, writePage } from './page.js';
export { boardFolder } from './run-files.js';
export { isAbandoned, lockFolder } from './run-lock.js';
export { runStudy, type StudyOptions } from './run-study.js';
export { jobsOf, parseShard, type Shard, shardText } from './shard.js';
export {
  type About,
  type AnyResults,
  type AnyStudy,
  defineStudy,
  type Fact,
  failuresOf,
  type NamedDefaults,
  type Outcome,
  type Picture,
  type Results,
  type StudyDefinition,
  seedsFrom,
  seedsOption,
  tablesOf,
} from './study.js';
