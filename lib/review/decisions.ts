import { existsSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { encodeCsv } from '../data/csv.js';
import { readBytes, writeFileAtomic } from '../data/files.js';
import { BilevelError } from '../errors.js';

/** What a person says of a sample: its label is right, another one is, or it belongs to no class. */
export type Decision =
  | { readonly decision: 'keep' }
  | { readonly decision: 'fix'; readonly label: number }
  | { readonly decision: 'drop' };

/** Decisions by the row of the sample in its data set. */
export type Decisions = ReadonlyMap<number, Decision>;

const header = ['index', 'decision', 'label', 'class'] as const;

/**
 * Reads a file of decisions.
 * @throws INVALID_FILE naming the line; NOT_FOUND, IO_ERROR
 */
export async function readDecisions(path: string): Promise<Decisions> {
  const text = new TextDecoder().decode(await readBytes(path));
  let records: readonly Readonly<Record<string, string>>[];
  try {
    records = parse(text, { bom: true, columns: true, skip_empty_lines: true });
  } catch (cause) {
    throw new BilevelError('INVALID_FILE', `${path} is not a table of decisions: ${(cause as Error).message}`, {
      cause,
    });
  }
  const decisions = new Map<number, Decision>();
  for (const [line, { index = '', decision, label = '' }] of records.entries()) {
    const row = naturalOf(index);
    const read = decisionOf(decision, naturalOf(label));
    if (row === undefined || read === undefined) {
      throw new BilevelError(
        'INVALID_FILE',
        `Expected index, a decision (keep, fix or drop) and for fix the number of a label in entry ${line + 1} of ${path} but received ` +
          `${JSON.stringify({ index, decision, label })}.`,
      );
    }
    decisions.set(row, read);
  }
  return decisions;
}

/** A whole number from 0; undefined for any other text. */
function naturalOf(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** The decision of a name and a label; undefined where there is none such. */
export function decisionOf(name: unknown, label: unknown): Decision | undefined {
  if (name === 'keep' || name === 'drop') return { decision: name };
  const isLabel = typeof label === 'number' && Number.isSafeInteger(label) && label >= 0;
  return name === 'fix' && isLabel ? { decision: 'fix', label } : undefined;
}

/** A table of index, decision, label and the name of its class. */
export function encodeDecisions(decisions: Decisions, classes: readonly string[]): string {
  const rows = [...decisions].map(([index, each]) => {
    const label = each.decision === 'fix' ? each.label : undefined;
    return [index, each.decision, label, label === undefined ? undefined : classes[label]];
  });
  return encodeCsv(header, rows);
}

/** The decisions of a file, or none where there is no such file. @throws as {@link readDecisions} */
export async function decisionsSoFar(path: string): Promise<Decisions> {
  return existsSync(path) ? readDecisions(path) : new Map();
}

/** A file of decisions that is whole after each of them. */
export class DecisionsFile {
  readonly path: string;
  readonly #classes: readonly string[];
  readonly #decisions: Map<number, Decision>;
  /** The last write, which the next one waits for. */
  #written: Promise<void> = Promise.resolve();

  private constructor(path: string, classes: readonly string[], decisions: Map<number, Decision>) {
    this.path = path;
    this.#classes = classes;
    this.#decisions = decisions;
  }

  /** With what the file holds, where it exists. @throws as {@link readDecisions} */
  static async open(path: string, classes: readonly string[]): Promise<DecisionsFile> {
    return new DecisionsFile(path, classes, new Map(await decisionsSoFar(path)));
  }

  /** All of them. */
  get all(): Decisions {
    return this.#decisions;
  }

  get(index: number): Decision | undefined {
    return this.#decisions.get(index);
  }

  /**
   * Decides on a sample, or with undefined takes that back. Resolves when the file says so.
   * @throws IO_ERROR, with all as before
   */
  set(index: number, decision: Decision | undefined): Promise<void> {
    const write = this.#written.then(async () => {
      const before = this.#decisions.get(index);
      this.#put(index, decision);
      try {
        await writeFileAtomic(this.path, encodeDecisions(this.#decisions, this.#classes));
      } catch (error) {
        this.#put(index, before);
        throw error;
      }
    });
    this.#written = write.catch(() => undefined);
    return write;
  }

  #put(index: number, decision: Decision | undefined): void {
    if (decision === undefined) this.#decisions.delete(index);
    else this.#decisions.set(index, decision);
  }
}
