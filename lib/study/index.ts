export { type Begun, readBegun } from './begun.js';
export type { Job, Report, Resources, Rows, Run, Step } from './job.js';
export { environmentOf } from './page.js';
export { runStudy, type StudyOptions } from './run-study.js';
export { parseShard, type Shard } from './shard.js';
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
