import { join } from 'node:path';
import { isDataset, isForExperiments } from '../../../data/dataset.js';
import { Device } from '../../../engine/index.js';
import { BilevelError, checkKeys, checkRecord, checkSignal, invalidArgument } from '../../../errors.js';
import { runStudy } from '../../../study/index.js';
import type { GivenOwnDataSettings } from './settings.js';
import { type CleaningProgress, cleaningRun, type OwnDataEnding, ownDataStudy } from './study.js';

/** Options of {@link cleanLabels}. */
export interface CleanLabelsOptions {
  /** Folder of the results: new or empty, or with `resume` that of a cleaning of the same settings. */
  readonly out: string;
  /** Goes on with a cleaning that was stopped; false by default. */
  readonly resume?: boolean | undefined;
  /** By default one of its own, on the processor. */
  readonly device?: Device | undefined;
  /** Stops it; every finished round is kept in `out`. */
  readonly signal?: AbortSignal | undefined;
  /** Called some times a second. */
  readonly onProgress?: ((progress: CleaningProgress) => void) | undefined;
}

/** What a cleaning has come to. */
export interface CleanedLabelsReport extends Omit<OwnDataEnding, 'confusion'> {
  /** Folder of the results. */
  readonly folder: string;
  /** The page that tells of them. */
  readonly report: string;
}

/**
 * Finds doubtful labels in a data set of one's own, as `bilevel denoise` does: each by networks that were not trained
 * on it. The folder then holds report.html, the weight of each sample, the owner's table with suggestions, the one
 * without suspicious rows, and a network trained without them; `openReview` goes on from there.
 * @param settings the options of the command by the same names: `{ data: 'folder:photos', network: 'lenet' }`
 * @throws ABORTED when it is stopped, and `resume` goes on; UNKNOWN_OPTION, INVALID_ARGUMENT, NOT_FOUND, INVALID_DATA,
 *   SHAPE_MISMATCH where settings, data and network do not fit; STATE_MISMATCH for `resume` with other settings;
 *   FOLDER_IN_USE; NON_FINITE; IO_ERROR
 */
export async function cleanLabels(
  settings: GivenOwnDataSettings,
  options: CleanLabelsOptions,
): Promise<CleanedLabelsReport> {
  checkKeys(options, ['out', 'resume', 'device', 'signal', 'onProgress'], 'cleanLabels');
  const { out, resume = false, device, signal, onProgress } = options;
  if (typeof out !== 'string' || out === '') throw invalidArgument('out', 'the path of a folder', out);
  checkSignal(signal);
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw invalidArgument('onProgress', 'a function', onProgress);
  }
  checkRecord(settings, 'settings');
  const { data } = settings;
  if (typeof data !== 'string' || !isDataset(data) || isForExperiments(data)) {
    throw invalidArgument('data', "data of one's own, such as folder:DIR or the path of a table", data);
  }
  const study: typeof ownDataStudy = {
    ...ownDataStudy,
    run: async (job, inputs, resources, saved) =>
      cleaningRun(job.settings, inputs, resources, saved?.state, onProgress),
  };
  const used = device ?? Device.cpu();
  try {
    const given = { out, resume, device: used, ...(signal && { signal }) };
    const { results, page, stopped } = await runStudy(study, study.validate(settings), given);
    const [outcome] = results.outcomes;
    if (stopped || outcome === undefined || page === undefined) {
      throw new BilevelError('ABORTED', `The cleaning was stopped. ${out} keeps its finished rounds: resume goes on.`);
    }
    const { confusion: _, ...found } = outcome.measured;
    return { folder: out, report: join(out, page), ...found };
  } finally {
    if (device === undefined) used.dispose();
  }
}
