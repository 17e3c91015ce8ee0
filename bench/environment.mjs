// The machine that something was measured on, as it is kept with the results and told on the page.
import os from 'node:os';

export const loadNow = () => Number(os.loadavg()[0].toFixed(2));

/** Says on standard error when other work will disturb the figures. */
export function warnOfLoad() {
  const load = loadNow();
  if (load <= os.availableParallelism() / 4) return;
  console.error(`The load average is ${load}: other work will disturb the figures, most of all with several threads.`);
}

/** @param {{ start: number, end: number }} load averages before and after */
export const environmentOf = (load, versions) => ({
  date: new Date().toISOString(),
  cpu: os.cpus()[0]?.model.trim() ?? 'unknown processor',
  cores: os.availableParallelism(),
  memory: Math.round(os.totalmem() / 2 ** 30),
  platform: `${os.type()} ${os.arch()}`,
  node: process.versions.node,
  load,
  versions,
});

/** When, where and with what, in two lines. */
export function describeEnvironment({ cpu, cores, memory, load, node, platform, versions, date }) {
  const { engine, ...packages } = versions;
  const libraries = [
    `Node ${node}`,
    ...(engine
      ? [`${engine.library} (${engine.instructionSet}), ${engine.threads} thread${engine.threads === 1 ? '' : 's'}`]
      : []),
    ...Object.entries(packages).map(([name, version]) => `${name} ${version}`),
  ];
  return [
    `Measured ${date.slice(0, 16).replace('T', ' ')} UTC on ${cpu}, ${cores} cores, ${memory} GiB, ${platform}; load average`,
    `${load.start} before, ${load.end} after. ${libraries.join('; ')}.`,
  ].join('\n');
}
