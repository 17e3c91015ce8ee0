import test from 'ava';
import { launched, unrelatedTasks } from '../../lib/engine/launcher.js';

test('a process knows the launcher that started it, and how to start as many again', (t) => {
  const of = (environment: NodeJS.ProcessEnv) => launched(environment);
  t.is(of({}), undefined);
  t.is(of({ OMPI_COMM_WORLD_RANK: 'x' }), undefined);
  const openMpi = { OMPI_COMM_WORLD_RANK: '1', OMPI_COMM_WORLD_SIZE: '4' };
  t.deepEqual(of(openMpi), { rank: 1, size: 4, command: 'mpirun -n 4' });
  // Slurm, which starts Open MPI by PMIx.
  const slurm = { PMIX_RANK: '0', SLURM_STEP_NUM_TASKS: '2' };
  t.deepEqual(of(slurm), { rank: 0, size: 2, command: 'srun -n 2' });
  t.is(of({ ...slurm, SLURM_MPI_TYPE: 'pmix_v4' })?.command, 'srun --mpi=pmix_v4 -n 2');
  t.is(of({ ...slurm, SLURM_MPI_TYPE: '$(rm)' })?.command, 'srun -n 2');
  // MPICH, started by Slurm or by its own mpirun in a job of Slurm.
  const mpich = { PMI_RANK: '1', PMI_SIZE: '2', SLURM_MPI_TYPE: 'pmi2', SLURM_STEP_NUM_TASKS: '1' };
  t.deepEqual(of(mpich), { rank: 1, size: 2, command: 'srun --mpi=pmi2 -n 2' });
  t.is(of({ ...mpich, MPI_LOCALRANKID: '1' })?.command, 'mpirun -n 2');
  t.deepEqual(of({ PMIX_RANK: '0' }), { rank: 0, size: undefined, command: 'srun' });
  t.is(of({ FLUX_TASK_RANK: '3', FLUX_JOB_SIZE: '8' })?.command, 'flux run -n 8');
});

test('tasks that Slurm starts without MPI are counted, and ranks are none of them', (t) => {
  t.is(unrelatedTasks({ SLURM_STEP_NUM_TASKS: '2', SLURM_PROCID: '0' }), 2);
  t.is(unrelatedTasks({ SLURM_STEP_NUM_TASKS: '1', SLURM_PROCID: '0' }), undefined);
  t.is(unrelatedTasks({ SLURM_STEP_NUM_TASKS: '2', PMIX_RANK: '0' }), undefined);
  t.is(unrelatedTasks({}), undefined);
});
