import { fashionMnist } from './fashion-mnist.js';
import { mnist } from './mnist.js';
import type { DatasetSource } from './source.js';

/** The data sets that are known by name. */
export const sources: readonly DatasetSource[] = [mnist, fashionMnist];
