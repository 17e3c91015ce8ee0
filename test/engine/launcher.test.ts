import test from 'ava';
import { launched } from '../../lib/engine/launcher.js';

test('a process knows the launcher that started it, and how to start as many again', (t) => {
  const of = (environment: NodeJS.ProcessEnv) => launched(environment);
  t.is(of({}), undefined);
  t.is(of({ OMPI_COMM_WORLD_RANK: 'x' }), undefined);
  const openMpi = { OMPI_COMM_WORLD_RANK: '1', OMPI_COMM_WORLD_SIZE: '4' };
  t.deepEqual(of(openMpi), { rank: 1, size: 4, command: 'mpirun -n 4' });
  // Slurm, which starts Open MPI by PMIx.
  const slurm = { PMIX_RANK: '0', SLURM_STEP_NUM_TASKS: '2' };
  t.deepEqual(of(slurm), { rank: 0, size: 2, command: 'srun -n 2' });
  t.deepEqual(of({ PMIX_RANK: '0' }), { rank: 0, size: undefined, command: 'srun' });
  t.is(of({ FLUX_TASK_RANK: '3', FLUX_JOB_SIZE: '8' })?.command, 'flux run -n 8');
});
