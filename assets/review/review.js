// The page of `bilevel review`: one sample at a time, decided by a key or a button, and saved before the next one is shown.

const at = (id) => document.getElementById(id);

/** What the server tells: { title, file, classes, samples }; a sample is { index, name?, given, suggested, weight, decision }. */
let review;
let position = 0;
/** Positions in the order in which they were decided, for undo. */
const history = [];
let busy = false;

const titles = { keep: 'kept', fix: 'fixed', drop: 'dropped' };

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

const className = (label) => review.classes[label] ?? String(label);

function standingOf({ decision }) {
  if (decision === undefined) return '';
  const label = decision.decision === 'fix' ? ` to ${className(decision.label)}` : '';
  return `${titles[decision.decision]}${label}`;
}

function showSample(sample) {
  const { index, name, given, suggested, weight } = sample;
  at('heading').textContent = `Sample ${index}`;
  at('facts').replaceChildren(
    ...[
      ['given label', className(given)],
      ['suggested label', suggested === given ? 'the same' : className(suggested)],
      ['weight', weight > 0 && weight < 0.001 ? 'below 0.001' : weight.toFixed(3)],
      ...(name === undefined ? [] : [['file', name]]),
    ].flatMap(([name, value]) => [element('dt', name), element('dd', value)]),
  );
  at('shown').replaceChildren();
  contentOf(sample).then((content) => {
    // Whoever has moved on meanwhile sees another one.
    if (review.samples[position] !== sample) return;
    at('sample').classList.toggle('record', Array.isArray(content));
    at('shown').replaceChildren(
      Array.isArray(content)
        ? recordTable(content)
        : element('img', '', { src: content, alt: `Image of sample ${index}, labelled ${className(given)}` }),
    );
  }, complain);
  const standing = at('standing');
  standing.textContent = standingOf(sample);
  standing.className = sample.decision?.decision ?? '';
  at('keep').querySelector('small').textContent = className(given);
  at('fix').querySelector('small').textContent = className(suggested);
  at('fix').disabled = suggested === given;
  at('labels').value = '';
}

/** What is seen of a sample: a picture's address, or cells of a record. */
async function contentOf({ index }) {
  const response = await fetch(`samples/${index}`);
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

function complain(error) {
  at('problem').textContent = `The samples could not be loaded: ${error.message}. Is bilevel review still running?`;
  at('problem').hidden = false;
}

function recordTable(cells) {
  const table = element('table', '');
  for (const [column, cell] of cells) {
    const row = element('tr', '');
    row.append(element('th', column, { scope: 'row' }), element('td', cell));
    table.append(row);
  }
  return table;
}

function show() {
  const { samples } = review;
  const decided = samples.filter(({ decision }) => decision !== undefined).length;
  at('counts').textContent = `${decided} of ${samples.length} decided; saved in ${review.file}`;
  at('progress').max = Math.max(1, samples.length);
  at('progress').value = decided;
  const sample = samples[position];
  at('sample').hidden = sample === undefined;
  at('done').hidden = sample !== undefined;
  for (const id of ['keep', 'drop', 'labels', 'fix']) at(id).disabled = sample === undefined;
  if (sample !== undefined) showSample(sample);
  at('back').disabled = position === 0;
  at('next').disabled = sample === undefined;
  at('undo').disabled = history.length === 0;
}

function tell(text) {
  at('live').textContent = text;
}

/** Saves a decision, or with none takes back the one that there is. @returns whether it was saved */
async function save(sample, decision) {
  try {
    const response = await fetch('decisions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ index: sample.index, ...(decision ?? { decision: 'none' }) }),
    });
    if (!response.ok) throw new Error(await response.text());
    at('problem').hidden = true;
    sample.decision = decision;
    return true;
  } catch (error) {
    at('problem').textContent = `This decision was not saved: ${error.message}. Is bilevel review still running?`;
    at('problem').hidden = false;
    return false;
  }
}

async function decide(decision) {
  const sample = review.samples[position];
  if (busy || sample === undefined) return;
  busy = true;
  if (await save(sample, decision)) {
    history.push(position);
    const next = review.samples.findIndex((each, place) => place > position && each.decision === undefined);
    position = next < 0 ? review.samples.length : next;
    tell(`Sample ${sample.index} ${standingOf(sample)}.`);
    show();
    at(position < review.samples.length ? 'heading' : 'undo').focus();
  }
  busy = false;
}

async function undo() {
  const last = history.at(-1);
  if (busy || last === undefined) return;
  busy = true;
  if (await save(review.samples[last], undefined)) {
    history.pop();
    position = last;
    tell(`Sample ${review.samples[last].index}: taken back.`);
    show();
  }
  busy = false;
}

function move(step) {
  position = Math.min(Math.max(position + step, 0), review.samples.length);
  show();
}

const keep = () => decide({ decision: 'keep' });
const drop = () => decide({ decision: 'drop' });
const fixTo = (label) => (label === review.samples[position]?.given ? keep() : decide({ decision: 'fix', label }));

function fix() {
  const sample = review.samples[position];
  if (sample !== undefined && sample.suggested !== sample.given) fixTo(sample.suggested);
}

const keys = { k: keep, f: fix, d: drop, u: undo, arrowleft: () => move(-1), arrowright: () => move(1) };

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target === at('labels')) return;
  const key = event.key.toLowerCase();
  const digit = /^\d$/.test(key) ? Number(key) : undefined;
  if (digit !== undefined && digit < review.classes.length) fixTo(digit);
  else if (keys[key] !== undefined) keys[key]();
  else return;
  event.preventDefault();
}

async function begin() {
  const response = await fetch('samples');
  if (!response.ok) throw new Error(await response.text());
  review = await response.json();
  document.title = review.title;
  at('title').textContent = review.title;
  at('labels').replaceChildren(
    element('option', 'choose', { value: '' }),
    ...review.classes.map((name, label) => element('option', name, { value: String(label) })),
  );
  const first = review.samples.findIndex(({ decision }) => decision === undefined);
  position = first < 0 ? review.samples.length : first;
  for (const [id, action] of Object.entries({ keep, fix, drop, undo, back: () => move(-1), next: () => move(1) })) {
    at(id).addEventListener('click', action);
  }
  at('labels').addEventListener('change', ({ target }) => target.value !== '' && fixTo(Number(target.value)));
  document.addEventListener('keydown', onKey);
  show();
  document.body.dataset.ready = 'true';
}

begin().catch(complain);
