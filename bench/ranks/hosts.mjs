// Two hosts on one machine, joined by a slow link: network namespaces, whose packets a process of ours hands over.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('link.cpp', import.meta.url));
const hosts = [1, 2].map((number) => ({
  name: `bilevel${number}`,
  device: `bilevel-tun${number}`,
  address: `10.77.0.${number}`,
}));
const network = '10.77.0.0/24';

const run = (command, ...words) => execFileSync(command, words, { stdio: ['ignore', 'pipe', 'inherit'] });
const within = ({ name }, ...words) => run('ip', 'netns', 'exec', name, ...words);

/** Starts processes on the other host where MPI would use ssh: AGENT ADDRESS COMMAND... */
const agent = `#!/bin/sh
address=$1; shift
for host in ${hosts.map(({ name, address }) => `${name}=${address}`).join(' ')}; do
  [ "\${host#*=}" = "$address" ] && exec ip netns exec "\${host%=*}" unshare --uts sh -c "hostname \${host%=*}; $*"
done
exit 1
`;

/**
 * Needs root, /dev/net/tun, ip and g++.
 * @param {{ bitsPerSecond: number, seconds: number }} link of each way, and of a packet on its way
 * @returns how a command is started on both hosts with a rank each, and how they are removed
 */
export async function makeHosts({ bitsPerSecond, seconds }) {
  const folder = await mkdtemp(join(tmpdir(), 'bilevel-hosts-'));
  const program = join(folder, 'link');
  run('g++', '-O2', '-std=c++20', source, '-o', program);
  await writeFile(join(folder, 'agent'), agent, { mode: 0o755 });
  const link = spawn(program, [...hosts.map(({ device }) => device), String(bitsPerSecond), String(seconds)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const remove = async () => {
    link.kill();
    for (const { name } of hosts) run('ip', 'netns', 'del', name);
    await rm(folder, { recursive: true });
  };
  await Promise.race([
    once(link.stdout, 'data'),
    once(link, 'exit').then(([code]) => {
      throw new Error(`The link between the hosts did not start: exit status ${code}`);
    }),
  ]);
  // What a measurement that was killed has left.
  const left = run('ip', 'netns', 'list').toString();
  for (const { name } of hosts.filter((host) => left.split(/\s+/).includes(host.name))) run('ip', 'netns', 'del', name);
  for (const host of hosts) {
    run('ip', 'netns', 'add', host.name);
    run('ip', 'link', 'set', host.device, 'netns', host.name);
    within(host, 'ip', 'addr', 'add', `${host.address}/24`, 'dev', host.device);
    // Large packets, so that handing them over takes the processors little.
    within(host, 'ip', 'link', 'set', host.device, 'mtu', '9000', 'up');
    within(host, 'ip', 'link', 'set', 'lo', 'up');
  }
  const [first] = hosts;
  const settings = {
    plm_rsh_agent: join(folder, 'agent'),
    btl: 'tcp,self',
    btl_tcp_if_include: network,
    oob_tcp_if_include: network,
  };
  const launch = [
    'ip',
    'netns',
    'exec',
    first.name,
    'unshare',
    '--uts',
    'sh',
    '-c',
    `hostname ${first.name}; exec "$@"`,
    '-',
  ];
  const mpirun = [
    'mpirun',
    '--allow-run-as-root',
    '--bind-to',
    'core',
    '--host',
    hosts.map(({ address }) => address).join(),
  ];
  for (const [name, value] of Object.entries(settings)) mpirun.push('--mca', name, value);
  return { words: [...launch, ...mpirun], remove };
}
