import { cpus } from 'node:os';
import { join } from 'node:path';
import { ensureFolder, writeFileAtomic } from '../data/files.js';
import type { Device } from '../engine/index.js';
import { renderReport } from '../report/report.js';
import { renderSvg } from '../report/svg.js';
import type { Job } from './job.js';
import { type Shard, suffixOf } from './shard.js';
import { failuresOf, type Results, type StudyDefinition, tablesOf } from './study.js';

/** Machine and versions, for reports. */
export function environmentOf(device: Device): Readonly<Record<string, string>> {
  const { kind, name = kind, threads, precision, library, instructionSet } = device.info();
  return {
    machine: cpus()[0]?.model ?? 'unknown',
    device: [name, ...(threads === undefined ? [] : [`${threads} threads`]), instructionSet, precision].join(', '),
    library,
    node: process.version,
  };
}

/**
 * Writes the page of a study, or of a part of it, and a picture of every group of its charts, `P1.svg` or
 * `P1-2-of-4.svg`.
 * @returns its file
 */
export async function writePage<S, J extends Job, I, E extends object, M>(
  study: StudyDefinition<S, J, I, E, M>,
  results: Results<S, J, M>,
  environment: Readonly<Record<string, string>>,
  shard?: Shard,
): Promise<string> {
  const { folder, outcomes } = results;
  const pictures = Object.entries(study.charts?.(results) ?? {});
  const { title, summary, configuration } = study.about(results);
  await ensureFolder(folder);
  for (const [name, { charts, columns }] of pictures) {
    await writeFileAtomic(join(folder, `${name}${suffixOf(shard)}.svg`), renderSvg(charts, columns));
  }
  const accuracies = study.results?.(results);
  const page = renderReport({
    title,
    summary: [summary, ...(study.claims?.(results) ?? []), ...failuresOf(results)].join(' '),
    ...(accuracies && { results: accuracies }),
    tables: tablesOf(study, results),
    charts: pictures.flatMap(([, { charts }]) => charts),
    galleries: study.galleries?.(results) ?? [],
    wallSeconds: outcomes.reduce((sum, { seconds }) => sum + seconds, 0),
    configuration,
    environment,
  });
  const file = `report${suffixOf(shard)}.html`;
  await writeFileAtomic(join(folder, file), page);
  return file;
}
