import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Browser, KeyInput, Page, Viewport } from 'puppeteer-core';
import { DecisionsFile, readDecisions, reviewApp, serveLocally } from '../../lib/review/index.js';
import { desktop, hasBrowser, inBrowser, launch, phone } from '../support/chromium.js';
import { attack, someReview } from '../support/review.js';
import { withTemporary } from '../support/temporary.js';

let browser: Browser | undefined;
test.before(async () => {
  if (hasBrowser) browser = await launch();
});
test.after.always(() => browser?.close());

interface Opened {
  readonly page: Page;
  readonly path: string;
  readonly stop: () => Promise<void>;
}

/** Opens the page, with every error of it as one of the test. */
async function open(
  t: ExecutionContext,
  viewport: Viewport,
  kind: 'pictures' | 'records',
  use: (opened: Opened) => Promise<void>,
): Promise<void> {
  await withTemporary(async (folder) => {
    const review = someReview(kind);
    const path = join(folder, 'decisions.csv');
    const served = await serveLocally(reviewApp(review, await DecisionsFile.open(path, review.classes)), 0);
    const page = await (browser as Browser).newPage();
    page.on('pageerror', (error) => t.fail(String(error)));
    await page.setViewport(viewport);
    await page.goto(served.url);
    await page.waitForSelector('body[data-ready]');
    try {
      await use({ page, path, stop: served.close });
    } finally {
      await page.close();
      await served.close();
    }
  });
}

const textOf = (page: Page, id: string): Promise<string> =>
  page.$eval(`#${id}`, (element) => element.textContent ?? '');

/** Waits until an expression is true in the page. */
const until = (page: Page, expression: string): Promise<unknown> =>
  page.waitForFunction(expression, { timeout: 60_000 });

const heading = (page: Page, text: string): Promise<unknown> =>
  until(page, `document.getElementById('heading').textContent === '${text}'`);

async function press(page: Page, key: KeyInput, shown: string): Promise<void> {
  await page.keyboard.press(key);
  await heading(page, shown);
}

inBrowser('samples are decided by keys alone, taken back, and are still decided in another tab', async (t) => {
  await open(t, desktop, 'pictures', async ({ page, path }) => {
    t.is(await textOf(page, 'heading'), 'Sample 7');
    await press(page, 'k', 'Sample 3');
    await press(page, 'f', 'Sample 9');
    await press(page, 'd', 'Sample 4');
    await press(page, 'u', 'Sample 9');
    await press(page, '1', 'Sample 4');
    t.deepEqual(
      [...(await readDecisions(path))],
      [
        [7, { decision: 'keep' }],
        [3, { decision: 'fix', label: 2 }],
        [9, { decision: 'fix', label: 1 }],
      ],
    );
    t.regex(await textOf(page, 'counts'), /^3 of 5 decided; saved in .*decisions\.csv$/);
    t.regex(await textOf(page, 'live'), /Sample 9 fixed to/);
    await press(page, 'ArrowLeft', 'Sample 9');
    t.regex(await textOf(page, 'standing'), /^fixed to/);
    await page.reload();
    await page.waitForSelector('body[data-ready]');
    t.is(await textOf(page, 'heading'), 'Sample 4');
  });
});

inBrowser('what is decided is not asked again', async (t) => {
  await open(t, desktop, 'pictures', async ({ page }) => {
    await press(page, 'k', 'Sample 3');
    await press(page, 'k', 'Sample 9');
    await press(page, 'ArrowLeft', 'Sample 3');
    await press(page, 'ArrowLeft', 'Sample 7');
    await press(page, 'd', 'Sample 9');
    await press(page, 'k', 'Sample 4');
    await press(page, 'k', 'Sample 8');
    await page.keyboard.press('k');
    await until(page, `document.getElementById('done').hidden === false`);
    t.regex(await textOf(page, 'counts'), /^5 of 5 decided/);
  });
});

inBrowser('every control is reached by Tab and has a name, and pictures have a text', async (t) => {
  await open(t, desktop, 'pictures', async ({ page }) => {
    await page.waitForSelector('#shown img');
    const reached: string[] = [];
    for (let step = 0; step < 12; step++) {
      await page.keyboard.press('Tab');
      reached.push(String(await page.evaluate('document.activeElement.id')));
    }
    for (const id of ['keep', 'fix', 'drop', 'labels', 'next']) t.true(reached.includes(id), id);
    const tree = JSON.stringify(await page.accessibility.snapshot({ interestingOnly: false }));
    for (const name of ['Other label', 'Samples decided', 'Image of sample 7, labelled rose'])
      t.true(tree.includes(name), name);
    // A button is pressed by the keyboard as any other.
    await page.focus('#drop');
    await press(page, 'Enter', 'Sample 3');
  });
});

inBrowser('names and cells from files stay text', async (t) => {
  await open(t, desktop, 'records', async ({ page }) => {
    await page.waitForSelector('#shown td');
    await press(page, 'k', 'Sample 3');
    await until(page, `document.querySelector('#shown td')?.textContent === 'flower 3'`);
    t.is(await page.title(), 'Review of flowers');
    t.true((await textOf(page, 'facts')).includes(attack));
    t.true((await textOf(page, 'shown')).includes(attack));
    t.is(await page.$('#shown img, #facts img, main script'), null);
  });
});

inBrowser('on a phone nothing is wider than the screen, and a finger does all', async (t) => {
  await open(t, phone, 'records', async ({ page, path }) => {
    await page.waitForSelector('#shown td');
    t.true(Number(await page.evaluate('document.documentElement.scrollWidth')) <= 360);
    const heights = await page.$$eval('button', (buttons) =>
      buttons.map((button) => button.getBoundingClientRect().height),
    );
    t.true(Math.min(...heights) >= 44);
    await page.tap('#fix');
    await heading(page, 'Sample 3');
    await page.select('#labels', '0');
    await heading(page, 'Sample 9');
    t.deepEqual(
      [...(await readDecisions(path))],
      [
        [7, { decision: 'fix', label: 1 }],
        [3, { decision: 'fix', label: 0 }],
      ],
    );
  });
});

inBrowser('a decision that does not reach the file is told of, and the sample stays', async (t) => {
  await open(t, desktop, 'pictures', async ({ page, path, stop }) => {
    await press(page, 'k', 'Sample 3');
    await stop();
    await page.keyboard.press('k');
    await until(page, `document.getElementById('problem').hidden === false`);
    t.regex(await textOf(page, 'problem'), /was not saved: .*still running/);
    t.is(await textOf(page, 'heading'), 'Sample 3');
    t.is((await readDecisions(path)).size, 1);
  });
});
