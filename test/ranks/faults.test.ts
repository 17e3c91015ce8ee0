// A rank that fails ends all, with one clear reason.
import { join } from 'node:path';
import test from 'ava';
import { endsAll, runRanks } from '../support/mpi.js';

const child = join(import.meta.dirname, 'children', 'fault.js');

for (const how of ['nothing', 'stops']) {
  test(`ranks add up, gather texts and end in peace: ${how}`, async (t) => {
    const ended = await runRanks(t, 3, [child, how]);
    if (ended === undefined) return;
    t.deepEqual({ status: ended.status, stdout: ended.stdout }, { status: 0, stdout: 'done\n' }, ended.stderr);
  });
}

const faults = {
  throws: /On rank 2 of 3 on .*cannot read its data/,
  hangs: /RANKS_LOST|waited 2 seconds for rank 2 on /,
  dies: /rank 2|process rank 2/,
  differs: /Rank 2 on \S+ differs from rank 0 on \S+ in the version: 2 instead of 1/,
};
for (const [fault, message] of Object.entries(faults)) {
  test(`the last rank ${fault}`, async (t) => {
    const ended = await runRanks(t, 3, [child, fault]);
    if (ended === undefined) return;
    t.not(ended.status, 0);
    if (endsAll || fault !== 'dies') t.regex(ended.stderr, message);
    t.notRegex(ended.stdout, /done/);
  });
}

test('a cost that is infinite for a row of one rank is an error on all', async (t) => {
  const ended = await runRanks(t, 3, [join(import.meta.dirname, 'children', 'diverge.js')]);
  if (ended === undefined) return;
  t.deepEqual(
    { status: ended.status, stdout: ended.stdout },
    { status: 0, stdout: 'NON_FINITE,NON_FINITE,NON_FINITE\n' },
    ended.stderr,
  );
});
