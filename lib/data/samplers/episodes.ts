import { adviseName, BilevelError, checkKeys, describe, invalidArgument } from '../../errors.js';
import type { Random } from '../random.js';
import { IndependentBatches } from './independent.js';
import type { Cursor, Drawable, Sampler } from './sampler.js';

/**
 * Few-shot tasks: each tells `ways` classes apart by `shots` samples of each, and is judged by `queries` more of each.
 */
export interface EpisodeOptions {
  /** Classes of a task (N), 2 to as many as the labels tell apart. */
  readonly ways: number;
  /** Samples of each class in the support set (K), at least 1. */
  readonly shots: number;
  /** Samples of each class in the query set, at least 1. A class needs shots + queries samples. */
  readonly queries: number;
  /** Tasks of a meta-batch, along a first axis of what costs see; by default one task, without that axis. */
  readonly tasks?: number | undefined;
  /** Name of the feed's array of classes: integers, one for each row; `y` by default. */
  readonly labels?: string | undefined;
}

/** Rows of the two sets of a task, in both of which those of a class follow each other. */
export class EpisodeSampler implements Sampler {
  readonly ways: number;
  readonly shots: number;
  readonly queries: number;
  readonly tasks: number | undefined;
  readonly labels: string;

  /** @throws UNKNOWN_OPTION; INVALID_ARGUMENT */
  constructor(options: EpisodeOptions) {
    checkKeys(options, ['ways', 'shots', 'queries', 'tasks', 'labels'], 'samplers.episodes');
    const { ways, shots, queries, tasks, labels = 'y' } = options;
    checkCount('ways', ways, 2);
    checkCount('shots', shots, 1);
    checkCount('queries', queries, 1);
    if (tasks !== undefined) checkCount('tasks', tasks, 1);
    if (typeof labels !== 'string')
      throw invalidArgument('labels of samplers.episodes', 'the name of an array', labels);
    this.ways = ways;
    this.shots = shots;
    this.queries = queries;
    this.tasks = tasks;
    this.labels = labels;
  }

  get description(): string {
    const { tasks = 1, ways, shots, queries, labels } = this;
    return `${tasks} episodes of ${ways} ways, ${shots} shots and ${queries} queries by ${labels}`;
  }

  /** Two tasks may have a sample in common. */
  get distinct(): boolean {
    return this.tasks === undefined;
  }

  /** Rows of a meta-batch: first the support sets of all tasks, then their query sets. */
  get batch(): number {
    return (this.tasks ?? 1) * this.ways * (this.shots + this.queries);
  }

  /** @throws INVALID_ARGUMENT, INVALID_DATA for labels that do not make such tasks */
  check({ arrays }: Pick<Drawable, 'arrays'>): void {
    const { ways, shots, queries } = this;
    const classes = this.#classesOf(arrays);
    if (classes.size < ways) {
      throw invalidArgument('ways of samplers.episodes', `at most the ${classes.size} classes that there are`, ways);
    }
    for (const [label, rows] of classes) {
      if (rows.length >= shots + queries) continue;
      throw new BilevelError(
        'INVALID_DATA',
        `An episode takes ${shots} + ${queries} samples of a class, but the class ${label} of the array ${this.labels} has ` +
          `${rows.length}. Leave its rows out of the feed, or take fewer shots or queries.`,
      );
    }
  }

  start({ arrays }: Pick<Drawable, 'arrays'>, random: Random): Cursor {
    const classes = [...this.#classesOf(arrays).values()];
    return new IndependentBatches(random, (from) => this.#draw(classes, from));
  }

  #draw(classes: readonly (readonly number[])[], random: Random): Int32Array {
    const { tasks = 1, ways, shots, queries } = this;
    const rows = new Int32Array(this.batch);
    let [support, query] = [0, tasks * ways * shots];
    for (let task = 0; task < tasks; task++) {
      for (const chosen of random.subset(classes.length, ways)) {
        const samples = classes[chosen] ?? [];
        for (const [position, sample] of random.subset(samples.length, shots + queries).entries()) {
          rows[position < shots ? support++ : query++] = samples[sample] ?? 0;
        }
      }
    }
    return rows;
  }

  /** The rows of each class, in the order in which the classes are met. */
  #classesOf(arrays: Drawable['arrays']): ReadonlyMap<string, readonly number[]> {
    const tensor = Object.hasOwn(arrays, this.labels) ? arrays[this.labels] : undefined;
    if (tensor === undefined) {
      throw new BilevelError(
        'INVALID_ARGUMENT',
        `There is no array ${describe(this.labels)} in the feed, from which episodes take the classes: name it as the option ` +
          `labels. ${adviseName(this.labels, Object.keys(arrays))}`,
      );
    }
    const { dtype, shape, data } = tensor;
    if (!(dtype === 'int64' || dtype === 'int32') || shape.length !== 1) {
      const received = `${dtype}[${shape.join(', ')}]`;
      throw invalidArgument(`the array ${this.labels} of episodes`, 'integers, one for each row,', received);
    }
    const classes = new Map<string, number[]>();
    for (const [row, label] of data.entries()) {
      const rows = classes.get(String(label));
      if (rows === undefined) classes.set(String(label), [row]);
      else rows.push(row);
    }
    return classes;
  }
}

function checkCount(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= 2 ** 20) return;
  throw invalidArgument(`${name} of samplers.episodes`, `an integer from ${least} to 2^20`, value);
}
