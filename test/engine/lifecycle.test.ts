import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import test from 'ava';

/** Each way in which a process or a worker can end, in a process of its own: never a signal, never a hang. */

interface Outcome {
  readonly code: number | null;
  readonly signal: string | null;
  readonly output: string;
  readonly errors: string;
}

async function run(child: string, parameters: readonly string[] = [], flags: readonly string[] = []): Promise<Outcome> {
  const file = fileURLToPath(new URL(`./children/${child}.js`, import.meta.url));
  const childProcess = spawn(process.execPath, [...flags, file, ...parameters], { timeout: 60_000 });
  let [output, errors] = ['', ''];
  childProcess.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  childProcess.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const [code, signal] = await once(childProcess, 'close');
  return { code, signal, output, errors };
}

test('a pending run keeps the process alive, an idle device does not', async (t) => {
  t.deepEqual(await run('pending-run'), { code: 0, signal: null, output: '100 steps, count 100\n', errors: '' });
});

test('process.exit during a run', async (t) => {
  t.deepEqual(await run('ending-run', ['exit']), { code: 7, signal: null, output: '', errors: '' });
});

test('the run has stopped at a whole step when exit listeners run', async (t) => {
  const outcome = await run('ending-run', ['exit-code-in-listener']);
  t.deepEqual(outcome, { code: 8, signal: null, output: 'whole step: true\n', errors: '' });
});

for (const way of ['throw', 'reject']) {
  test(`an uncaught exception during a run: ${way}`, async (t) => {
    const { code, signal, output, errors } = await run('ending-run', [way]);
    t.deepEqual({ code, signal, output }, { code: 1, signal: null, output: '' });
    t.regex(errors, /Error: (thrown|rejected) during a run/);
  });
}

test('objects that are garbage during their run, and after it', async (t) => {
  const outcome = await run('collected', [], ['--expose-gc']);
  t.deepEqual(outcome, { code: 0, signal: null, output: 'steps: 50, 50\ncollected: true\n', errors: '' });
});

test('a flush after runs whose tensors are garbage', async (t) => {
  const outcome = await run('flushed', [], ['--expose-gc']);
  t.deepEqual(outcome, { code: 0, signal: null, output: 'steps: 20\n', errors: '' });
});

(process.platform === 'linux' ? test : test.skip)(
  'a process that can start few threads computes with fewer, or is told so',
  async (t) => {
    const file = fileURLToPath(new URL('./children/few-threads.js', import.meta.url));
    // Stacks take address space; Node itself takes 0.9 GB of it.
    const child = spawn('sh', ['-c', `ulimit -v 1600000; exec "${process.execPath}" "${file}"`], { timeout: 60_000 });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    const [code, signal] = await once(child, 'close');
    t.deepEqual(
      { code, signal, output },
      { code: 0, signal: null, output: 'LIMIT_EXCEEDED for 256 threads\ncounted 20\n' },
    );
  },
);

test('workers that are terminated during runs', async (t) => {
  const outcome = await run('workers', ['terminate']);
  t.deepEqual(outcome, { code: 0, signal: null, output: 'main: 10\n'.repeat(3), errors: '' });
});

test('workers that call process.exit during runs', async (t) => {
  const outcome = await run('workers', ['exit']);
  t.deepEqual(outcome, { code: 0, signal: null, output: 'main: 10\n'.repeat(3), errors: '' });
});

test('workers that throw during runs', async (t) => {
  const { code, signal, output } = await run('workers', ['throw']);
  t.deepEqual({ code, signal }, { code: 0, signal: null });
  t.deepEqual(output, `${'error: thrown in a worker\n'.repeat(3)}main: 10\n`.repeat(3));
});

test('process.exit of the main thread while workers are running', async (t) => {
  t.deepEqual(await run('process-exit-with-workers'), { code: 9, signal: null, output: '', errors: '' });
});

test('an idle device takes no processor time', async (t) => {
  const { code, output } = await run('idle');
  const { busyMs, idleMs } = JSON.parse(output);
  t.is(code, 0);
  t.true(busyMs < idleMs / 4, output);
});

test('indices that change while a run uses them', async (t) => {
  t.deepEqual(await run('racing-indices'), { code: 0, signal: null, output: 'both: true\n', errors: '' });
});

interface Garbage {
  readonly perCall: number;
  readonly keptPerCall: number;
  readonly memoryGrowth: number;
  readonly count: number;
}

async function garbage(size: number, steps: number): Promise<Garbage> {
  const flags = ['--expose-gc', '--min-semi-space-size=64', '--max-semi-space-size=64'];
  const { output, errors } = await run('garbage', [String(size), String(steps)], flags);
  return JSON.parse(output || errors);
}

test('a call leaves a little garbage and keeps nothing, however large its tensors are and however many its steps', async (t) => {
  const small = await garbage(1, 1);
  for (const [size, steps] of [
    [1, 1],
    [100_000, 1],
    [1, 1000],
  ] as const) {
    const found = await garbage(size, steps);
    t.is(found.count, 10_000 * steps);
    t.true(found.perCall < 2500, `${found.perCall} bytes of garbage a call`);
    t.true(found.perCall < small.perCall + 500, `${found.perCall} bytes of garbage a call, not ${small.perCall}`);
    t.true(found.keptPerCall < 60, `${found.keptPerCall} bytes kept a call`);
    t.true(found.memoryGrowth < 100_000, `${found.memoryGrowth} bytes of tensors kept`);
  }
});
