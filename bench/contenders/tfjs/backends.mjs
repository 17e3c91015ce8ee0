// Loading TensorFlow.js on one of its backends.
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import threads from 'node:worker_threads';

const require = createRequire(import.meta.url);

/** Of tfjs itself, by the names that contenders/index.mjs uses. */
const backendNames = { cpu: 'cpu', wasm: 'wasm', 'wasm-threads': 'wasm', node: 'tensorflow' };

/**
 * tfjs turns its threaded build off under Node, because it starts its workers from a blob URL, and takes at most half
 * as many threads as there are processors. This starts the workers from their source, and lets it take all.
 */
async function startThreads(tf, wasm) {
  const folder = path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json'));
  const module = path.join(folder, 'wasm-out', 'tfjs-backend-wasm-threaded-simd');
  const source = require(`${module}.worker.js`).wasmWorkerContents.replaceAll('\n', '\\n');
  class Worker extends threads.Worker {
    constructor() {
      super(source, { eval: true });
      this.unref();
    }
    postMessage(message, transfer) {
      super.postMessage(message?.cmd === 'load' ? { ...message, urlOrBlob: `${module}.js` } : message, transfer);
    }
  }
  require('node:worker_threads').Worker = Worker;
  const processors = os.cpus();
  require('node:os').cpus = () => [...processors, ...processors];
  await tf.env().getAsync('WASM_HAS_MULTITHREAD_SUPPORT');
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', true);
  wasm.setThreadsCount(os.availableParallelism());
}

function loadAddon() {
  try {
    require('@tensorflow/tfjs-node');
  } catch (cause) {
    throw new Error('its native addon is not built; bench/README.md says how', { cause });
  }
}

/** @param {'cpu' | 'wasm' | 'wasm-threads' | 'node'} backend */
export async function load(backend) {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  process.env.TF_NUM_INTRAOP_THREADS ??= String(os.availableParallelism());
  const tf = require('@tensorflow/tfjs');
  if (backend === 'node') loadAddon();
  if (backendNames[backend] === 'wasm') {
    const wasm = require('@tensorflow/tfjs-backend-wasm');
    if (backend === 'wasm-threads') await startThreads(tf, wasm);
  }
  if (!(await tf.setBackend(backendNames[backend]))) throw new Error(`tfjs has no backend ${backend}`);
  tf.enableProdMode();
  return tf;
}
