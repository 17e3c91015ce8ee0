import type { Device } from '../../../engine/index.js';
import type { Parameters } from '../../../network/classifier.js';
import { formatShare } from '../../../report/format.js';
import { mostSuspicious } from '../../../report/gallery.js';
import { renderReport } from '../../../report/report.js';
import { environmentOf } from '../../../study/index.js';
import type { Tensor } from '../../../tensor.js';
import type { CleanedLabels } from './cleaned-labels.js';
import { confusionTable } from './confusion.js';
import { findReasons } from './reasons.js';
import type { OwnDataInputs } from './run.js';
import { warningsOf } from './warnings.js';

/** Samples that the page shows, and cells of a row. */
const shown = 50;
const mostCells = 8;

interface Page {
  readonly inputs: OwnDataInputs;
  readonly found: CleanedLabels;
  /** Rounds that were given up. */
  readonly collapsed: number;
  readonly parameters: Parameters;
  readonly device: Device;
  readonly title: string;
  readonly wallSeconds: number;
  readonly configuration: object;
}

/** The page of a run: what is suspicious, and why. */
export async function ownDataPage({ inputs, found, collapsed, device, title, ...page }: Page): Promise<string> {
  const { dataset, data } = inputs;
  const { train, classes } = data;
  const count = train.labels.size;
  const flagged = Array.from(found.suspicious).filter(Boolean).length;
  // Suspicious samples come first, and among them those that are trusted least.
  const order = Array.from(found.weights, (weight, sample) => weight + (found.suspicious[sample] ? 0 : 1));
  const samples = mostSuspicious(order, Math.min(shown, flagged));
  const notes = await notesOf({ inputs, found, device, parameters: page.parameters }, samples);
  return renderReport({
    title,
    summary:
      `Of ${count} labels ${flagged} are suspicious (${formatShare(flagged / count)}): networks that were not trained on these samples ` +
      `find another class more likely. No label is known to be wrong. ${
        data.validation.labels.size === 0
          ? 'No sample was known to have a right one.'
          : `${data.validation.labels.size} samples were known to have right ones.`
      }${warningsOf(collapsed)
        .map((warning) => ` Warning: ${warning}`)
        .join('')}`,
    highlights: [
      ['Suspicious labels', String(flagged)],
      ['Samples', String(count)],
    ],
    tables: [confusionTable(classes, inputs.given.data, found)],
    samples: {
      importance: {
        rows: data.rows,
        weights: found.weights,
        given: inputs.given.data,
        predicted: found.suggested,
      },
      images: imagesOf(inputs),
      classes,
      suspicious: samples,
      notes: (sample) => notes.get(sample) ?? [],
    },
    wallSeconds: page.wallSeconds,
    configuration: { ...page.configuration, ...(dataset.encoding && { columns: dataset.encoding.columns.length }) },
    environment: environmentOf(device),
  });
}

/** The images as their owner has them, if they are images. */
function imagesOf({ dataset, data: { train } }: OwnDataInputs): Tensor<'float32'> | undefined {
  const inputs = dataset.scaling === undefined ? train.inputs : dataset.train.take(undefined, { scaled: false }).inputs;
  return inputs.dtype === 'float32' && inputs.shape.length === 4 ? inputs : undefined;
}

type Note = readonly [term: string, text: string];

/**
 * What the owner knows a sample by: the cells of its row, those first that speak against the label, or the name of its
 * file.
 */
async function notesOf(
  { inputs, found, device, parameters }: Pick<Page, 'inputs' | 'found' | 'device' | 'parameters'>,
  samples: readonly number[],
): Promise<ReadonlyMap<number, readonly Note[]>> {
  const { dataset, network, data, given } = inputs;
  const { records, encoding, classes } = dataset;
  if (records === undefined || samples.length === 0) return new Map();
  const labels = { given: given.data, suggested: found.suggested };
  const reasons =
    encoding !== undefined && data.train.inputs.dtype === 'float32'
      ? await findReasons({ network, parameters, device }, data.train.inputs, encoding, labels, classes.length, samples)
      : [];
  return new Map(
    samples.map((sample, index) => {
      const cells = new Map(records.columns.map((column, at) => [column, records.row(sample)[at] ?? '']));
      cells.delete(records.label);
      if (records.name !== undefined) return [sample, [['file', records.name(sample)]]];
      const against = (reasons[index] ?? []).map(({ column, strength }): Note => {
        const cell = cells.get(column) ?? '';
        cells.delete(column);
        return [`${column} (+${strength.toFixed(1)})`, cell];
      });
      return [sample, [...against, ...cells].slice(0, mostCells)];
    }),
  );
}
