// Penalty steps of growing size, and what their programs take.
import { availableParallelism } from 'node:os';
import { prepareStep } from '../contenders/bilevel.mjs';
import { dense, networks } from '../networks.mjs';
import { timeOf } from './timing.mjs';

async function timeStep(network, options, device) {
  const job = await prepareStep('penalty', network, device);
  try {
    return { ...(await timeOf(job.run, options)), flops: job.flops };
  } finally {
    job.dispose();
  }
}

const { model: _, ...mlp } = networks.mlp;
const { model: __, ...lenet } = networks.lenet;
const mlpOfWidth = (h) => ({ ...mlp, layers: [dense(784, h), dense(h, h), dense(h, 10)] });

/** Studies of one number each: what it is called, its values, and the network of each series at a value. */
const growth = {
  batch: {
    values: [1, 4, 16, 64, 200, 500, 1000],
    series: { mlp: (batch) => ({ ...mlp, batch }), lenet: (batch) => ({ ...lenet, batch }) },
  },
  width: {
    values: [16, 64, 256, 512, 1024, 2048],
    series: { '784-h-h-10, batch 200': mlpOfWidth },
  },
  upper: {
    values: [1e3, 1e4, 1e5, 1e6, 1e7],
    series: { 'a step of v (mlp-25)': (upperSize) => ({ ...networks['mlp-25'], upperSize }) },
  },
};

/** Milliseconds against the number, as `{ study, series, x, ... }`. */
async function* grow(study, options) {
  const { values, series } = growth[study];
  for (const [name, networkOf] of Object.entries(series)) {
    for (const x of values) yield { study, series: name, x, ...(await timeStep(networkOf(x), options)) };
  }
}

/** One thread, two, four and so on, up to all processors. */
async function* threads(options) {
  const all = availableParallelism();
  const counts = Array.from({ length: 31 }, (_, i) => 2 ** i).filter((count) => count < all);
  for (const series of ['mlp-25', 'mlp', 'lenet', 'conv4-28', 'conv4-84']) {
    for (const x of [...counts, all]) {
      yield { study: 'threads', series, x, ...(await timeStep(networks[series], options, { threads: x })) };
    }
  }
}

/** Of every network's step: the time from its statement to a program that is loaded, and the memory that this takes. */
async function* programs() {
  for (const [series, network] of Object.entries(networks)) {
    const { cost, compileMilliseconds, dispose } = await prepareStep('penalty', network);
    dispose();
    const { arenaBytes, liveBytes, bindingBytes, instructions } = cost;
    yield {
      study: 'programs',
      series,
      compileMilliseconds,
      arenaBytes,
      liveBytes,
      bindingBytes,
      instructions: instructions.length,
    };
  }
}

/** The programs first: what was compiled before is not compiled again. */
export const stepStudies = {
  programs,
  ...Object.fromEntries(Object.keys(growth).map((study) => [study, (options) => grow(study, options)])),
  threads,
};
