import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { zipSync } from 'fflate';
import { encodeNpy } from '../../lib/data/npy.js';
import { Random } from '../../lib/data/random.js';
import { Tensor } from '../../lib/tensor.js';
import { writePosts } from './posts.js';

const species = ['lily', 'rose', 'tulip'];

/** Flowers whose widths and colours tell the species, as text: `count` of each. */
export function flowerTable(count: number, seed = 0): string {
  const random = Random.fromSeed(seed, 'flowers');
  const rows = Array.from({ length: 3 * count }, (_, row) => {
    const kind = row % 3;
    const width = (3 * kind + random.normal()).toFixed(2);
    const height = (10 + random.normal()).toFixed(2);
    const colour = random.uniform() < 0.7 ? ['white', 'red', 'yellow'][kind] : 'blue';
    return [width, height, colour, ['north', 'south'][random.integer(2)], species[kind]].join();
  });
  return `${['width,height,colour,garden,species', ...rows].join('\n')}\n`;
}

/** What docs/data.md speaks of as the reader's own. */
export async function writeDataFiles(folder: string): Promise<void> {
  await writeFile(join(folder, 'flowers.csv'), flowerTable(20));
  await writeFile(join(folder, 'checked-flowers.csv'), flowerTable(5, 1));
  await writePosts(join(folder, 'posts'), 12);
  for (const digit of ['0', '1']) {
    await mkdir(join(folder, 'digits', digit), { recursive: true });
    const data = Uint8Array.from({ length: 400 }, (_, pixel) => (pixel * Number(digit)) % 256);
    await writeFile(
      join(folder, 'digits', digit, 'a.png'),
      encode({ width: 20, height: 20, channels: 1, depth: 8, data }),
    );
  }
  const arrays = {
    'features.npy': encodeNpy(
      Tensor.from(
        Float32Array.from({ length: 24 }, (_, index) => index),
        [8, 3],
      ),
    ),
    'target.npy': encodeNpy(Tensor.from([0n, 1n, 0n, 1n, 1n, 0n, 1n, 0n])),
  };
  await writeFile(join(folder, 'arrays.npz'), zipSync(arrays));
}
