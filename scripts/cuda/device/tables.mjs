// Prints what the parts of device.sh have found: `node tables.mjs FOLDER`.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { table } from '../../pages.mjs';

const [folder] = process.argv.slice(2);

async function read(name) {
  try {
    return JSON.parse(await readFile(join(folder, `${name}.json`), 'utf8'));
  } catch {
    return {};
  }
}

const short = (x) => (x === undefined ? '' : Number(x).toPrecision(3));
const show = (title, head, rows) => console.log(`\n${title}\n\n${rows.length > 0 ? table(head, rows) : 'nothing'}`);

const results = await read('results');
const { name, library } = results.device ?? {};
console.log(`Device: ${name ?? 'none'}${library === undefined ? '' : `, ${library}`}`);
show(
  'Programs beside the processor',
  ['programs', 'same bits', 'largest distance', 'wrong', 'not repeated', 'devices made'],
  results.programs === undefined
    ? []
    : [
        [
          String(results.programs),
          String(results.sameBits),
          short(results.largestDistance),
          String(results.wrong.length),
          String(results.unrepeated.length),
          String(results.devicesMade ?? 0),
        ],
      ],
);

const { chains = [], copies = [], callMicroseconds } = await read('costs');
show(
  'Steps of small operations, each a kernel',
  ['operations', 'floats', 'us a step', 'us an operation', 'ms of the first run'],
  chains.map(({ operations, floats, microsecondsOfStep, firstMilliseconds }) => [
    String(operations),
    String(floats),
    short(microsecondsOfStep),
    short(microsecondsOfStep / operations),
    short(firstMilliseconds),
  ]),
);
show('A call of one step', ['us'], callMicroseconds === undefined ? [] : [[short(callMicroseconds)]]);
show(
  'Calls that copy an array there and back',
  ['KB', 'ms', 'GB/s'],
  copies.map(({ kilobytes, milliseconds, gigabytesPerSecond }) => [
    String(kilobytes),
    short(milliseconds),
    short(gigabytesPerSecond),
  ]),
);

const { instructions = [] } = await read('shapes');
show(
  'Products and convolutions of the networks, the twenty dearest of each precision',
  ['network', 'precision', 'instruction', 'detail', 'us', 'TFLOP/s'],
  ['float32', 'tf32'].flatMap((precision) =>
    instructions
      .filter((each) => each.precision === precision)
      .toSorted((a, b) => b.microseconds - a.microseconds)
      .slice(0, 20)
      .map(({ network, opcode, detail, microseconds, teraflops }) => [
        network,
        precision,
        opcode,
        detail.slice(0, 60),
        short(microseconds),
        short(teraflops),
      ]),
  ),
);

const { steps = [] } = await read('steps');
show(
  'Steps of networks',
  ['step', 'network', 'precision', 'ms', 'ms of the first run', 'relative error'],
  steps.map(({ step, network, precision, milliseconds, firstMilliseconds, error }) => [
    step,
    network,
    precision,
    short(milliseconds),
    short(firstMilliseconds),
    short(error),
  ]),
);

// 59,000 samples in batches of 200, 100 epochs, 20 steps of v for each batch.
const iterations = 295 * 100;
show(
  'Denoising of all of MNIST by mnist-cnn, extrapolated from its penalty step (an estimate: steps of u are not in it)',
  ['precision', 'minutes'],
  steps
    .filter(({ step, network }) => step === 'penalty' && network === 'mnist-cnn')
    .map(({ precision, milliseconds }) => [precision, short((iterations * 20 * milliseconds) / 60_000)]),
);
