import { arrayFiles } from './array-files.js';
import { cifar10 } from './cifar10.js';
import { fashionMnist } from './fashion-mnist.js';
import { idxFolder } from './idx-folder.js';
import { imageFolder } from './image-folder.js';
import { mnist } from './mnist.js';
import { omniglotFolder } from './omniglot-folder.js';
import type { DatasetFormat, DatasetSource } from './source.js';
import { svhnFolder } from './svhn-folder.js';
import { tableFile } from './table-file.js';

/** The data sets that are known by name. */
export const sources: readonly DatasetSource[] = [mnist, fashionMnist, cifar10];

/** Folders of the files that data sets to experiment with are distributed in. */
export const distributed: readonly DatasetFormat[] = [idxFolder, svhnFolder];

/** The forms in which readers have their own. */
export const formats: readonly DatasetFormat[] = [...distributed, omniglotFolder, imageFolder, tableFile, arrayFiles];
