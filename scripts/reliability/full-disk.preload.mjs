// Loaded before the command line: the operation on a file that FAIL_AT counts fails as on a full disk, a write after it
// has written half, and so does every write after it. At the end the number of operations goes to COUNT_TO.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const failAt = Number(process.env.FAIL_AT ?? Number.POSITIVE_INFINITY);
let operations = 0;

const full = () => Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC', errno: -28 });
const isFull = () => ++operations >= failAt;

const { open, rename, mkdir } = fs.promises;
fs.promises.rename = async (...given) => {
  if (isFull()) throw full();
  return rename(...given);
};
fs.promises.mkdir = async (...given) => {
  if (isFull()) throw full();
  return mkdir(...given);
};
fs.promises.open = async (path, flags, ...rest) => {
  const writes = flags !== undefined && flags !== 'r';
  if (writes && isFull()) throw full();
  const handle = await open(path, flags, ...rest);
  if (!writes) return handle;
  for (const name of ['writeFile', 'appendFile']) {
    const write = handle[name].bind(handle);
    handle[name] = async (content) => {
      if (!isFull()) return write(content);
      const bytes = Buffer.from(content);
      await write(bytes.subarray(0, bytes.length >> 1));
      throw full();
    };
  }
  for (const name of ['sync', 'truncate']) {
    const act = handle[name].bind(handle);
    handle[name] = async (...given) => {
      if (isFull()) throw full();
      return act(...given);
    };
  }
  return handle;
};
syncBuiltinESMExports();

process.on('exit', () => {
  if (process.env.COUNT_TO !== undefined) fs.writeFileSync(process.env.COUNT_TO, String(operations));
});
