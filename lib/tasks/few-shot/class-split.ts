import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { attempt, readBytes } from '../../data/files.js';
import { type ClassFiles, listClasses } from '../../data/sources/image-folder.js';
import { readCsv } from '../../data/tables/csv-table.js';
import { findColumn } from '../../data/tables/table.js';
import { BilevelError, describe } from '../../errors.js';

export type Part = 'train' | 'validation' | 'test';

/** Classes with the paths of their images, by part. */
export type ClassSplit = Readonly<Record<Part, readonly ClassFiles[]>>;

/** What data sets call their parts. */
const partNames: Readonly<Record<Part, readonly string[]>> = {
  train: ['train'],
  validation: ['val', 'valid', 'validation'],
  test: ['test'],
};

const parts = Object.keys(partNames) as readonly Part[];

/** Longest list of classes, in bytes. */
const listLimit = 2 ** 20;

/** That of Bertinetto, Henriques, Torr and Vedaldi 2019, which CIFAR-FS is used with. */
const usualSplit = 'bertinetto';

/**
 * The split of a folder of images whose classes are dealt out already, in any of three layouts:
 *
 * - train/, val/ and test/, each with a folder for each of its classes;
 * - images/ with all images, and train.csv, val.csv and test.csv of lines `filename,label` (mini-ImageNet by Ravi and
 *   Larochelle 2017);
 * - data/ with a folder for each class, and splits/NAME/train.txt, val.txt and test.txt, a class a line (CIFAR-FS).
 *
 * @returns undefined for a folder in none of them
 * @throws INVALID_DATA for a class of two parts; INVALID_FILE, NOT_FOUND and IO_ERROR naming what lacks
 */
export async function findClassSplit(folder: string): Promise<ClassSplit | undefined> {
  const split = (await ofFolders(folder)) ?? (await ofTables(folder)) ?? (await ofLists(folder));
  if (split === undefined) return undefined;
  const seen = new Map<string, Part>();
  for (const part of parts) {
    for (const { name } of split[part]) {
      const before = seen.get(name);
      if (before !== undefined) {
        throw new BilevelError(
          'INVALID_DATA',
          `${folder}: the class ${describe(name)} is one of ${before} and of ${part}. What is tested must not be learned from: leave it out of one.`,
        );
      }
      seen.set(name, part);
    }
  }
  return split;
}

/** The file or folder of each part, or undefined where one lacks. */
function pathsOf(folder: string, extension: string): Readonly<Record<Part, string>> | undefined {
  const found = parts.map((part) => {
    const paths = partNames[part].map((name) => join(folder, `${name}${extension}`));
    return [part, paths.find(existsSync)] as const;
  });
  if (found.some(([, path]) => path === undefined)) return undefined;
  return Object.fromEntries(found) as Record<Part, string>;
}

async function eachPart(of: (part: Part) => Promise<readonly ClassFiles[]>): Promise<ClassSplit> {
  const [train = [], validation = [], test = []] = await Promise.all(parts.map(of));
  return { train, validation, test };
}

async function classesIn(folder: string): Promise<ClassFiles[]> {
  const classes = await listClasses(folder);
  return classes.map(({ name, files }) => ({ name, files: files.map((file) => join(folder, file)) }));
}

async function ofFolders(folder: string): Promise<ClassSplit | undefined> {
  const paths = pathsOf(folder, '');
  return paths && eachPart((part) => classesIn(paths[part]));
}

async function ofTables(folder: string): Promise<ClassSplit | undefined> {
  const paths = pathsOf(folder, '.csv');
  const images = join(folder, 'images');
  if (paths === undefined || !existsSync(images)) return undefined;
  return eachPart(async (part) => {
    const table = await readCsv(paths[part]);
    const [files, labels] = ['filename', 'label'].map((name) => findColumn(table, name).cells);
    const classes = new Map<string, string[]>();
    for (const [row, label] of (labels ?? []).entries()) {
      const path = join(images, inFolder(paths[part], files?.[row]));
      const known = classes.get(label);
      if (known === undefined) classes.set(label, [path]);
      else known.push(path);
    }
    return Array.from(classes, ([name, files]) => ({ name, files }));
  });
}

async function ofLists(folder: string): Promise<ClassSplit | undefined> {
  const [data, splits] = [join(folder, 'data'), join(folder, 'splits')];
  if (!existsSync(data) || !existsSync(splits)) return undefined;
  const entries = await attempt('list', splits, () => readdir(splits, { withFileTypes: true }));
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const name = names.length === 1 ? names[0] : names.find((each) => each === usualSplit);
  const paths = name === undefined ? undefined : pathsOf(join(splits, name), '.txt');
  if (paths === undefined) {
    throw new BilevelError(
      'INVALID_FILE',
      `${splits}: expected one folder, or one named ${usualSplit}, with train.txt, val.txt and test.txt.`,
    );
  }
  const found = new Map((await classesIn(data)).map((each) => [each.name, each]));
  return eachPart(async (part) => {
    const text = Buffer.from(await readBytes(paths[part], listLimit)).toString('utf8');
    const listed = text
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => line !== '');
    return listed.map((each) => {
      const files = found.get(each);
      if (files !== undefined) return files;
      throw new BilevelError('INVALID_FILE', `${paths[part]}: ${data} has no folder ${describe(each)} with images.`);
    });
  });
}

/** A list of files names none elsewhere. */
function inFolder(list: string, file: string | undefined): string {
  if (file !== undefined && file !== '' && file !== '..' && file !== '.' && basename(file) === file) return file;
  throw new BilevelError('INVALID_FILE', `${list}: ${describe(file)} is not the name of a file in images.`);
}
