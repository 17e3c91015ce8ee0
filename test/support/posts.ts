import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Random } from '../../lib/data/random.js';

/** Words that tell the classes apart, and words that any text has. */
export const telling: Readonly<Record<string, readonly string[]>> = {
  cars: ['engine', 'brakes', 'road'],
  hockey: ['goal', 'puck', 'skates'],
  space: ['orbit', 'moon', 'launch'],
};
export const noise: readonly string[] = Array.from({ length: 40 }, (_, word) => `word${word}`);

/** A text of a class: two words of its own, sometimes one of another class, and many of any. */
export function postOf(group: string, random: Random): string {
  const of = (words: readonly string[]): string => words[Math.floor(random.uniform() * words.length)] ?? '';
  const groups = Object.keys(telling);
  const other = of(groups);
  const words = [of(telling[group] ?? []), of(telling[group] ?? []), ...Array.from({ length: 9 }, () => of(noise))];
  if (random.uniform() < 0.3) words.push(of(telling[other] ?? []));
  return words.join(' ');
}

/** Posts in the layout of 20 Newsgroups: a folder for each group, a file for each post, with headers. */
export async function writePosts(folder: string, each: number, seed = 5): Promise<void> {
  const random = Random.fromSeed(seed, 'posts');
  for (const group of Object.keys(telling)) {
    await mkdir(join(folder, group), { recursive: true });
    for (let number = 0; number < each; number++) {
      const post = `From: somebody@${group}.example\nSubject: a question\n\n${postOf(group, random)}\n`;
      await writeFile(join(folder, group, String(1000 + number)), post);
    }
  }
}
