// Optimizes in a worker thread, while an HTTP server of this one tells how far it is: GET /progress is JSON, POST /stop
// ends the run. Asks itself until the end: node examples/server.mjs [ITERATIONS] [PORT]
import { createServer } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { bilevelProblem, evaluate, methods, respond, sets, Tensor } from 'bilevel';
import { Random } from 'bilevel/data';
import { add, constant, exp, matmul, mean, mul, reduceSum, square, sub } from 'bilevel/graph';

/** A weight decay for each of 20 features, of which 4 matter, from 30 samples to learn from and 30 to judge by. */
async function optimize(iterations) {
  const random = Random.fromSeed(4, 'regression');
  const normal = (count) => Array.from({ length: count }, () => random.normal());
  const rowsOf = (count) => {
    const x = normal(20 * count);
    const noise = normal(count);
    const y = noise.map((each, row) => 0.5 * each + 2 * x.slice(20 * row, 20 * row + 4).reduce((a, b) => a + b));
    return { x: constant(x, [count, 20]), y: constant(y, [count, 1]) };
  };
  const [train, validation] = [rowsOf(30), rowsOf(30)];
  const loss = (v, { x, y }) => mean(square(sub(matmul(x, v.weight), y)));
  const start = { decay: Tensor.from(new Float32Array(20).fill(-3), [20, 1]) };
  const problem = bilevelProblem({
    upper: start,
    lower: { weight: Tensor.zeros([20, 1]) },
    sets: { upper: { decay: sets.box(-7, 2) } },
    f: ({ v }) => loss(v, validation),
    g: ({ u, v }) => add(loss(v, train), reduceSum(mul(exp(u.decay), square(v.weight)))),
  });
  const { f: before } = await evaluate(problem, { u: start, v: (await respond(problem, start)).v });
  const stop = new AbortController();
  parentPort.on('message', () => stop.abort());
  const solver = methods.aidCg(problem, { upperOptimizer: 'adam', upperLearningRate: 0.1 }, { evaluateEvery: 10 });
  const onReport = ({ iteration, response }) =>
    response && parentPort.postMessage({ iteration, iterations, before, now: response.f });
  for await (const _ of solver.run({ iterations, onReport })) if (stop.signal.aborted) break;
  solver.dispose();
  parentPort.close();
}

if (!isMainThread) await optimize(workerData);
else {
  const worker = new Worker(new URL(import.meta.url), { workerData: Number(process.argv[2] ?? 200) });
  let [progress, isOver] = [{ iteration: 0 }, false];
  worker.on('message', (told) => (progress = told)).on('exit', () => (isOver = true));
  const server = createServer(({ method, url }, response) => {
    if (method === 'POST' && url === '/stop') worker.postMessage('stop');
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ ...progress, isOver }));
  }).listen(Number(process.argv[3] ?? 0), '127.0.0.1');
  await new Promise((listening) => server.on('listening', listening));
  const page = `http://127.0.0.1:${server.address().port}/progress`;
  console.log(`${page} tells how far it is`);
  for (let told = { isOver: false }; !told.isOver; await setTimeout(100)) told = await (await fetch(page)).json();
  const { iteration, before, now } = progress;
  console.log(
    `f(u, v*) ${before.toFixed(3)} without bilevel optimization, ${now.toFixed(3)} after ${iteration} steps of u`,
  );
  server.close();
  server.closeAllConnections();
}
