// Results of the steps as text with Markdown tables whose columns are aligned, so that they read well in a terminal
// too.
import { table } from '../scripts/pages.mjs';
import { contenders } from './contenders/index.mjs';
import { describeEnvironment } from './environment.mjs';
import { percent, short } from './statistics.mjs';

export const titles = {
  penalty: 'Penalty method: one Adam step on v along the gradient of f + gamma/2 |grad_v g|^2',
  sgd: 'First order: one SGD step on the mean cross-entropy',
};

/** Numbers texts from 1 in the order of their first use. */
export class Notes {
  #texts = [];
  mark(message) {
    const [text] = message.split('\n');
    if (!this.#texts.includes(text)) this.#texts.push(text);
    return `(${this.#texts.indexOf(text) + 1})`;
  }
  toString() {
    return this.#texts.map((text, i) => `${i + 1}. ${text}`).join('\n');
  }
}

const quantities = {
  value: 'the value',
  gradientNorm: 'the norm of the gradient',
  valueAfterUpdates: 'the value after five updates',
};

const wrongValue = ({ quantity, received, expected }) =>
  `${quantities[quantity]} is ${received.toPrecision(6)}, should be ${expected.toPrecision(6)}`;

/** Why a contender has no time. */
function excuse({ wrong, failed, slow, skipped }) {
  if (wrong) return ['wrong', wrongValue(wrong)];
  if (skipped) return ['not tried', failed];
  return slow ? [failed] : ['fails', failed];
}

function cell(result, baseline, notes) {
  if (result === undefined) return '–';
  if (result.median === undefined) {
    const [word, note] = excuse(result);
    return note ? `${word} ${notes.mark(note)}` : word;
  }
  const ratio = baseline && baseline !== result ? ` x${short(result.median / baseline.median)}` : '';
  return `${short(result.median)}${ratio}`;
}

/** The results of one step as `{ networks, names, find(network, contender) }`, probes left out of the names. */
export function casesOf(results, step) {
  const ofStep = results.filter((result) => result.step === step);
  const unique = (key) => [...new Set(ofStep.map((result) => result[key]))];
  return {
    networks: unique('network'),
    names: Object.keys(contenders).filter((name) => unique('contender').includes(name) && !contenders[name].probe),
    find: (network, name) => ofStep.find((result) => result.network === network && result.contender === name),
  };
}

const isPeer = (name) => contenders[name].yardstick === undefined;

/** The result of the fastest other package, if any was timed. */
export function fastestPeer({ names, find }, network) {
  const timed = names.filter(isPeer).map((name) => find(network, name));
  return timed.filter((result) => result?.median !== undefined).sort((a, b) => a.median - b.median)[0];
}

/**
 * The rate of the step, by the operations that its mathematics needs, over that of the matrix product timed beside it.
 */
function shareOf({ find }, network, name) {
  const [result, probe] = [name, contenders[name].yardstick].map((each) => find(network, each));
  if (result?.median === undefined || probe?.median === undefined) return undefined;
  const [rate, limit] = [result, probe].map(({ flops, median }) => flops / median / 1e6);
  return { gflop: result.flops / 1e9, rate, limit, share: rate / limit };
}

/** One line a network: bilevel, the fastest other package, and the machine's limit. */
function summary(cases) {
  const rows = cases.networks.flatMap((network) => {
    const own = cases.find(network, 'bilevel');
    if (own?.median === undefined) return [];
    const peer = fastestPeer(cases, network);
    const limit = shareOf(cases, network, 'bilevel');
    return [
      [
        network,
        short(own.median),
        ...(peer
          ? [
              short(peer.median),
              [contenders[peer.contender].label, peer.form].filter(Boolean).join(', '),
              `x${short(peer.median / own.median)}`,
            ]
          : ['–', '–', '–']),
        ...(limit
          ? [short(limit.gflop), short(limit.rate), short(limit.limit), percent(limit.share)]
          : ['–', '–', '–', '–']),
      ],
    ];
  });
  const head = ['network', 'bilevel', 'fastest other', 'which', 'ratio', 'Gflop', 'Gflop/s', 'limit', 'share'];
  return rows.length === 0 ? '' : table(head, rows);
}

/** Every contender's median, and over that of bilevel. */
function matrix(cases) {
  const { networks, names, find } = cases;
  const notes = new Notes();
  const rows = networks.map((network) => {
    const baseline = find(network, 'bilevel');
    return [network, ...names.map((name) => cell(find(network, name), baseline?.median && baseline, notes))];
  });
  const head = ['network', ...names.map((name) => contenders[name].label)];
  return [table(head, rows), notes.toString()].filter(Boolean).join('\n\n');
}

/** Spread and form of everything that was timed. */
function spreads(session) {
  const rows = session.results
    .filter(({ median }) => median !== undefined)
    .map(({ step, network, contender, form, median, min, max, repetitions, stepsPerRepetition }) => [
      step,
      network,
      contenders[contender].label,
      form ?? '',
      ...[median, min, max].map(short),
      `${repetitions} x ${stepsPerRepetition}`,
    ]);
  return table(['step', 'network', 'contender', 'form', 'median', 'smallest', 'largest', 'repetitions'], rows);
}

/** The sections of the report; `folded` ones hold what few readers look for. */
export function report(session) {
  const { results, options } = session;
  const preface = `${describeEnvironment(session.environment)}
Milliseconds a step: medians of up to ${options.repetitions} repetitions of ${options.seconds} s or one step, contenders in turn; x: times
bilevel's median. Limit: Gflop/s of a 2048 x 2048 matrix product timed in turn with the steps.`;
  const sections = Object.keys(titles).flatMap((step) => {
    const cases = casesOf(results, step);
    if (cases.networks.length === 0) return [];
    return [
      { title: titles[step], text: summary(cases) },
      { title: `${titles[step]}: every contender`, text: matrix(cases), folded: true },
    ];
  });
  return [{ text: preface }, ...sections, { title: 'Spread and form of all', text: spreads(session), folded: true }];
}

/** Sections for a terminal. */
export const plain = (sections) =>
  sections
    .filter(({ text }) => text)
    .map(({ title, text }) => (title ? `### ${title}\n\n${text}` : text))
    .join('\n\n');
