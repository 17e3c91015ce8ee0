// For how long the phases of a problem hold up the event loop; see ../README.md.
import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Device } from '../../dist/lib/public/engine.js';
import { chosen, positive, runCommand } from '../command.mjs';
import { problems } from './problems.mjs';
import { eventLoopReport } from './report.mjs';

const names = Object.keys(problems);

const help = {
  usage: `Usage: npm run bench:event-loop -- [options]

Measures for how long loading, stating, constructing, running and saving hold up the event loop. --write needs all problems.

  --problems LIST    of ${names.join(',')} (all)
  --threads N        threads of the engine (one for every core)
  --reps N           processes for each (5)`,
  options: {
    problems: { type: 'string' },
    threads: { type: 'string', default: String(availableParallelism()) },
    reps: { type: 'string', default: '5' },
  },
};

async function measure(values) {
  const wanted = chosen('problems', values.problems, names);
  const repetitions = positive('reps', values.reps);
  const threads = positive('threads', values.threads);
  const phases = fileURLToPath(new URL('phases.mjs', import.meta.url));
  const runs = {};
  for (const name of wanted) {
    runs[name] = Array.from({ length: repetitions }, () =>
      JSON.parse(execFileSync(process.execPath, [phases, name, String(threads)])),
    );
    console.error(`${name}: done`);
  }
  const device = Device.cpu({ threads });
  const engine = device.info();
  device.dispose();
  return { versions: { engine }, complete: wanted.length === names.length, runs };
}

await runCommand('event-loop', help, measure, eventLoopReport);
