import { SingleBar } from 'cli-progress';
import { formatDuration } from '../report/format.js';
import { printNote } from './print.js';

/** Between two lines about one stage where the output goes to a file. */
const lineEveryMs = 10_000;

/**
 * Shows on stderr how far a stage is: a bar where somebody watches; elsewhere a line when a stage ends, and now and
 * then during a long one. Silent on demand.
 */
export class Progress {
  readonly #silent: boolean;
  #bar: SingleBar | undefined;
  #name = '';
  #started = 0;
  #firstDone = 0;
  #printed = 0;

  constructor(silent: boolean) {
    this.#silent = silent;
  }

  /** Shows that `done` of `total` parts of a stage are done; a new name starts a new stage. */
  update(name: string, done: number, total: number, detail = ''): void {
    if (this.#silent) return;
    if (name !== this.#name) this.#begin(name, done, total);
    const time = this.#time(done, total);
    if (this.#bar) {
      this.#bar.update(done, { detail, time });
      return;
    }
    const now = performance.now();
    if (done < total && now - this.#printed < lineEveryMs) return;
    this.#printed = now;
    const parts = [name, `${Math.floor((100 * done) / total)} %`, time, detail];
    printNote(parts.filter((part) => part !== '').join('  '));
  }

  /** Ends the present bar and leaves it on the screen. */
  stop(): void {
    this.#bar?.stop();
    this.#bar = undefined;
    this.#name = '';
  }

  /**
   * What is left at the speed so far, at the end what it took. The first update only says where a resumed stage starts.
   */
  #time(done: number, total: number): string {
    const elapsed = performance.now() - this.#started;
    if (done >= total) return formatDuration(elapsed / 1000);
    const made = done - this.#firstDone;
    return made > 0 ? `${formatDuration(((elapsed / made) * (total - done)) / 1000)} left` : '';
  }

  #begin(name: string, done: number, total: number): void {
    this.stop();
    this.#name = name;
    this.#started = performance.now();
    this.#firstDone = done;
    this.#printed = this.#started;
    if (!process.stderr.isTTY) return;
    this.#bar = new SingleBar({
      format: `${name.padEnd(12)} {bar} {percentage} %  {time}  {detail}`,
      barsize: 24,
      autopadding: true,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      hideCursor: true,
      stream: process.stderr,
      fps: 10,
      gracefulExit: false,
    });
    this.#bar.start(total, done, { detail: '', time: '' });
  }
}
