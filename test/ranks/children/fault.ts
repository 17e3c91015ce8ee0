// Ranks of which the last one does what the first argument says in the middle of their work.
import { Device, joinRanks } from '../../../lib/engine/index.js';

const [, , fault = ''] = process.argv;
const ranks = joinRanks({ timeoutSeconds: 2 });
if (ranks === undefined) throw new Error('no launcher');
using device = Device.cpu({ threads: 1, ranks });
const { threads } = device.info();
const isLast = ranks.rank === ranks.size - 1;
await ranks.requireSame({ 'the version': fault === 'differs' && isLast ? '2' : '1', 'the threads': String(threads) });
for (let step = 0; step < 20; step++) {
  if (step === 5 && isLast && fault === 'throws') throw new Error('cannot read its data');
  if (step === 5 && isLast && fault === 'hangs') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
  if (step === 5 && isLast && fault === 'dies') process.kill(process.pid, 'SIGKILL');
  const [sum] = await ranks.sum([ranks.rank + 1]);
  if (sum !== (ranks.size * (ranks.size + 1)) / 2) throw new Error(`the sum is ${sum}`);
}
const large = Array.from({ length: 100_003 }, (_, at) => at % 1000);
const sums = await ranks.sum(large);
if (sums.some((sum, at) => sum !== ranks.size * (at % 1000))) throw new Error('a sum of many is wrong');
if (
  (await ranks.gather(`of ${ranks.rank} ✓`)).join() !==
  Array.from({ length: ranks.size }, (_, rank) => `of ${rank} ✓`).join()
)
  throw new Error('texts are wrong');
if (fault === 'stops') {
  const own = new AbortController();
  const agreed = ranks.agreed(own.signal);
  if (isLast) own.abort(new Error('Ctrl-C'));
  if (agreed.aborted) throw new Error('stopped apart');
  await ranks.agree();
  if (!agreed.aborted) throw new Error('did not stop');
}
if (ranks.rank === 0) console.log('done');
