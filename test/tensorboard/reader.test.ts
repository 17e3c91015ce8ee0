import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import test from 'ava';
import { Tensor, tensorBoard } from '../../lib/public/index.js';
import { withTemporary } from '../support/temporary.js';

const python = process.env.BILEVEL_PYTHON ?? 'python3';

/** What TensorBoard's own reader makes of the event files below a folder, as JSON. */
const script = `
import json, sys
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
from tensorboard.plugins.hparams import metadata
from tensorboard.util import tensor_util
multiplexer = EventMultiplexer(size_guidance={'tensors': 0}).AddRunsFromDirectory(sys.argv[1])
multiplexer.Reload()
runs = {}
for run in multiplexer.Runs():
    events = multiplexer.GetAccumulator(run)
    tags = {}
    for tag in events.Tags()['tensors']:
        plugin = events.SummaryMetadata(tag).plugin_data
        points = events.Tensors(tag)
        value = tensor_util.make_ndarray(points[-1].tensor_proto)
        last = value.item() if plugin.plugin_name == 'scalars' else list(value.shape)
        if plugin.plugin_name == 'images': last = [int(value[0]), int(value[1])]
        if tag == metadata.SESSION_START_INFO_TAG:
            last = {k: v.number_value for k, v in metadata.parse_session_start_info_plugin_data(plugin.content).hparams.items()}
        if tag == metadata.SESSION_END_INFO_TAG:
            last = metadata.parse_session_end_info_plugin_data(plugin.content).status
        tags[tag] = {'plugin': plugin.plugin_name, 'steps': [p.step for p in points], 'last': last}
    runs[run] = tags
print(json.dumps(runs))
`;

function hasTensorBoard(): boolean {
  try {
    execFileSync(python, ['-c', 'import tensorboard'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

test('TensorBoard reads the event files of a run that was gone on with', (t) =>
  withTemporary(async (folder) => {
    if (!hasTensorBoard()) {
      t.log(`skipped: ${python} has no tensorboard; BILEVEL_PYTHON names a Python that has`);
      t.pass();
      return;
    }
    const run = join(folder, 'method', 'seed-0');
    using first = await tensorBoard(run, { hyperparameters: { rate: 0.5 } });
    for (const step of [1, 2, 3]) first.scalars({ f: step, response: { f: 1 } }, step);
    first.histogram('u', Tensor.from([1, 2, 3]), 1);
    first.image('poison', Tensor.zeros([3, 4, 5]), 1);
    const second = await tensorBoard(run, { hyperparameters: { rate: 0.5 } });
    for (const step of [3, 4]) second.scalars({ f: 10 * step }, step);
    second.close();
    t.deepEqual(JSON.parse(execFileSync(python, ['-c', script, folder], { encoding: 'utf8', stdio: 'pipe' })), {
      [join('method', 'seed-0')]: {
        '_hparams_/session_start_info': { plugin: 'hparams', steps: [0, 0], last: { rate: 0.5 } },
        f: { plugin: 'scalars', steps: [1, 2, 3, 4], last: 40 },
        'response/f': { plugin: 'scalars', steps: [1, 2], last: 1 },
        u: { plugin: 'histograms', steps: [1], last: [60, 3] },
        poison: { plugin: 'images', steps: [1], last: [5, 4] },
        '_hparams_/session_end_info': { plugin: 'hparams', steps: [0], last: 1 },
      },
    });
  }));
