import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { SparseRows } from '../../lib/data/sparse-rows.js';
import { loadTexts } from '../../lib/data/texts/load.js';
import { Vocabulary, wordsOf } from '../../lib/data/texts/vocabulary.js';

/** The rows of a sparse matrix as numbers by the words of a vocabulary. */
function named({ words }: Vocabulary, { extents, indices, values, size }: SparseRows): Record<string, number>[] {
  return Array.from({ length: size }, (_, row) => {
    const [begin = 0, count = 0] = extents.data.slice(2 * row, 2 * row + 2);
    const entries = Array.from({ length: count }, (_, k): [string, number] => {
      const index = indices.data[begin + k] ?? -1;
      return [words[index] ?? '', values.data[begin + k] ?? Number.NaN];
    });
    return Object.fromEntries(entries);
  });
}

test('words are those of two letters, digits or underscores and more, in lower case', (t) => {
  t.deepEqual(wordsOf("Don't ask: A B2B e-mail_x, été 1992!\n"), ['don', 'ask', 'b2b', 'mail_x', 'été', '1992']);
  t.deepEqual(wordsOf(' . '), []);
});

// n = 4: idf = ln(5 / (1 + d)) + 1, which is 1 + ln(5/3) for d = 2, 1 + ln(5/2) for d = 1 and 1 + ln(5/4) for d = 3.
test('tf-idf has smooth idf and rows of length 1, as reckoned by hand', (t) => {
  const texts = ['red green red', 'green blue', 'green', 'blue sky'];
  const vocabulary = Vocabulary.of(texts);
  t.deepEqual(vocabulary.words, ['blue', 'green', 'red', 'sky']);
  t.deepEqual(vocabulary.documentFrequencies, [2, 3, 1, 1]);
  const [once, twice, thrice] = [1 + Math.log(5 / 2), 1 + Math.log(5 / 3), 1 + Math.log(5 / 4)];
  const length = (...weights: number[]): number => Math.sqrt(weights.reduce((sum, each) => sum + each * each, 0));
  const first = length(2 * once, thrice);
  const expected = [
    { red: (2 * once) / first, green: thrice / first },
    { blue: twice / length(twice, thrice), green: thrice / length(twice, thrice) },
    { green: 1 },
    { blue: twice / length(twice, once), sky: once / length(twice, once) },
  ];
  const rows = named(vocabulary, vocabulary.encode(texts));
  for (const [row, numbers] of expected.entries()) {
    t.deepEqual(Object.keys(rows[row] ?? {}).toSorted(), Object.keys(numbers).toSorted());
    for (const [word, value] of Object.entries(numbers))
      t.true(Math.abs((rows[row]?.[word] ?? 0) - value) < 1e-7, word);
  }
  // By a pocket calculator: 2 * 1.9162907 and 1.2231436 over 4.0229994.
  t.true(Math.abs((rows[0]?.red ?? 0) - 0.9526) < 1e-4 && Math.abs((rows[0]?.green ?? 0) - 0.304) < 1e-4);
});

test('a vocabulary knows nothing of texts that it was not made of', (t) => {
  const vocabulary = Vocabulary.of(['one two', 'two three'], { minDf: 2 });
  t.deepEqual(vocabulary.words, ['two']);
  const rows = named(vocabulary, vocabulary.encode(['two two four', 'four five', ''], { weights: 'counts' }));
  t.deepEqual(rows, [{ two: 2 }, {}, {}]);
});

test('wrong uses of a vocabulary are refused', (t) => {
  t.throws(() => Vocabulary.of(['a b'], {}), { code: 'INVALID_DATA', message: /None of the 1 texts/ });
  t.throws(() => Vocabulary.of(['one'], { minDf: 2 }), { code: 'INVALID_DATA', message: /smaller minDf/ });
  t.throws(() => Vocabulary.of(['one'], { minDf: 0 }), { code: 'INVALID_ARGUMENT' });
  t.throws(() => Vocabulary.of(['one'], { mindf: 1 } as never), { code: 'UNKNOWN_OPTION' });
  t.throws(() => Vocabulary.of(['one']).encode(['one'], { weights: 'binary' as never }), { code: 'INVALID_ARGUMENT' });
});

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'bilevel-texts-'));
  try {
    await body(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('a folder of texts has a folder for each class and a file for each text', (t) =>
  inFolder(async (folder) => {
    for (const group of ['sci.space', 'rec.autos']) await mkdir(join(folder, group));
    await writeFile(join(folder, 'sci.space', '2'), 'From: a@b\nSubject: moon\n\nThe moon');
    await writeFile(join(folder, 'sci.space', '10'), 'Subject: mars\r\n\r\nMars\r\n\r\nred');
    await writeFile(join(folder, 'rec.autos', '7'), Buffer.from('Caf\xe9 racer', 'latin1'));
    const kept = await loadTexts(`text:${folder}`);
    t.deepEqual(kept.classes, ['rec.autos', 'sci.space']);
    t.deepEqual([...kept.train.labels], [0, 1, 1]);
    t.deepEqual(kept.train.texts[0], 'Café racer');
    t.regex(kept.train.texts[2] ?? '', /^From: a@b/);
    t.is(kept.test.texts.length, 0);
    const stripped = await loadTexts(`text:${folder}`, { headers: 'strip' });
    t.deepEqual(stripped.train.texts, ['', 'Mars\r\n\r\nred', 'The moon']);
    const parts = await loadTexts(`text:${folder}`, { test: 0.4, seed: 3 });
    t.is(parts.test.texts.length, 1);
    t.deepEqual([...parts.train.texts, ...parts.test.texts].toSorted(), [...kept.train.texts].toSorted());
  }));

test('texts of a table, also of one without names of columns', (t) =>
  inFolder(async (folder) => {
    const rows = 'ham\t1\thello there\nspam\t2\tbuy "now"\nham\t3\tsee you\n';
    await writeFile(join(folder, 'bare.tsv'), rows.replaceAll('"', ''));
    const path = join(folder, 'bare.tsv');
    const columns = ['kind', 'number', 'words'];
    const bare = await loadTexts(path, { text: 'words', label: 'kind', columns });
    t.deepEqual(bare.train.texts, ['hello there', 'buy now', 'see you']);
    t.deepEqual(bare.classes, ['ham', 'spam']);
    t.deepEqual([...bare.train.labels], [0, 1, 0]);
    await writeFile(join(folder, 'named.csv'), 'kind,words\nham,"hello, there"\nspam,buy\n');
    const table = await loadTexts(join(folder, 'named.csv'), { text: 'words', label: 'kind' });
    t.deepEqual(table.train.texts, ['hello, there', 'buy']);
    await t.throwsAsync(loadTexts(join(folder, 'named.csv'), { text: 'word', label: 'kind' }), {
      code: 'INVALID_ARGUMENT',
      message: /words/,
    });
    await t.throwsAsync(loadTexts(join(folder, 'named.csv'), { text: 'words' }), {
      code: 'INVALID_ARGUMENT',
      message: /option label.*kind, words/,
    });
    await t.throwsAsync(loadTexts(path, { text: 'words', label: 'kind', columns: ['kind', 'words'] }), {
      code: 'INVALID_FILE',
      message: /option columns names 2/,
    });
  }));

test('wrong texts are refused', (t) =>
  inFolder(async (folder) => {
    await t.throwsAsync(loadTexts(`text:${folder}`), { code: 'INVALID_FILE', message: /texts in it/ });
    await mkdir(join(folder, 'only'));
    await writeFile(join(folder, 'only', '1'), 'one');
    await t.throwsAsync(loadTexts(`text:${folder}`), { code: 'INVALID_DATA', message: /one class alone/ });
    await t.throwsAsync(loadTexts('text:'), { code: 'INVALID_ARGUMENT', message: /text:DIR/ });
    await t.throwsAsync(loadTexts('mail.csv'), { code: 'INVALID_ARGUMENT', message: /option text/ });
    await t.throwsAsync(loadTexts(`text:${folder}/missing`), { code: 'NOT_FOUND' });
    await t.throwsAsync(loadTexts(`text:${folder}`, { label: 'x' }), { code: 'UNKNOWN_OPTION' });
    await t.throwsAsync(loadTexts(`text:${folder}`, { headers: 'no' as never }), { code: 'INVALID_ARGUMENT' });
    await t.throwsAsync(loadTexts(`text:${folder}`, { test: 1 }), { code: 'INVALID_ARGUMENT' });
  }));
