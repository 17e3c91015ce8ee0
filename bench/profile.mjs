// Where the time of a step goes: `node bench/profile.mjs penalty lenet [threads]` lists the instructions of the
// compiled step with the milliseconds that each took.
import { prepare } from './contenders/bilevel.mjs';

const [step, network, threads] = process.argv.slice(2);
const { profile } = await prepare(step, network, threads === undefined ? undefined : Number(threads));
console.log(await profile());
process.exit(0);
