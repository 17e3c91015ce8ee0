import { join } from 'node:path';
import test from 'ava';
import { DecisionsFile, reviewApp } from '../../lib/review/index.js';
import { pixel, someReview } from '../support/review.js';
import { withTemporary } from '../support/temporary.js';

const host = { host: 'localhost:8000' };
const json = { ...host, 'content-type': 'application/json' };

interface Served {
  readonly app: ReturnType<typeof reviewApp>;
  readonly decisions: DecisionsFile;
}

const withApp = (use: (served: Served) => Promise<void>): Promise<void> =>
  withTemporary(async (folder) => {
    const review = someReview();
    const decisions = await DecisionsFile.open(join(folder, 'decisions.csv'), review.classes);
    await use({ app: reviewApp(review, decisions), decisions });
  });

test('the page and what belongs to it come from here alone, and may load nothing from elsewhere', (t) =>
  withApp(async ({ app }) => {
    for (const [path, type, part] of [
      ['/', 'text/html', '<main>'],
      ['/review.css', 'text/css', ':root'],
      ['/review.js', 'text/javascript', 'fetch('],
    ] as const) {
      const response = await app.request(path, { headers: host });
      t.is(response.status, 200);
      t.true(response.headers.get('content-type')?.startsWith(type));
      const text = await response.text();
      t.true(text.includes(part));
      t.notRegex(text, /https?:/);
      t.regex(response.headers.get('content-security-policy') ?? '', /default-src 'none'/);
    }
    t.is((await app.request('/package.json', { headers: host })).status, 404);
    t.is((await app.request('/%2e%2e/package.json', { headers: host })).status, 404);
  }));

test('samples come with what was decided, and one by one with what is seen of them', (t) =>
  withApp(async ({ app, decisions }) => {
    await decisions.set(3, { decision: 'fix', label: 2 });
    const told = (await (await app.request('/samples', { headers: host })).json()) as { samples: object[] };
    t.like(told, { title: 'Review of flowers', file: decisions.path });
    t.deepEqual(told.samples[1], {
      index: 3,
      given: 1,
      suggested: 2,
      weight: 0.1,
      decision: { decision: 'fix', label: 2 },
    });
    t.deepEqual(await (await app.request('/samples/3', { headers: host })).json(), pixel);
    t.is((await app.request('/samples/5', { headers: host })).status, 404);
  }));

test('a decision is saved, taken back, and refused when it is none of this review', (t) =>
  withApp(async ({ app, decisions }) => {
    const send = async (body: string, headers: Record<string, string> = json): Promise<number> =>
      (await app.request('/decisions', { method: 'POST', headers, body })).status;
    t.is(await send('{"index":9,"decision":"drop"}'), 204);
    t.deepEqual(decisions.get(9), { decision: 'drop' });
    t.is(await send('{"index":9,"decision":"none"}'), 204);
    t.is(decisions.get(9), undefined);
    for (const body of [
      '{"index":5,"decision":"drop"}',
      '{"index":"9","decision":"drop"}',
      '{"index":9,"decision":"fix","label":3}',
      '{"index":9,"decision":"fix"}',
      '{"index":9,"decision":"burn"}',
      '[]',
      '{',
    ]) {
      t.is(await send(body), 400, body);
    }
    t.is(await send('{"index":9,"decision":"drop"}', { ...host, 'content-type': 'text/plain' }), 415);
    t.is(await send('{"index":9,"decision":"drop"}', { ...json, host: 'elsewhere.example' }), 403);
    t.is((await app.request('/samples', { headers: { host: 'elsewhere.example:8000' } })).status, 403);
    t.is(decisions.get(9), undefined);
  }));
