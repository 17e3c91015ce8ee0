// The page: asks the main process for dialogs, and talks to the process that trains over a port.
import { drawChart } from './chart.js';
import { Review } from './review.js';

const { desktop } = window;
const at = (id) => document.getElementById(id);

let port;
/** What the cleaning under way has told. */
let costs = [];
let rounds = [];

const titles = { logreg: 'linear', mlp: 'dense layers', lenet: 'convolutions' };

function option(value, text) {
  const made = document.createElement('option');
  made.value = value;
  made.textContent = text;
  return made;
}

const sizeOf = (shape) => {
  const [channels, height, width] = shape.split(',');
  return `${height} × ${width} pixels, ${channels === '1' ? 'grey' : 'in colour'}`;
};

function complain(text) {
  at('problem').textContent = text;
  at('problem').hidden = text === '';
}

function setRunning(running) {
  document.body.classList.toggle('running', running);
  for (const id of ['images', 'network', 'shape']) at(id).disabled = running;
  at('start').hidden = running;
  at('cancel').hidden = !running;
  at('cancel').disabled = false;
  if (running) at('go-on').hidden = true;
  at('shape').disabled = running || at('network').value === 'file';
}

const percent = (share) => `${(100 * share).toFixed(1)} %`;

function drawCosts() {
  const steps = Math.max(1, ...costs.map((each) => each.steps));
  const last = costs.length - 1;
  const lines = costs.map(({ points }, index) => ({ points, kind: index === last ? 'current' : 'before' }));
  drawChart(at('costs'), lines, {
    right: steps,
    xTicks: [0, steps / 2, steps],
    format: (tick) => String(+tick.toFixed(3)),
  });
  const now = costs.at(-1)?.points.at(-1)?.[1];
  at('cost-now').textContent = now === undefined ? '' : now.toFixed(3);
}

function drawRounds(count = 3) {
  // Those before are not told of again when a cleaning goes on.
  const done = rounds.at(-1)?.round ?? 0;
  at('rounds').replaceChildren(
    ...Array.from({ length: count }, (_, index) => {
      const item = document.createElement('li');
      item.textContent = `Round ${index + 1}`;
      item.className = index < done ? 'done' : index === done ? 'now' : '';
      return item;
    }),
  );
  const points = rounds.map(({ round, disagreeing }) => [round, disagreeing]);
  const axes = { right: count + 0.25, xTicks: Array.from({ length: count }, (_, index) => index + 1), format: percent };
  drawChart(at('shares'), [{ points, kind: 'current', dots: true }], axes);
  at('share-now').textContent = rounds.length === 0 ? '' : percent(rounds.at(-1).disagreeing);
}

function begin() {
  costs = [];
  rounds = [];
  complain('');
  for (const id of ['hint', 'review']) at(id).hidden = true;
  at('progress').hidden = false;
  at('status').textContent = 'Reading the images …';
  drawCosts();
  drawRounds();
  setRunning(true);
}

const told = {
  progress({ progress }) {
    if (progress.stage === 'round') {
      rounds.push(progress);
      drawRounds(progress.rounds);
      return;
    }
    const { training, step, steps, cost } = progress;
    costs[training - 1] ??= { steps, points: [] };
    costs[training - 1].points.push([step, cost]);
    at('status').textContent = `Network ${training}, step ${step} of ${steps}`;
    drawCosts();
  },
  cleaned({ suspicious, samples, warnings, classes, review: found }) {
    setRunning(false);
    at('status').textContent = `${suspicious} of ${samples} labels look wrong.`;
    complain(warnings.join(' '));
    review.open(classes, found);
    at('review').hidden = false;
    at('saved').textContent = '';
    at('review').scrollIntoView({ behavior: 'smooth' });
    at('samples').focus({ preventScroll: true });
  },
  stopped() {
    setRunning(false);
    at('status').textContent = 'Stopped. Finished rounds are kept.';
    at('go-on').hidden = false;
    at('go-on').textContent = 'Go on';
  },
  failed({ code, message }) {
    setRunning(false);
    at('progress').hidden = true;
    complain(code === undefined ? message : `${message} (${code})`);
  },
  picture: (sent) => review.setPicture(sent),
  decided: (sent) => review.setDecision(sent),
  saved({ to, files }) {
    at('saved').textContent = `Saved in ${to}: ${files.join(', ')}.`;
  },
};

const review = new Review((message) => port.postMessage(message));

window.addEventListener('message', ({ data, source, ports }) => {
  if (data !== 'port' || source !== window) return;
  [port] = ports;
  port.onmessage = ({ data: message }) => told[message.type](message);
  document.body.dataset.ready = 'true';
});

desktop.onEnded((code) => {
  told.failed({ message: `The process that trains has ended (${code}). Finished rounds are kept.` });
  at('review').hidden = true;
  at('go-on').hidden = false;
  at('go-on').textContent = 'Go on';
});

/** What the main process refuses is shown. */
const ask = (request) => request.catch(({ message }) => complain(message.replace(/^.*Error: /, '')));

at('images').addEventListener('click', async () => {
  const found = await desktop.chooseImages();
  if (found === undefined) return;
  at('images').querySelector('strong').textContent = found.name;
  at('images-path').textContent = found.path;
  at('start').disabled = false;
});

let network = '';
at('network').addEventListener('change', async () => {
  if (at('network').value === 'file') {
    const found = await desktop.chooseNetwork();
    if (found === undefined) at('network').value = network;
    else at('network').selectedOptions[0].textContent = found.name;
  }
  network = at('network').value;
  at('shape').disabled = network === 'file';
});

at('setup').addEventListener('submit', (event) => {
  event.preventDefault();
  begin();
  ask(desktop.clean({ network: at('network').value, shape: at('shape').value }));
});
at('go-on').addEventListener('click', () => {
  begin();
  ask(desktop.goOn());
});
at('cancel').addEventListener('click', () => {
  at('cancel').disabled = true;
  at('status').textContent = 'Stopping …';
  port.postMessage({ type: 'cancel' });
});
at('save').addEventListener('click', () => ask(desktop.save()));

const { networks, shapes, last } = await desktop.networks();
at('network').append(
  ...networks.map((each) => option(each, `${each}: ${titles[each]}`)),
  option('file', 'An ONNX file …'),
);
at('network').value = network = networks.at(-1);
at('shape').append(...shapes.map((shape) => option(shape, sizeOf(shape))));
at('go-on').hidden = last === undefined;
at('go-on').title = last ?? '';
