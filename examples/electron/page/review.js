// The suspicious samples: a grid of pictures, and the one that is decided on.

const at = (id) => document.getElementById(id);
const marks = { keep: 'kept', fix: 'fixed', drop: 'dropped' };

export class Review {
  #send;
  #classes = [];
  #samples = [];
  #chosen = 0;
  /** Pictures are asked for when they come into view. */
  #seen = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      this.#seen.unobserve(target);
      this.#send({ type: 'picture', index: Number(target.dataset.index) });
    }
  });

  constructor(send) {
    this.#send = send;
    for (const id of ['keep', 'fix', 'drop', 'undo']) at(id).addEventListener('click', () => this.#act(id));
    at('other').addEventListener('change', () => this.#fixTo(Number(at('other').value)));
    document.addEventListener('keydown', (event) => this.#onKey(event));
  }

  open(classes, samples) {
    this.#classes = classes;
    this.#samples = samples;
    this.#seen.disconnect();
    at('other').replaceChildren(new Option('choose', ''), ...classes.map((name, label) => new Option(name, label)));
    at('samples').replaceChildren(...samples.map((sample, place) => this.#card(sample, place)));
    at('sample').hidden = samples.length === 0;
    const first = samples.findIndex(({ decision }) => decision === undefined);
    this.#choose(Math.max(first, 0));
    this.#count();
  }

  setPicture({ index, picture }) {
    const sample = this.#samples.find((each) => each.index === index);
    sample.picture = picture;
    this.#cardOf(sample).querySelector('img').src = picture;
    if (sample === this.#samples[this.#chosen]) at('picture').src = picture;
  }

  setDecision({ index, decision }) {
    const sample = this.#samples.find((each) => each.index === index);
    sample.decision = decision;
    this.#mark(sample);
    this.#count();
    if (sample !== this.#samples[this.#chosen]) return;
    const next = this.#samples.findIndex((each, place) => place > this.#chosen && each.decision === undefined);
    this.#choose(decision === undefined || next < 0 ? this.#chosen : next);
  }

  #card(sample, place) {
    const card = document.createElement('li');
    card.id = `sample-${sample.index}`;
    card.dataset.index = sample.index;
    card.setAttribute('role', 'option');
    const picture = document.createElement('img');
    picture.alt = '';
    const text = document.createElement('span');
    text.textContent = `${this.#classes[sample.given]} → ${this.#classes[sample.suggested]}`;
    card.append(picture, text);
    card.addEventListener('click', () => this.#choose(place));
    this.#mark(sample, card);
    this.#seen.observe(card);
    return card;
  }

  #cardOf = ({ index }) => at(`sample-${index}`);

  #mark(sample, card = this.#cardOf(sample)) {
    card.className = sample.decision?.decision ?? '';
    const text = card.querySelector('span').textContent;
    card.setAttribute('aria-label', `${text}${sample.decision ? `, ${marks[sample.decision.decision]}` : ''}`);
  }

  #count() {
    const decided = this.#samples.filter(({ decision }) => decision !== undefined).length;
    at('review-title').textContent = `${decided} of ${this.#samples.length} suspicious labels decided`;
    at('decided').max = Math.max(1, this.#samples.length);
    at('decided').value = decided;
  }

  #choose(place) {
    const sample = this.#samples[place];
    if (sample === undefined) return;
    for (const each of at('samples').querySelectorAll('[aria-selected=true]')) each.removeAttribute('aria-selected');
    this.#chosen = place;
    const card = this.#cardOf(sample);
    card.setAttribute('aria-selected', 'true');
    card.scrollIntoView({ block: 'nearest' });
    at('samples').setAttribute('aria-activedescendant', card.id);
    const [given, suggested] = [this.#classes[sample.given], this.#classes[sample.suggested]];
    const { decision } = sample;
    const facts = {
      file: sample.name ?? '',
      'given label': given,
      suggested,
      trust: sample.weight < 0.001 ? 'below 0.001' : sample.weight.toFixed(3),
      decision:
        decision === undefined
          ? 'none yet'
          : `${marks[decision.decision]}${decision.decision === 'fix' ? ` to ${this.#classes[decision.label]}` : ''}`,
    };
    at('facts').replaceChildren(
      ...Object.entries(facts).flatMap(([term, text]) =>
        ['dt', 'dd'].map((kind, index) =>
          Object.assign(document.createElement(kind), { textContent: [term, text][index] }),
        ),
      ),
    );
    if (sample.picture !== undefined) at('picture').src = sample.picture;
    else at('picture').removeAttribute('src');
    at('picture').alt = `Image ${sample.name ?? sample.index}, labelled ${given}`;
    at('keep').querySelector('small').textContent = `it is ${given}`;
    at('fix').querySelector('small').textContent = `it is ${suggested}`;
    at('undo').disabled = decision === undefined;
    at('other').value = '';
  }

  #act(what) {
    if (what === 'fix') this.#fixTo(this.#samples[this.#chosen]?.suggested);
    else this.#decide(what === 'undo' ? undefined : { decision: what });
  }

  #fixTo(label) {
    const isGiven = label === this.#samples[this.#chosen]?.given;
    this.#decide(isGiven ? { decision: 'keep' } : { decision: 'fix', label });
  }

  #decide(decision) {
    const sample = this.#samples[this.#chosen];
    if (sample !== undefined) this.#send({ type: 'decide', index: sample.index, decision });
  }

  #onKey(event) {
    if (
      at('review').hidden ||
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      event.target instanceof HTMLSelectElement
    )
      return;
    const columns = getComputedStyle(at('samples')).gridTemplateColumns.split(' ').length;
    const moves = { arrowleft: -1, arrowright: 1, arrowup: -columns, arrowdown: columns };
    const actions = { k: 'keep', f: 'fix', d: 'drop', u: 'undo' };
    const key = event.key.toLowerCase();
    if (actions[key] !== undefined) this.#act(actions[key]);
    else if (moves[key] !== undefined) this.#choose(this.#chosen + moves[key]);
    else return;
    event.preventDefault();
  }
}
