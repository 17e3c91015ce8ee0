// The site is built once, which takes TypeDoc some fifteen seconds.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { desktop, inBrowser, launch, phone } from '../support/chromium.js';

const run = promisify(execFile);
const site = mkdtempSync(join(tmpdir(), 'bilevel-site-'));
test.after.always(() => rmSync(site, { recursive: true }));

test.before('the site is built without a warning', async () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  const [command = '', ...args] = scripts.site.split('&& ').at(-1).split(' ');
  await run(join('node_modules/.bin', command), [...args, '--out', site]);
});

const pages = (): string[] =>
  readdirSync(site, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.html'));

/** Of a page: its anchors, and the files and anchors on this site that it names. */
function linksOf(page: string) {
  const html = readFileSync(join(site, page), 'utf8');
  const all = (pattern: RegExp) => [...html.matchAll(pattern)].map(([, text = '']) => text);
  return {
    ids: new Set(all(/\sid="([^"]*)"/g)),
    links: all(/\s(?:href|src)="([^"]*)"/g)
      .filter((link) => !/^(https?|mailto|data):/.test(link))
      .map((link) => {
        const [path = '', anchor] = decodeURI(link).split('#');
        return { link, file: path === '' ? page : normalize(join(dirname(page), path)), anchor };
      }),
  };
}

test('every guide is a page, and every link within the site leads somewhere', (t) => {
  const known = new Map(pages().map((page) => [page, linksOf(page)]));
  const guides = ['docs', 'docs/methods'].flatMap((folder) =>
    readdirSync(folder).filter((name) => name.endsWith('.md')),
  );
  const written = [...known.keys()].filter((page) => page.startsWith('documents/'));
  const groups = readFileSync('scripts/site/guides.mjs', 'utf8');
  t.deepEqual(
    guides.filter((name) => existsSync(join('docs', name)) && !groups.includes(`'docs/${name}'`)),
    [],
    'these guides are in no group of scripts/site/guides.mjs',
  );
  // And models, examples, bench, CONTRIBUTING and CHANGELOG.
  t.is(written.length, guides.length + 5);
  const broken = [...known].flatMap(([page, { links }]) =>
    links
      .filter(({ file, anchor }) => {
        const ids = known.get(file)?.ids;
        return !existsSync(join(site, file)) || (anchor && ids !== undefined && !ids.has(anchor));
      })
      .map(({ link }) => `${page}: ${link}`),
  );
  t.deepEqual(broken, []);
});

inBrowser('search finds a method and a guide, and no page is wider than a phone', async (t) => {
  const browser = await launch();
  t.teardown(() => browser.close());
  const page = await browser.newPage();
  const open = (name: string) => page.goto(pathToFileURL(join(site, name)).href);
  await page.setViewport(desktop);
  for (const [asked, found] of [
    ['stocbio', 'variables/bilevel.methods.stocbio.html'],
    ['poisoned', 'documents/Poisoned_training_data.html'],
  ] as const) {
    await open('index.html');
    await page.click('#tsd-search-trigger');
    await page.type('#tsd-search-input', asked);
    await page.waitForSelector(`#tsd-search-results a[href*="${found}"]`);
  }
  await page.setViewport(phone);
  const guides = ['Performance', 'ONNX_operators', 'Command_line', 'Methods', 'AID-CG'];
  for (const name of [
    'index.html',
    'classes/bilevel.Network.html',
    ...guides.map((each) => `documents/${each}.html`),
  ]) {
    await open(name);
    t.is(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0, name);
  }
});
