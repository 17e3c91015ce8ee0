import { existsSync } from 'node:fs';
import { env } from 'node:process';
import test from 'ava';
import puppeteer, { type Browser, type Viewport } from 'puppeteer-core';

const executablePath =
  env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

/**
 * Needs Chromium (Debian's package chromium; or CHROMIUM says where another one is); elsewhere it says that it was left
 * out.
 */
export const inBrowser = executablePath === undefined ? test.skip : test.serial;

/** A browser for the tests of a file, which end it. */
export function launch(): Promise<Browser> {
  if (executablePath === undefined) throw new RangeError('There is no Chromium.');
  return puppeteer.launch({ executablePath, args: ['--no-sandbox'], timeout: 120_000 });
}

export const hasBrowser = executablePath !== undefined;

export const desktop: Viewport = { width: 1100, height: 800 };
export const phone: Viewport = { width: 360, height: 740, isMobile: true, hasTouch: true };
