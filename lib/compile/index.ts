export { BackgroundCompiler } from './background/compiler.js';
export { compileCached, compileCachedBy } from './cache.js';
export { type CompileOptions, noPasses } from './options.js';
export { type CompiledProgram, compile } from './pipeline.js';
export { formatCost, formatQuantity, type InstructionCost, type ProgramCost } from './program/explain.js';
export { partsOf } from './shard/parts.js';
export { type Parts, partOf, type RankOf } from './shard/sharding.js';
export type { ProgramSpec } from './spec.js';
export { optionsFor, type Target, targetOf } from './target.js';
