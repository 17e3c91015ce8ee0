// Times steps of bilevel beside other engines; see README.md.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { environmentOf, loadNow, warnOfLoad } from './environment.mjs';
import { buildTfjsNode, installPackages } from './set-up.mjs';

const usage = `Usage: npm run bench -- [options]

  --networks LIST    of those in networks.mjs (all)
  --steps LIST       sgd,penalty (both)
  --contenders LIST  of those in contenders/index.mjs (all, those in Python with --python)
  --python PATH      a Python with PyTorch and JAX, which are then compared with too; one with TensorFlow also serves
                     to build tfjs-node
  --reps N           timed repetitions of each contender (7); slow ones get at least 3
  --seconds S        length of a repetition, in whole steps (0.2)
  --limit S          most seconds that a contender gets to prepare, with what it compiles and the checked updates (60);
                     the slowest kinds in JavaScript get 40 % of it
  --no-derivatives   leave out the check of second derivatives
  --json             print the results as JSON in place of the tables
  --write            also renew the tables and charts in docs/performance.md
  --help             this text

Ctrl-C ends the run and prints what was measured by then. Results are kept as JSON in bench/results/, and those that are
written into docs/ in bench/history/.

Examples:
  npm run bench -- --networks mlp,lenet --steps penalty --contenders bilevel,jax-js
  npm run bench -- --python venv/bin/python --contenders bilevel,torch,jax --limit 120
  npm run bench -- --python venv/bin/python --write`;

function readOptions() {
  const { values } = parseArgs({
    options: {
      networks: { type: 'string' },
      steps: { type: 'string' },
      contenders: { type: 'string' },
      python: { type: 'string' },
      reps: { type: 'string', default: '7' },
      seconds: { type: 'string', default: '0.2' },
      limit: { type: 'string', default: '60' },
      'no-derivatives': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return values;
}

/** The names of a list, in the order of those that are known. */
function chosen(option, text, known) {
  const names = text === undefined ? known : text.split(',');
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`--${option} knows ${known.join(', ')} but not ${unknown}`);
  return known.filter((name) => names.includes(name));
}

function positive(option, text) {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${option} takes a positive number, not ${text}`);
  return value;
}

function derivativesOf() {
  const output = execFileSync(process.execPath, [fileURLToPath(new URL('derivatives/index.mjs', import.meta.url))], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return JSON.parse(output);
}

async function main() {
  const values = readOptions();
  if (values.help) return console.log(usage);
  await installPackages();
  const [{ contenders }, { networks }, { steps }, { measureAll }, { plain, report }, { secondDerivatives }, { save }] =
    await Promise.all([
      import('./contenders/index.mjs'),
      import('./networks.mjs'),
      import('./problem.mjs'),
      import('./measure-all.mjs'),
      import('./report.mjs'),
      import('./derivatives/report.mjs'),
      import('./results.mjs'),
    ]);
  const options = {
    seconds: positive('seconds', values.seconds),
    repetitions: positive('reps', values.reps),
    limit: positive('limit', values.limit),
    python: values.python,
  };
  const available = Object.keys(contenders).filter((name) => values.python || !contenders[name].python);
  const lacking = values.contenders?.split(',').find((name) => contenders[name]?.python && !values.python);
  if (lacking !== undefined) throw new Error(`${lacking} runs in Python: name one that has it with --python PATH`);
  const chosenNames = chosen('contenders', values.contenders, available);
  const yardsticks = chosenNames.flatMap((name) => contenders[name].yardstick ?? []);
  const selection = {
    steps: chosen('steps', values.steps, steps),
    networks: chosen('networks', values.networks, Object.keys(networks)),
    names: [...new Set([...chosenNames, ...yardsticks])],
  };
  if (values.python && selection.names.includes('tfjs-node')) await buildTfjsNode(values.python);

  const interruption = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => interruption.abort());
  warnOfLoad();
  const start = loadNow();
  const results = await measureAll(selection, options, interruption.signal);
  const complete = !interruption.signal.aborted;
  const derivatives = complete && !values['no-derivatives'] ? derivativesOf() : undefined;
  const ownVersions = ({ contender, versions }) => (contenders[contender].option === 1 ? {} : versions);
  const environment = environmentOf({ start, end: loadNow() }, Object.assign({}, ...results.map(ownVersions)));
  const { python: _, ...settings } = options;
  const session = { environment, options: settings, results, derivatives };
  const file = fileURLToPath(await save('results', 'steps', session));
  const sections = [...report(session), ...(derivatives ? [secondDerivatives(derivatives)] : [])];
  console.log(values.json ? JSON.stringify(session, null, 1) : plain(sections));
  console.error(`\nKept in ${file}${complete ? '' : ', as far as it came'}`);
  if (!values.write || !complete) return;
  await save('history', 'steps', session);
  const { renewPage } = await import('./page.mjs');
  await renewPage(['steps']);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
