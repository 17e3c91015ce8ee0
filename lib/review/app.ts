import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Hono } from 'hono';
import { isRecord } from '../errors.js';
import { packageRoot } from '../package-root.js';
import { type DecisionsFile, decisionOf } from './decisions.js';
import type { Review } from './samples.js';

/** The page's files, by path, with their types. */
const assets: Readonly<Record<string, readonly [file: string, type: string]>> = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/review.css': ['review.css', 'text/css; charset=utf-8'],
  '/review.js': ['review.js', 'text/javascript; charset=utf-8'],
};

/** Nothing is loaded from elsewhere, and no other page may show this one. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'";

/**
 * Names under which a browser on this machine reaches us. Any other is a page of elsewhere whose name was made to lead
 * here.
 */
const isLocal = (host: string | undefined): boolean => /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host ?? '');

/** The pages and data of a review: what a browser asks for, answered from the samples and the file of decisions. */
export function reviewApp(review: Review, decisions: DecisionsFile): Hono {
  const known = new Map(review.samples.map((sample) => [sample.index, sample]));
  const app = new Hono();
  app.use(async (context, next) => {
    if (!isLocal(context.req.header('host'))) return context.text('Only this machine may ask.', 403);
    await next();
    context.header('content-security-policy', policy);
    context.header('x-content-type-options', 'nosniff');
    context.header('cache-control', 'no-store');
    return;
  });
  for (const [path, [file, type]] of Object.entries(assets)) {
    app.get(path, async (context) =>
      context.body(await readFile(join(packageRoot(), 'assets', 'review', file), 'utf8'), 200, {
        'content-type': type,
      }),
    );
  }
  app.get('/samples', (context) =>
    context.json({
      title: review.title,
      file: decisions.path,
      classes: review.classes,
      samples: review.samples.map((sample) => ({ ...sample, decision: decisions.get(sample.index) })),
    }),
  );
  app.get('/samples/:index', (context) => {
    const index = Number(context.req.param('index'));
    return known.has(index) ? context.json(review.show(index)) : context.text('There is no such sample here.', 404);
  });
  app.post('/decisions', async (context) => {
    // A page of elsewhere cannot send this type without being allowed to.
    if (context.req.header('content-type') !== 'application/json') return context.text('Expected JSON.', 415);
    const sent: unknown = await context.req.json().catch(() => undefined);
    const { index, decision, label } = isRecord(sent) ? sent : {};
    const made = decisionOf(decision, label);
    const fits = made?.decision !== 'fix' || made.label < review.classes.length;
    if (typeof index !== 'number' || !known.has(index) || !fits || (made === undefined && decision !== 'none')) {
      return context.text('Expected a sample of this review, and keep, fix with a label, drop or none.', 400);
    }
    await decisions.set(index, made);
    return context.body(null, 204);
  });
  app.onError((error, context) => context.text(error.message, 500));
  return app;
}
