import { invalidArgument } from '../errors.js';
import { loadIdxFolder } from './sources/idx-folder.js';
import { sources } from './sources/index.js';
import type { Dataset } from './sources/source.js';

const folderPrefix = 'idx:';

/** What {@link loadDataset} takes, as messages and help texts say it. */
export const datasetSpecifications = `${sources.map(({ name }) => name).join(', ')} or ${folderPrefix}DIR`;

/**
 * Loads inputs and labels.
 * @param specification the name of a source, such as `mnist`, or `idx:DIR` for a folder of your own with four IDX files
 *   (sources/idx-folder.ts)
 * @throws INVALID_ARGUMENT for an unknown name; what the source throws
 */
export async function loadDataset(specification: string): Promise<Dataset> {
  const source = sources.find(({ name }) => name === specification);
  if (source !== undefined) return source.load();
  const isFolder = specification.startsWith(folderPrefix) && specification.length > folderPrefix.length;
  if (!isFolder) throw invalidArgument('data', datasetSpecifications, specification);
  return loadIdxFolder({ name: specification, folder: specification.slice(folderPrefix.length) });
}
