import { SingleBar } from 'cli-progress';
import { formatDuration } from './output.js';

/** A progress bar on stderr where somebody watches, one line a tenth where the output goes to a file; silent on demand. */
export class Progress {
  readonly #silent: boolean;
  #bar: SingleBar | undefined;
  #name = '';
  #started = 0;
  #printed = 0;
  #firstDone = 0;

  constructor(silent: boolean) {
    this.#silent = silent;
  }

  /** Shows how far a stage is; a new name starts a new bar. */
  update(name: string, done: number, total: number, detail = ''): void {
    if (this.#silent) return;
    if (name !== this.#name) this.#begin(name, done, total);
    const elapsed = performance.now() - this.#started;
    const made = done - this.#firstDone;
    const left = made > 0 ? formatDuration((elapsed / made) * (total - done)) : '…';
    if (this.#bar) {
      this.#bar.update(done, { detail, left });
      return;
    }
    const tenth = Math.floor((10 * done) / total);
    if (tenth > this.#printed) console.error(`${name} ${10 * tenth} % ${detail} ${left} left`.replace(/ +/g, ' '));
    this.#printed = Math.max(this.#printed, tenth);
  }

  /** Ends the present bar and leaves it on the screen. */
  stop(): void {
    this.#bar?.stop();
    this.#bar = undefined;
    this.#name = '';
  }

  #begin(name: string, done: number, total: number): void {
    this.stop();
    this.#name = name;
    this.#started = performance.now();
    this.#firstDone = done;
    this.#printed = Math.floor((10 * done) / total);
    if (!process.stderr.isTTY) return;
    this.#bar = new SingleBar({
      format: `${name.padEnd(12)} {bar} {percentage} %  {detail}  {left} left`,
      barsize: 24,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      hideCursor: true,
      stream: process.stderr,
      fps: 10,
      gracefulExit: false,
    });
    this.#bar.start(total, done, { detail: '', left: '…' });
  }
}
