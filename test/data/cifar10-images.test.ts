import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { encode } from 'fast-png';
import { readCifar10 } from '../../lib/data/cifar10-images.js';
import { withTemporary } from '../support/temporary.js';

/** Lines of 1,024 pixels, whose colours tell line, pixel and channel. */
function picture(lines: number, first: number): Uint8Array {
  const data = Uint8Array.from({ length: lines * 3072 }, (_, at) => {
    const [line, pixel, channel] = [Math.floor(at / 3072), Math.floor(at / 3) % 1024, at % 3];
    return (first + 50 * line + pixel + 7 * channel) % 256;
  });
  return encode({ width: 1024, height: lines, data, channels: 3, depth: 8 });
}

test('every line of the pictures is an image, with its label', (t) =>
  withTemporary(async (folder) => {
    await writeFile(join(folder, 'a.png'), picture(2, 0));
    await writeFile(join(folder, 'b.png'), picture(2, 100));
    await writeFile(join(folder, 'labels.json'), '[3,8,0,9]');
    const { images, labels } = await readCifar10(folder, ['a.png', 'b.png'], 'labels.json');
    t.deepEqual(images.shape, [4, 3, 32, 32]);
    t.deepEqual(labels, { shape: [4], data: Int32Array.of(3, 8, 0, 9) });
    const at = (image: number, channel: number, row: number, column: number): number | undefined =>
      Number(images.data[((image * 3 + channel) * 32 + row) * 32 + column]);
    t.is(at(0, 0, 0, 1), 1);
    t.is(at(1, 2, 1, 3), 50 + 35 + 14);
    t.is(at(3, 1, 0, 0), 100 + 50 + 7);
  }));

test('pictures and labels of another form are refused', (t) =>
  withTemporary(async (folder) => {
    const small = encode({ width: 4, height: 1, data: new Uint8Array(12), channels: 3, depth: 8 });
    await writeFile(join(folder, 'small.png'), small);
    await writeFile(join(folder, 'a.png'), picture(1, 0));
    for (const [name, text] of Object.entries({ text: 'none', object: '{"0":3}', half: '[1.5]' })) {
      await writeFile(join(folder, `${name}.json`), text);
      await t.throwsAsync(readCifar10(folder, ['a.png'], `${name}.json`), { code: 'INVALID_FILE' });
    }
    await t.throwsAsync(readCifar10(folder, ['small.png'], 'text.json'), {
      code: 'INVALID_FILE',
      message: /lines of 4 pixels/,
    });
    await t.throwsAsync(readCifar10(folder, ['missing.png'], 'text.json'), { code: 'NOT_FOUND' });
  }));
