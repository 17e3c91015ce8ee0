import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { DecisionsFile, readDecisions } from '../../lib/review/index.js';
import { attack } from '../support/review.js';
import { withTemporary } from '../support/temporary.js';

const classes = ['rose', attack];

test('each decision is in the file when it is made, the last one of a sample counts, and one that is taken back is gone', (t) =>
  withTemporary(async (folder) => {
    const path = join(folder, 'decisions.csv');
    const file = await DecisionsFile.open(path, classes);
    await Promise.all([
      file.set(7, { decision: 'keep' }),
      file.set(3, { decision: 'drop' }),
      file.set(3, { decision: 'fix', label: 1 }),
      file.set(9, { decision: 'drop' }),
    ]);
    await file.set(9, undefined);
    t.deepEqual(
      [...(await readDecisions(path))],
      [
        [7, { decision: 'keep' }],
        [3, { decision: 'fix', label: 1 }],
      ],
    );
    // A name from a file is no formula in a spreadsheet.
    t.regex(await readFile(path, 'utf8'), /^index,decision,label,class\n7,keep,,\n3,fix,1,"'=1/);
    const again = await DecisionsFile.open(path, classes);
    t.deepEqual(again.get(3), { decision: 'fix', label: 1 });
    t.is(again.get(9), undefined);
    // With the last decision taken back the file is still one of decisions.
    await again.set(3, undefined);
    await again.set(7, undefined);
    t.is((await readDecisions(path)).size, 0);
  }));

test('a decision that cannot be written is not made, and the next one can be', (t) =>
  withTemporary(async (folder) => {
    const file = await DecisionsFile.open(join(folder, 'nowhere', 'decisions.csv'), classes);
    await t.throwsAsync(file.set(1, { decision: 'keep' }), { code: 'IO_ERROR' });
    t.is(file.get(1), undefined);
    await t.throwsAsync(file.set(2, { decision: 'keep' }), { code: 'IO_ERROR' });
  }));

test('what is no table of decisions is refused with its entry', (t) =>
  withTemporary(async (folder) => {
    const path = join(folder, 'decisions.csv');
    const wrong = [
      'index,decision\nx,keep',
      'index,decision\n1,maybe',
      'index,decision,label\n1,fix,',
      'index\n1',
      '"a',
    ];
    for (const text of wrong) {
      await writeFile(path, text);
      await t.throwsAsync(readDecisions(path), { code: 'INVALID_FILE', message: /decisions\.csv/ }, text);
    }
    await writeFile(path, 'index,decision,label\n1,keep,\n2,fix,-1\n');
    await t.throwsAsync(readDecisions(path), { message: /in entry 2 of/ });
    await writeFile(path, '\ufeffindex,decision,label,class,remark\r\n4,fix,0,rose,by hand\r\n\r\n');
    t.deepEqual([...(await readDecisions(path))], [[4, { decision: 'fix', label: 0 }]]);
  }));
