// Times steps of bilevel beside other engines; see README.md.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { chosen, positive, runCommand } from './command.mjs';
import { contenders } from './contenders/index.mjs';
import { secondDerivatives } from './derivatives/report.mjs';
import { measureAll } from './measure-all.mjs';
import { networks } from './networks.mjs';
import { steps } from './problem.mjs';
import { report } from './report.mjs';
import { buildTfjsNode, installPackages } from './set-up.mjs';

const help = {
  usage: `Usage: npm run bench -- [options]

Times training steps of bilevel beside other engines. Ctrl-C ends the run and prints what was measured by then.

  --networks LIST    of those in networks.mjs (all)
  --steps LIST       ${steps.join(',')} (both)
  --contenders LIST  of those in contenders/index.mjs (all, those in Python with --python)
  --python PATH      a Python with PyTorch and JAX, which are then compared with too; one with TensorFlow also serves
                     to build tfjs-node
  --reps N           timed repetitions of each contender (7); slow ones get at least 3
  --seconds S        length of a repetition, in whole steps (0.2)
  --limit S          most seconds that a contender gets to prepare, with what it compiles and the checked updates (60);
                     the slowest kinds in JavaScript get 40 % of it
  --no-derivatives   leave out the check of second derivatives`,
  options: {
    networks: { type: 'string' },
    steps: { type: 'string' },
    contenders: { type: 'string' },
    python: { type: 'string' },
    reps: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '0.2' },
    limit: { type: 'string', default: '60' },
    'no-derivatives': { type: 'boolean', default: false },
  },
  examples: `  npm run bench -- --networks mlp,lenet --steps penalty --contenders bilevel,jax-js
  npm run bench -- --python venv/bin/python --contenders bilevel,torch,jax --limit 120
  npm run bench -- --python venv/bin/python --write`,
};

function derivativesOf() {
  const output = execFileSync(process.execPath, [fileURLToPath(new URL('derivatives/index.mjs', import.meta.url))], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return JSON.parse(output);
}

/** The cases and contenders that the options name. */
function selectionOf(values) {
  const available = Object.keys(contenders).filter((name) => values.python || !contenders[name].python);
  const lacking = values.contenders?.split(',').find((name) => contenders[name]?.python && !values.python);
  if (lacking !== undefined) throw new Error(`${lacking} runs in Python: name one that has it with --python PATH`);
  const names = chosen('contenders', values.contenders, available);
  const yardsticks = names.flatMap((name) => contenders[name].yardstick ?? []);
  return {
    steps: chosen('steps', values.steps, steps),
    networks: chosen('networks', values.networks, Object.keys(networks)),
    names: [...new Set([...names, ...yardsticks])],
  };
}

async function measure(values) {
  const options = {
    seconds: positive('seconds', values.seconds),
    repetitions: positive('reps', values.reps),
    limit: positive('limit', values.limit),
  };
  const { python } = values;
  const selection = selectionOf(values);
  await installPackages();
  if (python && selection.names.includes('tfjs-node')) await buildTfjsNode(python);

  const interruption = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => interruption.abort());
  const results = await measureAll(selection, { ...options, python }, interruption.signal);
  const complete = !interruption.signal.aborted;
  const derivatives = complete && !values['no-derivatives'] ? derivativesOf() : undefined;
  const ownVersions = ({ contender, versions }) => (contenders[contender].option === 1 ? {} : versions);
  return { versions: Object.assign({}, ...results.map(ownVersions)), complete, options, results, derivatives };
}

await runCommand('steps', help, measure, (session) => [
  ...report(session),
  ...(session.derivatives ? [secondDerivatives(session.derivatives)] : []),
]);
