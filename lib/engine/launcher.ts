/** Where launchers tell a process which of how many it is: those of Open MPI, MPICH, Flux, Slurm and Intel's MPI. */
const variables = [
  ['OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_SIZE', 'mpirun'],
  ['PMI_RANK', 'PMI_SIZE', 'mpirun'],
  ['FLUX_TASK_RANK', 'FLUX_JOB_SIZE', 'flux run'],
  ['PMIX_RANK', 'SLURM_STEP_NUM_TASKS', 'srun'],
  ['MPI_LOCALRANKID', 'MPI_LOCALNRANKS', 'mpirun'],
] as const;

export interface Launched {
  readonly rank: number;
  /** Of the processes that were started together, where that is told. */
  readonly size: number | undefined;
  /** The command that starts as many again: `mpirun -n 4`. */
  readonly command: string;
}

/** What a launcher has told this process; undefined where it was started alone. */
export function launched(environment: NodeJS.ProcessEnv = process.env): Launched | undefined {
  for (const [rankName, sizeName, launcher] of variables) {
    const [rank, size] = [integer(environment[rankName]), integer(environment[sizeName])];
    if (rank === undefined) continue;
    const starter = srunOf(rankName, environment) ?? launcher;
    return { rank, size, command: size === undefined ? starter : `${starter} -n ${size}` };
  }
  return undefined;
}

/** The srun that says by this variable which rank this is; MPICH's mpirun uses the same, even in a job of Slurm. */
function srunOf(rankName: string, environment: NodeJS.ProcessEnv): string | undefined {
  const { SLURM_MPI_TYPE: type = '', MPI_LOCALRANKID: ofMpirun } = environment;
  const isSrun = rankName.startsWith('PMI') && ofMpirun === undefined && /^pmi[\w.]*$/.test(type);
  return isSrun ? `srun --mpi=${type}` : undefined;
}

/** How many tasks Slurm started in one step, this process among them, that know nothing of each other. */
export function unrelatedTasks(environment: NodeJS.ProcessEnv = process.env): number | undefined {
  const tasks = integer(environment.SLURM_STEP_NUM_TASKS);
  return launched(environment) === undefined && tasks !== undefined && tasks > 1 ? tasks : undefined;
}

function integer(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
