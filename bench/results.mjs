// Results as JSON files, named by what was measured and when: every run's in results/ on this machine, the published
// ones in history/.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';

const folder = (name) => new URL(`./${name}/`, import.meta.url);

/**
 * @param {'results' | 'history'} place
 * @param {string} kind of measurement, such as `steps`
 */
export async function save(place, kind, session) {
  await mkdir(folder(place), { recursive: true });
  const file = new URL(`${kind}-${session.environment.date.replaceAll(':', '-').slice(0, 19)}.json`, folder(place));
  await writeFile(file, `${JSON.stringify(session, null, 1)}\n`);
  return file;
}

/** The newest published results of a kind, or undefined. */
export async function newest(kind) {
  const files = await readdir(folder('history')).catch(() => []);
  const own = files.filter((file) => file.startsWith(`${kind}-`)).sort();
  return own.length === 0 ? undefined : JSON.parse(await readFile(new URL(own.at(-1), folder('history')), 'utf8'));
}
