import { arrayFiles } from './array-files.js';
import { fashionMnist } from './fashion-mnist.js';
import { idxFolder } from './idx-folder.js';
import { imageFolder } from './image-folder.js';
import { mnist } from './mnist.js';
import type { DatasetFormat, DatasetSource } from './source.js';
import { tableFile } from './table-file.js';

/** The data sets that are known by name. */
export const sources: readonly DatasetSource[] = [mnist, fashionMnist];

/** The forms in which readers have their own. */
export const formats: readonly DatasetFormat[] = [idxFolder, imageFolder, tableFile, arrayFiles];
