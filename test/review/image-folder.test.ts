import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { encode } from 'fast-png';
import type { Browser, Page, Viewport } from 'puppeteer-core';
import { Random } from '../../lib/data/random.js';
import { DecisionsFile, readDecisions, reviewApp, serveLocally } from '../../lib/review/index.js';
import { reviewOf } from '../../lib/tasks/denoising/review.js';
import { desktop, hasBrowser, inBrowser, launch, phone } from '../support/chromium.js';
import { bilevel, errorOf } from '../support/command-line.js';

let browser: Browser | undefined;
let folder = '';

const classes = ['left', 'right'];
const wrong = ['left/6.png', 'right/31.png'];
const size = 8;

/** Images with a bright half, each in the folder of its side, but for two; and a run on them. */
test.before(async (t) => {
  folder = await mkdtemp(join(tmpdir(), 'bilevel-sides-'));
  if (hasBrowser) browser = await launch();
  const random = Random.fromSeed(1, 'sides');
  for (const name of classes) await mkdir(join(folder, 'sides', name), { recursive: true });
  for (let image = 0; image < 60; image++) {
    const side = image % 2;
    const inside = wrong.some((file) => file.endsWith(`/${image}.png`)) ? 1 - side : side;
    const data = Uint8Array.from({ length: size * size }, (_, pixel) => {
      const bright = Number(pixel % size >= size / 2) === inside ? 180 : 40;
      return bright + random.integer(60);
    });
    const path = join(folder, 'sides', classes[side] ?? '', `${image}.png`);
    await writeFile(path, encode({ width: size, height: size, channels: 1, depth: 8, data }));
  }
  const run = ['--data', `folder:${join(folder, 'sides')}`, '--augment', 'shift:1,fill:0.5', '--train-steps', '200'];
  const { status, stderr } = await bilevel('denoise', ...run, '--threads', '1', '--out', join(folder, 'run'), '--json');
  t.is(status, 0, stderr);
});

test.after.always(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

test('the images in the wrong folder are found, and told of by the names of their files', async (t) => {
  const judged = (await readFile(join(folder, 'run', 'judged.csv'), 'utf8')).trimEnd().split('\n');
  const suspicious = judged.filter((line) => line.split(',')[3] === 'yes').map((line) => line.split(',')[0]);
  t.deepEqual(suspicious.toSorted(), wrong);
  const review = await reviewOf(join(folder, 'run'), { below: 0.5, count: 10 });
  t.deepEqual(review.samples.map(({ name }) => name).toSorted(), ['31.png', '6.png']);
  const page = await readFile(join(folder, 'run', 'report.html'), 'utf8');
  t.true(page.includes('<dt>file</dt><dd>31.png</dd>') && !page.includes('right/31.png'));
});

test('a run that changes its images goes on with the same change alone', async (t) => {
  t.is((await bilevel('denoise', '--resume', join(folder, 'run'), '--json')).status, 0);
  const other = ['--data', `folder:${join(folder, 'sides')}`, '--train-steps', '200', '--augment', 'shift:2'];
  const refused = await bilevel('denoise', ...other, '--out', join(folder, 'run'), '--resume', '--json');
  const { code, message } = errorOf(refused);
  t.is(code, 'STATE_MISMATCH');
  t.regex(message, /task\.augment is "shift:1,fill:0\.5" there and "shift:2" here/);
});

async function withPage(t: ExecutionContext, url: string, viewport: Viewport, use: (page: Page) => Promise<void>) {
  const page = await (browser as Browser).newPage();
  page.on('pageerror', (error) => t.fail(String(error)));
  await page.setViewport(viewport);
  await page.goto(url);
  try {
    await use(page);
  } finally {
    await page.close();
  }
}

const widthOf = (page: Page): Promise<unknown> => page.evaluate('document.documentElement.scrollWidth');

for (const viewport of [desktop, phone]) {
  inBrowser(`its images are reviewed on a screen ${viewport.width} pixels wide`, async (t) => {
    const review = await reviewOf(join(folder, 'run'), { below: 0.5, count: 10 });
    const path = join(folder, `decisions-${viewport.width}.csv`);
    const served = await serveLocally(reviewApp(review, await DecisionsFile.open(path, review.classes)), 0);
    try {
      await withPage(t, served.url, viewport, async (page) => {
        await page.waitForFunction('document.querySelector("#shown img")?.complete', { timeout: 60_000 });
        t.is(await page.$eval('#shown img', (image) => image.naturalWidth), size);
        t.true((await page.$eval('#shown img', (image) => image.getBoundingClientRect().width)) >= 150);
        const [first, second] = review.samples;
        t.true((await page.$eval('#facts', (facts) => facts.textContent ?? '')).includes(first?.name ?? '?'));
        t.true(Number(await widthOf(page)) <= viewport.width);
        await page.click('#fix');
        await page.waitForFunction(`document.getElementById('heading').textContent === 'Sample ${second?.index}'`);
        await page.click('#drop');
        await page.waitForFunction(`document.getElementById('done').hidden === false`);
        const decided = [...(await readDecisions(path))];
        t.deepEqual(decided, [
          [first?.index, { decision: 'fix', label: first?.suggested }],
          [second?.index, { decision: 'drop' }],
        ]);
      });
    } finally {
      await served.close();
    }
  });

  inBrowser(`the page of the run fits a screen ${viewport.width} pixels wide`, async (t) => {
    await withPage(t, pathToFileURL(join(folder, 'run', 'report.html')).href, viewport, async (page) => {
      t.true(Number(await widthOf(page)) <= viewport.width);
      t.is((await page.$$('.card img')).length, 2);
      // What is wider than the screen is scrolled by itself, by the keyboard too.
      for (const table of await page.$$('.wide'))
        t.is(await table.evaluate((each) => each.getAttribute('tabindex')), '0');
    });
  });
}

inBrowser('what was decided holds in another round', async (t) => {
  const decisions = join(folder, `decisions-${desktop.width}.csv`);
  const run = ['--data', `folder:${join(folder, 'sides')}`, '--train-steps', '100', '--decisions', decisions];
  const { status, stdout, stderr } = await bilevel('denoise', ...run, '--out', join(folder, 'again'), '--json');
  t.is(status, 0, stderr);
  t.is(JSON.parse(stdout).decided, 2);
  const cleaned = (await readFile(join(folder, 'again', 'cleaned.csv'), 'utf8')).trimEnd().split('\n');
  t.is(cleaned.length, 1 + 59, 'one is fixed and one dropped');
});
