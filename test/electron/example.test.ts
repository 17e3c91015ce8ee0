import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import test from 'ava';
import { encode } from 'fast-png';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { Random } from '../../lib/data/random.js';
import { parseCsv } from '../../lib/data/tables/csv-table.js';
import {
  type Display,
  type Ended,
  hasElectron,
  inElectron,
  openDisplay,
  type Running,
  startApp,
} from '../support/electron.js';

/** examples/electron from its start to the files that it saves. */

const kinds = ['bar', 'disc', 'frame'] as const;
/** Images in the folder of another kind. */
const wrong = new Set([4, 17, 33, 47, 62, 80]);
const size = 28;

const isBright: Readonly<Record<(typeof kinds)[number], (x: number, y: number) => boolean>> = {
  bar: (x) => Math.abs(x) < 4,
  disc: (x, y) => x * x + y * y < 70,
  frame: (x, y) => Math.max(Math.abs(x), Math.abs(y)) > 9,
};

async function drawImages(folder: string): Promise<void> {
  const random = Random.fromSeed(1, 'kinds');
  for (const kind of kinds) await mkdir(join(folder, kind), { recursive: true });
  for (let image = 0; image < 90; image++) {
    const place = image % 3;
    const kind = kinds[wrong.has(image) ? (place + 1) % 3 : place] as (typeof kinds)[number];
    const [dx, dy] = [random.integer(5) - 2, random.integer(5) - 2];
    const data = Uint8Array.from({ length: size * size }, (_, pixel) => {
      const [x, y] = [(pixel % size) - 14 + dx, Math.floor(pixel / size) - 14 + dy];
      return (isBright[kind](x, y) ? 170 : 20) + random.integer(60);
    });
    const path = join(folder, kinds[place] as string, `${image}.png`);
    await writeFile(path, encode({ width: size, height: size, channels: 1, depth: 8, data }));
  }
}

let folder: string;
let display: Display;

test.before(async () => {
  if (!hasElectron) return;
  folder = await mkdtemp(join(tmpdir(), 'bilevel-example-'));
  display = await openDisplay();
  await drawImages(join(folder, 'images'));
  await cp('examples/electron', join(folder, 'app'), { recursive: true });
  await cp('test/electron/example-main.mjs', join(folder, 'app', 'test-main.mjs'));
  const { type, name } = JSON.parse(await readFile('examples/electron/package.json', 'utf8'));
  await writeFile(join(folder, 'app', 'package.json'), JSON.stringify({ name, type, main: 'test-main.mjs' }));
  await mkdir(join(folder, 'app', 'node_modules'));
  await symlink(resolve('.'), join(folder, 'app', 'node_modules', 'bilevel'));
  await mkdir(join(folder, 'saved'));
});

test.after.always(async () => {
  if (!hasElectron) return;
  display.close();
  await rm(folder, { recursive: true, force: true });
});

/** Uses the app as somebody in front of it would, and ends it by closing its window. */
async function using(use: (page: Page, app: Running) => Promise<void>): Promise<Ended> {
  const variables = {
    BILEVEL_IMAGES: join(folder, 'images'),
    BILEVEL_NETWORK: resolve('models/logreg.onnx'),
    BILEVEL_SAVED: join(folder, 'saved'),
    BILEVEL_USER_DATA: join(folder, 'user'),
  };
  const app = startApp(join(folder, 'app'), display, variables, ['--remote-debugging-port=0']);
  const [browserWSEndpoint = ''] = /ws:.*/.exec(await app.line(/DevTools listening on ws:/)) ?? [];
  const browser: Browser = await puppeteer.connect({ browserWSEndpoint, defaultViewport: null });
  const target = await browser.waitForTarget((each) => each.type() === 'page' && each.url().endsWith('index.html'));
  const page = (await target.page()) as Page;
  page.setDefaultTimeout(60_000);
  await page.waitForSelector('body[data-ready]');
  try {
    await use(page, app);
  } finally {
    await page.close();
    await browser.disconnect();
  }
  return app.ended;
}

const textOf = (page: Page, selector: string): Promise<string> =>
  page.$eval(selector, (element) => (element as unknown as { textContent: string }).textContent);
const until = (page: Page, id: string, text: string): Promise<unknown> =>
  page.waitForFunction(`document.getElementById('${id}').textContent.includes('${text}')`);

async function shoot(page: Page, name: string): Promise<void> {
  const { BILEVEL_SCREENSHOTS } = process.env;
  if (BILEVEL_SCREENSHOTS) await page.screenshot({ path: join(BILEVEL_SCREENSHOTS, `${name}.png`) });
}

inElectron('images are cleaned through a cancel, a crash and a restart, and then reviewed', async (t) => {
  const first = await using(async (page, app) => {
    t.is(await page.evaluate('typeof require + typeof process'), 'undefinedundefined');
    await shoot(page, 'start');
    await page.click('#images');
    await page.waitForSelector('#start:enabled');
    await page.select('#network', 'logreg');
    await page.select('#shape', '1,28,28');
    await page.click('#start');
    await page.waitForSelector('#rounds .done');
    await shoot(page, 'running');
    await page.click('#cancel');
    await until(page, 'status', 'Stopped');
    t.true(await page.$eval('#go-on', (button) => !(button as unknown as { hidden: boolean }).hidden));
    await page.click('#go-on');
    await until(page, 'status', 'Network');
    app.signal('SIGUSR2');
    await page.waitForSelector('#problem:not([hidden])');
    t.regex(await textOf(page, '#problem'), /has ended.*kept/);
    // Closing the window in the middle of a run.
    await page.click('#go-on');
    await until(page, 'status', 'Network');
  });
  t.deepEqual([first.status, first.signal], [0, null]);

  const second = await using(async (page) => {
    await page.click('#go-on');
    await page.waitForSelector('#review:not([hidden])');
    t.is(await page.$$eval('#costs polyline', (lines) => lines.length > 3), true);
    const count = await page.$$eval('#samples li', (cards) => cards.length);
    t.true(count >= wrong.size - 1);
    await page.waitForSelector('#picture[src^="data:image/png"]');
    await page.keyboard.press('f');
    await until(page, 'review-title', '1 of');
    await page.keyboard.press('k');
    await until(page, 'review-title', '2 of');
    await page.keyboard.press('d');
    await until(page, 'review-title', '3 of');
    await shoot(page, 'review');
    await page.click('#save');
    await until(page, 'saved', 'Saved in');
    await page.setViewport({ width: 380, height: 900 });
    t.true(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'));
    await shoot(page, 'narrow');
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'dark' }]);
    await page.setViewport({ width: 1180, height: 900 });
    await shoot(page, 'dark');
    const files = (await readdir(join(folder, 'saved'))).toSorted();
    t.deepEqual(files, ['cleaned.csv', 'decisions.csv', 'judged.csv', 'network.onnx', 'report.html']);
    const decisions = parseCsv(await readFile(join(folder, 'saved', 'decisions.csv')));
    t.deepEqual(decisions.columns.find(({ name }) => name === 'decision')?.cells, ['fix', 'keep', 'drop']);
    // What was fixed and kept is in, what was dropped or is undecided is out.
    t.is(parseCsv(await readFile(join(folder, 'saved', 'cleaned.csv'))).size, 90 - count + 2);
  });
  t.deepEqual([second.status, second.signal], [0, null]);
});

inElectron('a file of a network is taken as it is, and what does not fit is said', async (t) => {
  await using(async (page) => {
    await page.click('#images');
    await page.waitForSelector('#start:enabled');
    await page.select('#network', 'file');
    await page.waitForFunction("document.getElementById('network').selectedOptions[0].textContent === 'logreg.onnx'");
    await page.click('#start');
    await page.waitForSelector('#problem:not([hidden])');
    t.regex(await textOf(page, '#problem'), /10.*3 classes.*\(SHAPE_MISMATCH\)|3.*\(SHAPE_MISMATCH\)/);
    await shoot(page, 'problem');
  });
});
