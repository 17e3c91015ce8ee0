import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { types } from 'node:util';
import type { AnyPoint } from '../bilevel/index.js';
import { readSafetensors, toTensor, writeSafetensors } from '../data/safetensors.js';
import { BilevelError, checkRecord, describe, invalidArgument, isRecord } from '../errors.js';
import { formatType, sameShape, type Tensor } from '../tensor.js';
import type { Samplers } from './machine/batches.js';

type Tensors = Readonly<Record<string, Tensor>>;

/** What a state belongs to: method, options, tensors and feeds, as a flat record that two sides can compare. */
export type Configuration = Readonly<Record<string, string | number | boolean>>;

/** Names of a problem's variables. */
export interface VariableNames {
  readonly u: string;
  readonly v: string;
}

/** The names of the variables of a problem by its point. */
export interface NamesOf<P extends AnyPoint> {
  readonly u: keyof P['u'] & string;
  readonly v: keyof P['v'] & string;
}

/** Tensors of a problem's lower variables, by name. */
export type LowerOf<P extends AnyPoint> = Readonly<Record<NamesOf<P>['v'], Tensor>>;

/**
 * Where a solver stands: everything that its next step depends on. A step changes it in place. Saved and restored on
 * the same device with the same number of threads, a run continues bit for bit as if it had not been interrupted.
 */
export class SolverState<C extends string = string, N extends VariableNames = VariableNames> {
  /**
   * Variables, optimizer slots and what a method keeps besides, by binding name, for example `v/weight`,
   * `v.mean/weight` and `v.multiplier/budget`.
   */
  readonly tensors: Tensors;
  /** Where each feed with mini-batches stands, by its name. */
  readonly samplers: Samplers;
  readonly counters: Record<C, number> & Record<string, number>;

  constructor(tensors: Tensors, samplers: Samplers, counters: Record<C, number> & Record<string, number>) {
    this.tensors = tensors;
    this.samplers = samplers;
    this.counters = counters;
  }

  /** The upper variables of the problem by name. */
  get u(): Readonly<Record<N['u'], Tensor>> {
    return this.#group('u/');
  }

  /** The lower variables of the problem by name. */
  get v(): Readonly<Record<N['v'], Tensor>> {
    return this.#group('v/');
  }

  #group<K extends string>(prefix: string): Readonly<Record<K, Tensor>> {
    const group = Object.entries(this.tensors).filter(([name]) => name.startsWith(prefix));
    return Object.fromEntries(group.map(([name, tensor]) => [name.slice(prefix.length), tensor])) as Record<K, Tensor>;
  }
}

/** A state to be kept: tensors, and everything else as plain JSON. */
export interface SavedState {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly values: unknown;
}

/** The state as a record that shares its tensors: write or copy it before the next step. */
export function serializeState(state: SolverState, configuration: Configuration): SavedState {
  const samplers = Object.fromEntries(Object.entries(state.samplers).map(([name, sampler]) => [name, sampler.state]));
  const values = { configuration, counters: { ...state.counters }, samplers };
  return { tensors: new Map(Object.entries(state.tensors)), values };
}

/**
 * Fills a fresh state from a record, which is not trusted.
 * @throws STATE_MISMATCH when it belongs to another configuration or lacks a part; `state` is then of no use
 */
export function restoreState<S extends SolverState>(state: S, saved: SavedState, configuration: Configuration): S {
  checkRecord(saved, 'saved');
  if (!types.isMap(saved.tensors)) throw invalidArgument('saved.tensors', 'a Map of tensors', saved.tensors);
  const theirs = part(saved.values, 'configuration');
  const counters = part(saved.values, 'counters');
  const samplers = part(saved.values, 'samplers');
  for (const key of new Set([...Object.keys(configuration), ...Object.keys(theirs)])) {
    if (configuration[key] === theirs[key]) continue;
    throw mismatch(`${key} is ${describe(theirs[key])} there but ${describe(configuration[key])} here`);
  }
  for (const [name, tensor] of Object.entries(state.tensors)) {
    tensor.copyFrom(tensorLike(name, tensor, saved.tensors.get(name)));
  }
  for (const name of Object.keys(state.counters)) {
    const value = counters[name];
    if (!Number.isSafeInteger(value) || Number(value) < 0) throw mismatch(`its counter ${name} is ${describe(value)}`);
    state.counters[name] = Number(value);
  }
  for (const [name, sampler] of Object.entries(state.samplers)) {
    if (!Object.hasOwn(samplers, name)) throw mismatch(`it holds no sampler of the feed ${name}`);
    sampler.restore(samplers[name]);
  }
  return state;
}

/** @throws STATE_MISMATCH for a state that lacks what a fresh one has */
export function requireFitting(state: SolverState, fresh: SolverState): void {
  for (const [name, tensor] of Object.entries(fresh.tensors)) tensorLike(name, tensor, state.tensors[name]);
  const lacks = (kind: 'counters' | 'samplers'): string | undefined =>
    Object.keys(fresh[kind]).find((name) => !Object.hasOwn(state[kind], name));
  const [counter, sampler] = [lacks('counters'), lacks('samplers')];
  if (counter !== undefined) throw mismatch(`it has no counter ${counter}`);
  if (sampler !== undefined) throw mismatch(`it has no sampler of the feed ${sampler}`);
}

/** @throws STATE_MISMATCH for a tensor that is not there or of another type */
function tensorLike(name: string, expected: Tensor, found: Tensor | undefined): Tensor {
  if (found === undefined) {
    const advice = 'as one that another version of bilevel has saved: go on with that version, or begin a new run';
    throw mismatch(`it holds no tensor ${name}, ${advice}`);
  }
  if (found.dtype !== expected.dtype || !sameShape(found.shape, expected.shape)) {
    throw mismatch(`its tensor ${name} is ${formatType(found)}; ${formatType(expected)} is needed`);
  }
  return found;
}

function mismatch(reason: string): BilevelError {
  return new BilevelError('STATE_MISMATCH', `The state does not fit this solver: ${reason}.`);
}

function part(values: unknown, key: string): Record<string, unknown> {
  const found = isRecord(values) ? values[key] : undefined;
  if (!isRecord(found)) throw mismatch(`it lacks its ${key}`);
  return found;
}

const stateKey = 'state';
const checksumKey = 'sha256';

/**
 * Keeps a state in one safetensors file, with the JSON and a checksum of everything in its metadata, replaced in one
 * step: a failure leaves the file that was there before.
 * @throws IO_ERROR
 */
export async function writeState(path: string, saved: SavedState): Promise<void> {
  checkRecord(saved, 'the saved state');
  const { tensors, values } = saved;
  if (!types.isMap(tensors)) throw invalidArgument('saved.tensors', 'a Map of tensors', tensors);
  const text = JSON.stringify(values);
  await writeSafetensors(path, tensors, { [stateKey]: text, [checksumKey]: checksum(tensors, text) });
}

/** @throws NOT_FOUND, IO_ERROR, LIMIT_EXCEEDED; INVALID_FILE when it is not a state, or is not as it was written */
export async function readState(path: string): Promise<SavedState> {
  const { tensors: entries, metadata } = await readSafetensors(path);
  const text = metadata.get(stateKey);
  if (text === undefined) throw new BilevelError('INVALID_FILE', `${path} holds no solver state.`);
  const damaged = (cause?: unknown): BilevelError =>
    new BilevelError(
      'INVALID_FILE',
      `${path} is not as it was written: its checksum does not fit its content. Use a copy of it, or start again.`,
      { cause },
    );
  // Every tensor has a turn of the event loop of its own.
  const tensors = new Map<string, Tensor>();
  for (const [name, entry] of entries) {
    await setImmediate();
    try {
      tensors.set(name, toTensor(name, entry));
    } catch (cause) {
      throw damaged(cause);
    }
  }
  const hashing = checksumSteps(tensors, text);
  let step = hashing.next();
  while (!step.done) {
    await setImmediate();
    step = hashing.next();
  }
  if (metadata.get(checksumKey) !== step.value) throw damaged();
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch (cause) {
    throw new BilevelError('INVALID_FILE', `The solver state in ${path} is not JSON.`, { cause });
  }
  return { tensors, values };
}

function checksum(tensors: ReadonlyMap<string, Tensor>, text: string): string {
  const hashing = checksumSteps(tensors, text);
  let step = hashing.next();
  while (!step.done) step = hashing.next();
  return step.value;
}

/** SHA-256 of names, types, elements and the JSON, as hexadecimal digits: a step for every tensor. */
function* checksumSteps(tensors: ReadonlyMap<string, Tensor>, text: string): Generator<void, string, void> {
  const hash = createHash('sha256');
  for (const [name, { dtype, shape, data }] of [...tensors].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(JSON.stringify([name, dtype, shape]));
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    yield;
  }
  return hash.update(text).digest('hex');
}
