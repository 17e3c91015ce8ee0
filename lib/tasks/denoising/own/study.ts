import { BilevelError } from '../../../errors.js';
import { plainOptions } from '../../../options.js';
import { formatShare } from '../../../report/format.js';
import { encodeDecisions } from '../../../review/index.js';
import type { SavedState } from '../../../solvers/index.js';
import { defineStudy, type Job, type Resources, type Results, type Run } from '../../../study/index.js';
import type { TrainingProgress } from '../trainer.js';
import { encodeCleanedTable, encodeJudgedTable } from './cleaned-labels.js';
import { confusionTable, type PairCount, pairsOf } from './confusion.js';
import { ownDataPage } from './page.js';
import { loadOwnDataInputs, type OwnDataInputs, OwnDataRun, type RoundReport, rounds } from './run.js';
import { filesOf, type OwnDataSettings, validateOwnData } from './settings.js';
import { warningsOf } from './warnings.js';

interface OwnDataJob extends Job {
  readonly settings: OwnDataSettings;
}

/** What a cleaning has come to. */
export interface OwnDataEnding {
  readonly samples: number;
  readonly suspicious: number;
  /** Samples with labels known to be right, which were given beside. */
  readonly clean: number;
  /** Samples on which somebody has decided. */
  readonly decided: number;
  readonly classes: readonly string[];
  /** Where it could tell nothing: what, and why. */
  readonly warnings: readonly string[];
  /** Suspicious samples by given and suggested label. */
  readonly pairs: readonly PairCount[];
  readonly confusion: ReturnType<typeof confusionTable>;
  /** The owner's table with weights and suggestions, and the one without suspicious rows. */
  readonly files: { readonly judged: string; readonly cleaned: string };
}

/** Finds doubtful labels in a data set of one's own. */
export const ownDataStudy = defineStudy({
  name: 'denoise',
  summary: 'Finds labels in data of your own that networks which were not trained on them find unlikely.',
  examples: [],
  options: {},
  validate: validateOwnData,
  jobs: (settings: OwnDataSettings): OwnDataJob[] => [
    {
      path: '',
      title: 'Cross-fitting',
      configuration: configurationOf(settings),
      files: filesOf(settings),
      inputs: '',
      settings,
    },
  ],
  load: ({ settings }) => loadOwnDataInputs(settings),
  run: async ({ settings }, inputs, resources, saved) => cleaningRun(settings, inputs, resources, saved?.state),
  measure: (job, _, ending): OwnDataEnding => {
    if (ending === undefined) throw new BilevelError('INVALID_FILE', `${job.title} has not ended.`);
    return ending;
  },
  about: ({ settings }) => ({ title: 'Cleaning labels', summary: '', configuration: configurationOf(settings) }),
  tables: (results) => endingsOf(results).map(({ confusion }) => confusion),
  facts: (results) =>
    endingsOf(results).flatMap(({ samples, suspicious, decided, files, warnings }) => [
      ...warnings.map((text) => ({ label: 'Warning', text })),
      {
        label: 'Suspicious',
        text:
          suspicious === 0
            ? `none of ${samples} labels: the networks find each given one likely enough`
            : `${suspicious} of ${samples} labels (${formatShare(suspicious / samples)})`,
      },
      { label: 'Your table', text: `${files.judged}, with the columns weight, suspicious and suggested_label` },
      {
        label: 'Cleaned',
        text: `${files.cleaned}, without suspicious rows${decided > 0 ? ', and with the labels that were fixed' : ''}`,
      },
    ]),
  json: (results) => {
    const [ending] = endingsOf(results);
    if (ending === undefined) return {};
    const { confusion: _, ...told } = ending;
    return { data: results.settings.data, ...told };
  },
});

/** How far a cleaning is: a network is being trained, or a round of networks has judged all labels. */
export type CleaningProgress =
  | ({ readonly stage: 'training' } & TrainingProgress)
  | ({ readonly stage: 'round'; readonly rounds: number } & RoundReport);

/** A cleaning under way. @param tell is called often */
export function cleaningRun(
  settings: OwnDataSettings,
  inputs: OwnDataInputs,
  { device, signal }: Pick<Resources, 'device' | 'signal'>,
  saved: SavedState | undefined,
  tell: (progress: CleaningProgress) => void = () => undefined,
): Run<OwnDataEnding> {
  const run = new OwnDataRun(inputs, settings, device, signal, saved, (progress) =>
    tell({ stage: 'training', ...progress }),
  );
  return {
    async *steps() {
      for await (const report of run.rounds()) {
        const detail = report.collapsed
          ? 'given up: its networks predict nothing'
          : `${formatShare(report.disagreeing)} of the labels are not the most likely ones`;
        tell({ stage: 'round', rounds, ...report });
        yield { row: report, done: report.round, total: rounds, detail, keep: true };
      }
    },
    save: () => run.save(),
    end: async (folder, seconds): Promise<OwnDataEnding> => {
      const { found } = run;
      const { dataset, network, data, decisions } = inputs;
      const { classes } = dataset;
      const parameters = await run.train(found);
      await network.save(folder.networkPath, parameters);
      const given = inputs.given.data;
      await folder.writeImportance({ rows: data.rows, weights: found.weights, given, predicted: found.suggested });
      const { records } = dataset;
      if (records === undefined) throw new RangeError('The data set has no records of its owner.');
      const files = await folder.writeTables({
        judged: encodeJudgedTable(records, classes, found, decisions),
        cleaned: encodeCleanedTable(records, classes, found, decisions),
      });
      // A review of this run goes on from them.
      if (decisions.size > 0) await folder.writeTables({ decisions: encodeDecisions(decisions, classes) });
      const title = `Labels of ${settings.data}, judged with ${settings.network}`;
      const configuration = configurationOf(settings);
      const page = {
        inputs,
        found,
        collapsed: run.collapsed,
        parameters,
        device,
        title,
        wallSeconds: seconds(),
        configuration,
      };
      await folder.writeReport(await ownDataPage(page));
      return {
        samples: given.length,
        suspicious: Array.from(found.suspicious).filter(Boolean).length,
        clean: data.validation.labels.size,
        decided: decisions.size,
        classes,
        warnings: warningsOf(run.collapsed),
        pairs: pairsOf(classes, given, found),
        confusion: confusionTable(classes, given, found),
        files,
      };
    },
    [Symbol.dispose]: () => run[Symbol.dispose](),
  };
}

const configurationOf = (settings: OwnDataSettings): { readonly task: Record<string, unknown> } => ({
  task: plainOptions(settings),
});

const endingsOf = ({ outcomes }: Results<OwnDataSettings, OwnDataJob, OwnDataEnding>): OwnDataEnding[] =>
  outcomes.map(({ measured }) => measured);
