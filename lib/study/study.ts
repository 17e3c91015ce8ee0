import type { Device } from '../engine/index.js';
import type { OptionTable } from '../options.js';
import type { Gallery } from '../report/gallery.js';
import type { LineChart } from '../report/line-chart.js';
import type { ResultTable, TextTable } from '../report/tables.js';
import type { SavedState } from '../solvers/index.js';
import type { Job, Resources, Rows, Run } from './job.js';

/** For studies that are repeated: the `seed` of the options is the first one. */
export const seedsOption = {
  kind: 'integer',
  min: 1,
  default: 1,
  text: 'Runs with this many seeds, from --seed on, and shows means.',
} as const;

/** The seeds that {@link seedsOption} asks for. */
export const seedsFrom = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => first + index);

/** Option tables by the title under which the help lists them. */
export type OptionGroups = Readonly<Record<string, OptionTable>>;

/** Values that a choice among the options puts in the place of defaults. */
export interface NamedDefaults {
  /** The choice, for the help: `--settings authors`. */
  readonly name: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** A job with what was measured in it. */
export interface Outcome<J extends Job, M> {
  readonly job: J;
  readonly folder: string;
  readonly measured: M;
  /** Wall time of the job, of all processes that worked on it. */
  readonly seconds: number;
  /** Why it did not come to its end, in a study that goes on without it. */
  readonly failure?: string;
}

/** What a study has come to: outcomes in the order of the jobs; of a study that was stopped those that had begun. */
export interface Results<S, J extends Job, M> {
  readonly settings: S;
  readonly folder: string;
  readonly outcomes: readonly Outcome<J, M>[];
}

/** What the page of a study begins and ends with. */
export interface About {
  readonly title: string;
  readonly summary: string;
  readonly configuration: object;
}

/** A line below the tables in text. */
export interface Fact {
  readonly label: string;
  readonly text: string;
}

/** Curves of one picture. */
export interface Picture {
  readonly charts: readonly LineChart[];
  /** Charts side by side. */
  readonly columns: number;
}

/**
 * A study: what is run, what is measured, and what is shown of it. Command, flags and their help, folders, checkpoints,
 * resuming, shards, progress and the report follow from this record.
 */
export interface StudyDefinition<S, J extends Job, I, E extends object, M> {
  /** Its command. */
  readonly name: string;
  /** What it does, for the help. */
  readonly summary: string;
  /** Command lines without `bilevel` and the name, with what they are for. */
  readonly examples: readonly (readonly [options: string, meaning: string])[];
  readonly options: OptionGroups;
  /** By name what choices put in the place of defaults, the usual one first. */
  readonly defaults?: () => readonly NamedDefaults[];
  /** Threads of the engine unless others are asked for; all cores by default. */
  readonly threads?: number;
  /** Whether a job that its method cannot do is told of and the next one begins; else it ends the study. */
  readonly goesOn?: boolean;
  /** Another study that some options ask for, which then is run in its place. */
  instead?(given: Readonly<Record<string, unknown>>): AnyStudy | undefined;
  /** Fills in what was not given. @throws UNKNOWN_OPTION, INVALID_ARGUMENT */
  validate(given: Readonly<Record<string, unknown>>): S;
  /** All runs, in order; those with the same inputs one after the other. */
  jobs(settings: S): readonly J[];
  /** What a job works on: every fault of files is found here, before anything is written. */
  load(job: J, device: Device): Promise<I>;
  /** Begins a job, or goes on with it. @throws STATE_MISMATCH */
  run(
    job: J,
    inputs: I,
    resources: Resources,
    saved?: { readonly state: SavedState; readonly rows: Rows },
  ): Promise<Run<E>>;
  /** What the lines of a job's metrics say, and its ending where it came to one. @throws INVALID_FILE */
  measure(job: J, rows: Rows, ending: E | undefined): M;
  /** Heading, sentence and options of the page. */
  about(results: Results<S, J, M>): About;
  /** One number by method beside the published one. */
  results?(results: Results<S, J, M>): ResultTable;
  tables?(results: Results<S, J, M>): readonly TextTable[];
  /** Pictures by the name of their files. */
  charts?(results: Results<S, J, M>): Readonly<Record<string, Picture>>;
  /** Images on the page. */
  galleries?(results: Results<S, J, M>): readonly Gallery[];
  /** Where the figures beside ours come from, when some are of this experiment. */
  published?(results: Results<S, J, M>): string | undefined;
  /** What the figures say of what was claimed, in sentences. */
  claims?(results: Results<S, J, M>): readonly string[];
  /** What else people read below the tables. */
  facts?(results: Results<S, J, M>): readonly Fact[];
  /** The results as programs read them, beside the folder. */
  json(results: Results<S, J, M>): object;
}

/** The tables of a study, without columns in which nothing stands. */
export function tablesOf<S, J extends Job, M>(
  study: Pick<StudyDefinition<S, J, unknown, object, M>, 'tables'>,
  results: Results<S, J, M>,
): readonly TextTable[] {
  return (study.tables?.(results) ?? []).map(filled);
}

function filled(table: TextTable): TextTable {
  const { header, rows, alignments } = table;
  const kept = (_: unknown, column: number): boolean =>
    column === 0 || rows.length === 0 || rows.some((row) => (row[column] ?? '') !== '');
  return {
    ...table,
    header: header.filter(kept),
    rows: rows.map((row) => row.filter(kept)),
    ...(alignments && { alignments: alignments.filter(kept) }),
  };
}

/** Why jobs did not come to their end: a sentence for each reason. */
export function failuresOf<S, J extends Job, M>({ outcomes }: Results<S, J, M>): string[] {
  const texts = outcomes.flatMap(({ job: { title }, failure }) =>
    failure === undefined ? [] : [failure.startsWith(title) ? failure : `${title}: ${failure}`],
  );
  return [...new Set(texts)];
}

/** A study of any types. */
export type AnyStudy = StudyDefinition<unknown, Job, unknown, object, unknown>;

/** Checks a record's types against each other. */
export function defineStudy<S, J extends Job, I, E extends object, M>(
  definition: StudyDefinition<S, J, I, E, M>,
): StudyDefinition<S, J, I, E, M> {
  return definition;
}

export type AnyResults = Results<unknown, Job, unknown>;
