// The utility process: cleans labels, and keeps what is decided of them. The main process says what to do, and the page
// hears of it, asks for pictures and decides, over a port of its own.
import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Network } from 'bilevel';
import { cleanLabels, openReview } from 'bilevel/tasks';

const files = ['cleaned.csv', 'judged.csv', 'decisions.csv', 'report.html', 'network.onnx'];

let page;
let stopping = new AbortController();
/** The cleaning under way. */
let running = Promise.resolve();
let folder;
let review;

/** Does what may fail, which the page is told. */
async function attempt(action) {
  try {
    await action();
  } catch ({ code, message }) {
    page.postMessage(code === 'ABORTED' ? { type: 'stopped' } : { type: 'failed', code, message });
  }
}

async function clean({ settings, out, resume }) {
  folder = out;
  stopping = new AbortController();
  const { network } = settings;
  // A file says itself what images it takes.
  const shape = network.endsWith('.onnx') ? await shapeOf(network) : settings.shape;
  const { suspicious, samples, warnings } = await cleanLabels(
    { ...settings, ...(shape && { shape }) },
    {
      out,
      resume,
      signal: stopping.signal,
      onProgress: (progress) => page.postMessage({ type: 'progress', progress }),
    },
  );
  review = await openReview(out);
  page.postMessage({
    type: 'cleaned',
    suspicious,
    samples,
    warnings,
    classes: review.classes,
    review: review.samples.map((sample) => ({ ...sample, decision: review.decision(sample.index) })),
  });
}

async function shapeOf(path) {
  const [{ shape }] = (await Network.load(path)).inputs;
  return shape.slice(1).join(',');
}

async function save({ to }) {
  await review.save();
  const there = (await readdir(folder)).filter((name) => files.includes(name));
  for (const name of there) await copyFile(join(folder, name), join(to, name));
  page.postMessage({ type: 'saved', to, files: there });
}

const fromPage = {
  cancel: () => stopping.abort(),
  picture: ({ index }) => page.postMessage({ type: 'picture', index, picture: review.show(index) }),
  decide: async ({ index, decision }) => {
    await review.decide(index, decision);
    page.postMessage({ type: 'decided', index, decision });
  },
};

const fromMain = {
  clean: (given) => {
    running = attempt(() => clean(given));
  },
  save: (given) => attempt(() => save(given)),
  quit: async () => {
    stopping.abort();
    await running;
    process.exit();
  },
};

process.parentPort.on('message', ({ data, ports }) => {
  if (data.type !== 'page') return fromMain[data.type](data);
  [page] = ports;
  page.on('message', ({ data: asked }) => attempt(() => fromPage[asked.type](asked)));
  page.start();
});
