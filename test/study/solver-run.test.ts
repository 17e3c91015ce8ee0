import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { MethodReport } from '../../lib/solvers/index.js';
import { report } from '../../lib/study/solver-run.js';
import { testDevice } from '../support/devices.js';
import { openSmall } from '../support/solvers/runs.js';

const device = testDevice();
test.after.always(() => device.dispose());

test('the page of a run has its curves with labelled axes, its results and what f is', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bilevel-report-'));
  try {
    for (const [name, bends] of [
      ['penalty', true],
      ['aidCg', false],
    ] as const) {
      using solver = openSmall(name, { device, evaluateEvery: 2, response: { maxSteps: 5 } });
      const reports: MethodReport[] = [];
      for await (const each of solver.run({ iterations: 6 })) reports.push(each);
      const told = reports.map((each) => ({ ...each, 'accuracy <own>': 50 + each.iteration }));
      const own = {
        title: 'Weights & <labels>',
        units: { f: 'nats' },
        solver,
        columns: { 'accuracy <own>': 'accuracy, %' },
      };
      const path = await report(join(folder, name), told, own);
      t.is(path, join(folder, name, 'report.html'));
      t.deepEqual((await readdir(join(folder, name))).toSorted(), ['metrics.jsonl', 'report.html']);
      const page = await readFile(path, 'utf8');
      t.true(page.includes('Weights &amp; &lt;labels&gt;') && !page.includes('<labels>'));
      for (const text of ['f, nats', 'f(u, v*)', 'iteration', 'accuracy, %', 'lowest f(u, v*)', '|grad_v g|']) {
        t.true(page.includes(text), text);
      }
      t.false(/NaN|undefined|Infinity|<own>/.test(page));
      t.is(page.includes('Its v descends f as well'), bends);
      t.is((page.match(/<figure/g) ?? []).length, 5);
      const lines = (await readFile(join(folder, name, 'metrics.jsonl'), 'utf8')).trimEnd().split('\n');
      t.deepEqual(
        lines.map((line) => JSON.parse(line)),
        JSON.parse(JSON.stringify(told)),
      );
      await report(join(folder, name), reports.slice(0, 1));
      const short = await readFile(path, 'utf8');
      t.true(short.includes('Bilevel run') && !short.includes('lowest f(u, v*)'));
    }
    await t.throwsAsync(report(folder, []), { code: 'INVALID_ARGUMENT', message: /reports/ });
    await t.throwsAsync(report('', [] as never), { code: 'INVALID_ARGUMENT', message: /folder/ });
    await t.throwsAsync(report(folder, [{ f: 1 }] as never), { code: 'INVALID_ARGUMENT', message: /reports\[0\]/ });
    await writeFile(join(folder, 'file'), '');
    const one = [{ iteration: 1, wallMs: 1, f: 1, g: 2, lowerGradientNorm: 1, hypergradientNorm: 1 }] as never;
    await t.throwsAsync(report(folder, one, { titel: '' } as never), { code: 'UNKNOWN_OPTION' });
    await t.throwsAsync(report(join(folder, 'file'), one), { code: 'IO_ERROR' });
  } finally {
    await rm(folder, { recursive: true });
  }
});
