// The process of one contender on one case, seen from the parent.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { contenders } from './contenders/index.mjs';
import { describe } from './problem.mjs';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));

/** The share of the time to prepare in which a Python contender may begin to try a further form of itself. */
const formsShare = 0.4;

/**
 * What JAX compiled is kept, so that more forms can be tried within the limit the next time; PyTorch does so by itself.
 */
const caches = {
  JAX_COMPILATION_CACHE_DIR: path('results/jax-cache'),
  JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS: '0.5',
};

/** Program and arguments of a contender's process, which talks to this one in JSON, one message a line. */
export function command(name, step, network, options) {
  const { python: module, option } = contenders[name];
  if (module === undefined) return [process.execPath, path('worker.mjs'), name, step, network];
  return pythonCommand({ module, option, step, problem: describe(network) }, options);
}

/**
 * The same of a module of python/.
 * @param {{ module: string, option: string, step: string, problem: object }} work
 * @param {{ python: string, limit: number }} options the Python, and the seconds that it gets to prepare
 */
export function pythonCommand({ module, option, step, problem }, { python, limit }) {
  const settings = [availableParallelism(), formsShare * limit].map(String);
  return [python, path('python/worker.py'), module, option, step, JSON.stringify(problem), ...settings];
}

/** Why there is no reply once the signal was given. */
export const interrupted = 'interrupted';

export class Child {
  #process;
  #errors = '';

  /** @param {string[]} command program and arguments */
  constructor([program, ...args]) {
    // Detached, so that Ctrl-C reaches the parent alone, which then keeps what it has.
    const stdio = ['ignore', 'ignore', 'pipe', 'ipc'];
    this.#process = spawn(program, args, { stdio, detached: true, env: { ...process.env, ...caches } });
    this.#process.stderr.on('data', (text) => {
      this.#errors = (this.#errors + text).slice(-2000);
    });
  }

  /** The next message, or why there is none: then the process is ended. */
  async reply(seconds, signal) {
    let timer, abort;
    const outcome = await new Promise((resolve) => {
      timer = setTimeout(() => resolve({ failed: `more than ${seconds} s`, slow: true }), seconds * 1000);
      abort = () => resolve({ failed: interrupted });
      signal.addEventListener('abort', abort);
      if (signal.aborted) abort();
      this.#process.once('message', resolve);
      this.#process.once('error', ({ message }) => resolve({ failed: message }));
      this.#process.once('exit', (code, killer) =>
        resolve({ failed: `ended with ${killer ?? code}: ${this.#errors.trim().split('\n').at(-1)}` }),
      );
    });
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
    for (const event of ['message', 'error', 'exit']) this.#process.removeAllListeners(event);
    if (outcome.failed !== undefined) this.stop();
    return outcome;
  }

  async time(count, seconds, signal) {
    this.#process.send({ count });
    return this.reply(seconds, signal);
  }

  /** Ends the process and those that it started, such as compilers. */
  stop() {
    const { pid, exitCode, signalCode } = this.#process;
    if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, 'SIGKILL');
  }
}
